// cli/mail_run.cc -- a verb over the stored mail of many accounts: a process for each of them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/mail_run.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <list>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hh"
#include "base/text.hh"

#include "cli/progress.hh"

namespace cli {

namespace {

using base::Errc;

constexpr std::size_t read_piece = 64U << 10U;

std::string one_line(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

// Root becomes the owner of the mail, for good.
base::Result<void> become_owner(const std::string& maildir) {
  if (::geteuid() != 0) {
    return {};
  }
  struct stat st {};
  if (::stat(maildir.c_str(), &st) != 0) {
    auto error = base::errno_error(maildir, errno);
    if (error.code == Errc::denied) {
      error.hint =
          "root is nobody on NFS (root_squash): run it as the mail user, by runuser -u USER";
    }
    return error;
  }
  if (st.st_uid == 0) {
    return base::make_error(Errc::denied, maildir + " belongs to root",
                            "give it to the mail user: mail is never written as root");
  }
  const gid_t group = st.st_gid;
  if (::setgroups(1, &group) != 0 || ::setresgid(group, group, group) != 0 ||
      ::setresuid(st.st_uid, st.st_uid, st.st_uid) != 0) {
    return base::errno_error("becoming the owner of " + maildir, errno);
  }
  return {};
}

class Child {
 public:
  Child(const MailAccount& account, pid_t pid, base::Fd fd)
      : account_(account), pid_(pid), fd_(std::move(fd)) {}

  // False at its end.
  bool read() {
    std::array<char, read_piece> room;
    const ssize_t got = ::read(fd_.get(), room.data(), room.size());
    if (got < 0 && errno == EINTR) {
      return true;
    }
    if (got <= 0) {
      return false;
    }
    text_.append(room.data(), static_cast<std::size_t>(got));
    std::size_t start = 0;
    for (std::size_t end = text_.find('\n'); end != std::string::npos;
         end = text_.find('\n', start)) {
      take(std::string_view(text_).substr(start, end - start));
      start = end + 1;
    }
    text_.erase(0, start);
    return true;
  }

  void wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    if (!has_ended_ && !result_.error) {
      result_.error = base::make_error(
          Errc::internal,
          WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status))
                              : "ended with code " + std::to_string(WEXITSTATUS(status)),
          "what was done so far is done; run it again");
    }
  }

  int fd() const { return fd_.get(); }
  double part() const {
    return total_ == 0 ? 0 : static_cast<double>(done_) / static_cast<double>(total_);
  }
  std::string told() const {
    return total_ == 0 ? "" : std::to_string(done_) + " of " + std::to_string(total_) + " mails  ";
  }
  const MailAccount& account() const { return account_; }
  const AccountResult& result() const { return result_; }

 private:
  void take(std::string_view line) {
    const std::string_view word = line.substr(0, line.find(' '));
    const std::string_view rest =
        line.size() > word.size() ? line.substr(word.size() + 1) : std::string_view();
    if (word == "progress") {
      const auto parts = base::split(rest, ' ');
      if (parts.size() == 2) {
        done_ = base::parse_number<std::uint64_t>(parts[0]).value_or(0);
        total_ = base::parse_number<std::uint64_t>(parts[1]).value_or(0);
      }
    } else if (word == "problem") {
      result_.problems.emplace_back(rest);
    } else if (word == "row") {
      take_row(rest);
    } else if (word == "fault") {
      if (const auto parts = base::split(rest, '\t'); parts.size() == 4) {
        result_.faults.push_back(
            {std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), parts[3] == "1"});
      }
    } else if (word == "error") {
      const auto parts = base::split(rest, '\t');
      const auto code =
          base::parse_number<int>(parts[0]).value_or(static_cast<int>(Errc::internal));
      result_.error =
          base::make_error(static_cast<Errc>(code), std::string(parts.size() > 1 ? parts[1] : ""),
                           std::string(parts.size() > 2 ? parts[2] : ""));
    } else if (word == "end") {
      has_ended_ = true;
    }
  }

  void take_row(std::string_view text) {
    const auto parts = base::split(text, '\t');
    MailRow row{std::string(parts[0]), {}};
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::size_t equals = parts[i].find('=');
      if (equals != std::string_view::npos) {
        row.numbers[std::string(parts[i].substr(0, equals))] =
            base::parse_number<std::uint64_t>(parts[i].substr(equals + 1)).value_or(0);
      }
    }
    result_.rows.push_back(std::move(row));
  }

  const MailAccount& account_;
  pid_t pid_;
  base::Fd fd_;
  std::string text_{};
  AccountResult result_{};
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  bool has_ended_ = false;
};

[[noreturn]] void be_child(const MailAccount& account, pid_t parent, int fd,
                           const AccountWork& work) {
  MailReport report(fd);
  auto done = become_owner(account.maildir);
  // After the change of user, which clears it. A run that is ended ends all of it.
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) {
    ::_exit(1);
  }
  if (done) {
    done = work(account, report);
  }
  if (!done) {
    report.error(done.error());
  }
  report.end();
  ::_exit(done ? 0 : 1);
}

base::Result<Child> start(const MailAccount& account, const AccountWork& work) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return base::errno_error("pipe", errno);
  }
  base::Fd reader(ends[0]);
  base::Fd writer(ends[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return base::errno_error("fork", errno);
  }
  if (pid == 0) {
    reader.reset();
    be_child(account, parent, writer.get(), work);
  }
  return Child(account, pid, std::move(reader));
}

void complain(Progress& progress, const MailAccount& account, const AccountResult& result) {
  std::string text;
  for (const std::string& problem : result.problems) {
    text += "posthouse: " + account.address + ": " + base::printable(problem, 1000) + "\n";
  }
  if (result.error) {
    text +=
        "posthouse: " + account.address + ": " + base::printable(result.error->detail, 1000) + "\n";
    if (!result.error->hint.empty()) {
      text += "  hint: " + base::printable(result.error->hint) + "\n";
    }
  }
  if (!text.empty()) {
    progress.clear();
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
  }
}

// Reads from all children; those that have ended go to `done`.
class Crew {
 public:
  Crew(const std::string& title, std::size_t accounts, const AccountDone& done)
      : progress_(title), accounts_(accounts), done_(done) {}

  std::size_t size() const { return children_.size(); }
  void add(Child child) { children_.push_back(std::move(child)); }
  std::size_t failed() const { return failed_; }
  base::Errc failure() const { return failure_; }

  void wait_for_some() {
    show();
    std::vector<pollfd> polled;
    for (const Child& child : children_) {
      polled.push_back({child.fd(), POLLIN, 0});
    }
    constexpr int redraw_ms = 200;
    if (::poll(polled.data(), polled.size(), redraw_ms) > 0) {
      std::size_t i = 0;
      for (auto child = children_.begin(); child != children_.end(); ++i) {
        const bool goes_on = polled[i].revents == 0 || child->read();
        if (goes_on) {
          ++child;
          continue;
        }
        end(*child);
        child = children_.erase(child);
      }
    }
  }

 private:
  void end(Child& child) {
    child.wait();
    ++ended_;
    const AccountResult& result = child.result();
    if (result.error || !result.problems.empty()) {
      ++failed_;
      failure_ = result.error ? result.error->code : Errc::corrupt;
    }
    complain(progress_, child.account(), result);
    progress_.clear();
    done_(child.account(), result);
  }

  void show() {
    auto part = static_cast<double>(ended_);
    for (const Child& child : children_) {
      part += child.part();
    }
    const Child& first = children_.front();
    std::string text = first.told();
    if (accounts_ > 1) {
      text = std::to_string(ended_) + " of " + std::to_string(accounts_) + " accounts  " + text;
    }
    progress_.show(part / static_cast<double>(accounts_), text + first.account().address);
  }

  Progress progress_;
  std::size_t accounts_;
  const AccountDone& done_;
  std::list<Child> children_{};
  std::size_t ended_ = 0;
  std::size_t failed_ = 0;
  base::Errc failure_ = Errc::corrupt;
};

}  // namespace

void MailReport::line(std::string text) {
  text += '\n';
  if (!base::write_all(fd_, text, "report")) {
    ::_exit(1);  // nobody listens any more
  }
}

void MailReport::progress(std::uint64_t done, std::uint64_t total) {
  line("progress " + std::to_string(done) + " " + std::to_string(total));
}

void MailReport::problem(const std::string& text) {
  line("problem " + one_line(text));
}

void MailReport::row(std::string_view label, const Numbers& numbers) {
  std::string text = "row " + one_line(label);
  for (const auto& [key, number] : numbers) {
    text += "\t" + key + "=" + std::to_string(number);
  }
  line(std::move(text));
}

void MailReport::fault(const maildir::Fault& fault) {
  line("fault " + fault.what + "\t" + one_line(fault.path) + "\t" + one_line(fault.detail) + "\t" +
       (fault.is_repaired ? "1" : "0"));
}

void MailReport::error(const base::Error& error) {
  line("error " + std::to_string(static_cast<int>(error.code)) + "\t" + one_line(error.detail) +
       "\t" + one_line(error.hint));
}

base::Result<void> run_accounts(const std::vector<MailAccount>& accounts, std::size_t jobs,
                                const std::string& title, const AccountWork& work,
                                const AccountDone& done) {
  Crew crew(title, accounts.size(), done);
  std::size_t next = 0;
  while (next < accounts.size() || crew.size() > 0) {
    while (next < accounts.size() && crew.size() < jobs) {
      auto child = start(accounts[next], work);
      if (!child) {
        return child.error();
      }
      ++next;
      crew.add(std::move(*child));
    }
    crew.wait_for_some();
  }
  if (crew.failed() == 0) {
    return {};
  }
  return base::make_error(crew.failure(), title + ": " + std::to_string(crew.failed()) + " of " +
                                              std::to_string(accounts.size()) +
                                              (accounts.size() == 1 ? " account" : " accounts") +
                                              " with problems, told above");
}

}  // namespace cli
