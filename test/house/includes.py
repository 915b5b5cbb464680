#!/usr/bin/env python3
# test/house/includes.py -- each foreign library is seen by its wrapper alone, time and disk by base.
# SPDX-License-Identifier: GPL-3.0-or-later
import re

from house import files, finish, read, room_of

# pattern in the code -> the files that may have it, and why nobody else does
ONLY = (
    (r"#\s*include <event2/", r"^base/loop/", "libevent is seen by base/loop alone"),
    (r"#\s*include <unbound", r"^base/loop/", "libunbound is seen by the resolver alone"),
    (r"#\s*include <lmdb\.h>", r"^base/lmdb\.(cc|hh)$", "LMDB is seen by base/lmdb alone"),
    (r"#\s*include <(ldap|lber)", r"^directory-lib/ldap_(call|parse|search|write)\.cc$", "OpenLDAP is seen by its wrapper alone"),
    (r"#\s*include <sqlite3\.h>", r"^base/sqlite\.(cc|hh)$", "SQLite is seen by its wrapper alone"),
    (r"#\s*include <gmime/", r"^mail-lib/mime[a-z_]*\.(cc|hh)$", "GMime is seen by mail-lib/mime alone"),
    (r"#\s*include <iconv\.h>", r"^mail-lib/charset\.cc$", "iconv is seen by mail-lib/charset alone"),
    (r"#\s*include <gumbo", r"^web-lib/safe_html", "gumbo is seen by web-lib/safe_html alone"),
    (r"#\s*include <libmilter/", r"^milter/face\.(cc|hh)$", "libmilter is seen by milter/face alone"),
    (r"#\s*include <simdjson", r"^base/json\.(cc|hh)$", "simdjson is seen by base/json alone"),
    (r"#\s*include <(crypt|argon2)\.h>", r"^directory-lib/password[a-z_]*\.cc$", "passwords are hashed in directory-lib/password alone"),
    (r"\btl::", r"^base/result\.hh$", "only base/result.hh says tl::"),
    (r"#\s*include <(config\.h|lib\.h|auth-common\.h|passdb\.h|userdb\.h|mail-storage)", r"^dovecot-plugin/compat/", "Dovecot's headers are seen by compat/ alone"),
    (r"(?<![\w.>:])(?:::|std::)?time\(\s*(nullptr|NULL|0|&)", r"^base/clock\.", "time comes from base::Clock"),
    (r"\b(system_clock|steady_clock)::now\(", r"^base/(clock|loop/)", "time comes from base::Clock"),
    (r"(?<![\w.>])::rename\(", r"^(base/|maildir-lib/)", "files are replaced by base/files.hh"),
    (r"\b(system|popen)\(", r"^$", "no shell with data in the command line"),
    (r"(?<!\()\bnew [A-Z]\w*[({]", r"^(dovecot-plugin|base/loop|milter)/", "owners are values or unique_ptr"),
)

findings = []
checked = 0
for name in files(".cc", ".hh", ".c", ".h"):
    if room_of(name) is None or name.endswith("_test.cc"):
        continue
    checked += 1
    code = re.sub(r"//[^\n]*|/\*.*?\*/", "", read(name), flags=re.S)
    code = re.sub(r"\(\s+", "(", code)
    code = re.sub(r'"(?:[^"\\\n]|\\.)*"', lambda m: m.group(0) if "#" in m.group(0) else '""', code)
    for pattern, allowed, why in ONLY:
        if re.search(pattern, code) and not re.search(allowed, name):
            findings.append(f"{name}: {why}")
finish(findings, checked)
