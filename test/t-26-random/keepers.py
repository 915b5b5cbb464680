# test/t-26-random/keepers.py -- Those who look after stored mail meanwhile: posthouse mail, killed now and then too.
# SPDX-License-Identifier: GPL-3.0-or-later
import random
import signal
import subprocess

from stage import Failed

# Verbs, as far as this house has them, with what makes them do as much as they can.
VERBS = {
    "compress": ("--older-than", "0s", "--larger-than", "1B"),
    "pack": ("--older-than", "0s", "--larger-than", "1B"),
    "unpack": (),
    "tier": (),
    "tier --back": (),
    "fsck": ("--repair",),
    "stat": (),
}
PATIENCE = 60


def furnish(stage, domain, users):
    """The directory has the accounts that Dovecot has, with the same homes; the verbs that there are."""
    stage.configure("directory", {"mail_root": stage.mail_root, "domain_hash": "none", "user_hash": "none"})
    # Packs of few mails, and many of them.
    tier = stage.scratch / "tier"
    stage.write("tier/posthouse-tier", "", user="vmail")
    stage.configure("mail", {"pack_least": "1B", "pack_size": "1M", "pack_folders": "", "tier_roots": tier,
                             "tier_older_than": "0s", "tier_larger_than": "1B"})
    stage.posthouse("domain", "add", domain)
    for user in users:
        stage.posthouse("user", "add", user, "--no-password")
    return [x for x in VERBS if stage.posthouse("mail", x.split()[0], "--help", ok=None).returncode == 0]


class Keeper:
    """Runs one verb after the other until the round is over."""

    def __init__(self, world, number):
        self.world = world
        self.draw = random.Random(f"{world.seed} {number} keeper")

    def whole(self):
        """One verb over all accounts to its end, so that a round begins with mail of every kind."""
        verb = self.draw.choice(self.world.verbs)
        done = self.world.stage.posthouse("mail", *verb.split(), "--all", *VERBS[verb], ok=None)
        self.world.counts.add(f"{verb} done")
        if done.returncode != 0:
            raise Failed(f"posthouse mail {verb} with nothing beside it ended with {done.returncode}: "
                         f"{(done.stdout + done.stderr)[-500:]}")

    def run(self):
        """Some end by themselves, some by kill -9."""
        while not self.world.over.wait(self.draw.random() * 0.2):
            verb = self.draw.choice(self.world.verbs)
            users = self.draw.choice([["--all"], *([x.user] for x in self.world.accounts)])
            level = ["--level", str(self.draw.choice((1, 3, 9)))] if verb == "compress" else []
            patience = self.draw.choice((PATIENCE, self.draw.random() * 0.3, self.draw.random() * 0.03)) * self.world.slow
            with subprocess.Popen([*self.world.wrapper(self.draw), "posthouse", "mail", *verb.split(), *users, *VERBS[verb], *level], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
                try:
                    text, _ = child.communicate(timeout=patience)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.communicate()
                    if patience == PATIENCE * self.world.slow:
                        raise Failed(f"posthouse mail {verb} {users} does not end") from None
                    self.world.counts.add(f"{verb} killed")
                    continue
            if child.returncode == 0:
                self.world.counts.add(f"{verb} run")
            elif child.returncode != -signal.SIGKILL:
                self.world.refused(f"posthouse {verb}: {text.strip()[-200:]}")
