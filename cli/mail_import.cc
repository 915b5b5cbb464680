// cli/mail_import.cc -- `posthouse mail import`: mail from an mbox file into a folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"
#include "base/text.hh"

#include "mail-lib/mbox.hh"
#include "maildir-lib/folder.hh"
#include "maildir-lib/import.hh"

#include "cli/mail_verbs.hh"

namespace cli {

namespace {

using base::Errc;

constexpr std::size_t read_piece = 1U << 20U;
constexpr mode_t folder_mode = 0700;

constexpr std::array<Column, 5> columns{{
    {"account", "Account"},
    {"folder", "Folder"},
    {"mails", "Mails", true},
    {"size", "Size", true},
    {"before", "Before", true},
}};

base::Result<mail::MboxQuoting> parse_quoting(const std::string& text) {
  if (text == "mboxrd") {
    return mail::MboxQuoting::mboxrd;
  }
  if (text == "mboxo") {
    return mail::MboxQuoting::mboxo;
  }
  if (text == "none") {
    return mail::MboxQuoting::none;
  }
  return base::make_error(Errc::malformed, "--quoting: " + base::printable(text, 40),
                          "mboxrd, mboxo or none");
}

maildir::Flags flags_of(const mail::MboxFlags& flags) {
  maildir::Flags out;
  out.system |= flags.is_seen ? maildir::flag_seen : 0U;
  out.system |= flags.is_answered ? maildir::flag_replied : 0U;
  out.system |= flags.is_flagged ? maildir::flag_flagged : 0U;
  out.system |= flags.is_draft ? maildir::flag_draft : 0U;
  out.system |= flags.is_deleted ? maildir::flag_trashed : 0U;
  return out;
}

struct Source {
  base::Fd fd;
  std::string name;
  mail::MboxQuoting quoting = mail::MboxQuoting::mboxrd;
  std::string folder;  // on disk
  maildir::ImportOptions options;
};

class Reading {
 public:
  Reading(std::string folder, const Source& source, MailReport& report)
      : folder_(std::move(folder)), source_(source), report_(report) {}

  base::Result<void> run() {
    struct stat st {};
    const auto total = ::fstat(source_.fd.get(), &st) == 0 && S_ISREG(st.st_mode)
                           ? static_cast<std::uint64_t>(st.st_size)
                           : 0;
    if (auto ready = make_folder(); !ready) {
      return ready;
    }
    auto import = maildir::Import::open(folder_, source_.options);
    if (!import) {
      return import.error();
    }
    mail::MboxReader reader(source_.quoting);
    std::string room(read_piece, '\0');
    std::vector<mail::MboxMail> mails;
    std::uint64_t taken = 0;
    for (;;) {
      const ssize_t got = ::read(source_.fd.get(), room.data(), room.size());
      if (got < 0 && errno == EINTR) {
        continue;
      }
      if (got < 0) {
        return base::errno_error(source_.name, errno);
      }
      const std::string_view text(room.data(), static_cast<std::size_t>(got));
      const bool is_mbox = got == 0 ? reader.finish(mails) : reader.read(text, mails);
      if (!is_mbox) {
        return base::make_error(Errc::malformed,
                                source_.name + " is no mbox: it does not begin with a From_ line");
      }
      if (auto done = store(*import, mails); !done) {
        return done;
      }
      if (got == 0) {
        return import->finish();
      }
      taken += text.size();
      report_.progress(taken, total);
    }
  }

  Numbers numbers() const { return {{"mails", mails_}, {"size", octets_}, {"before", before_}}; }

 private:
  base::Result<void> make_folder() const {
    if (source_.options.is_rehearsal) {
      return {};
    }
    for (const char* part : {"", "/cur", "/new", "/tmp"}) {
      const std::string path = folder_ + part;
      if (::mkdir(path.c_str(), folder_mode) != 0 && errno != EEXIST) {
        return base::errno_error(path, errno);
      }
    }
    return {};
  }

  base::Result<void> store(maildir::Import& import, std::vector<mail::MboxMail>& mails) {
    for (const mail::MboxMail& mail : mails) {
      const auto stored = import.store(mail.octets, mail.received, flags_of(mail.flags));
      if (!stored) {
        return stored.error();
      }
      mails_ += *stored ? 1 : 0;
      octets_ += *stored ? mail.octets.size() : 0;
      before_ += *stored ? 0 : 1;
    }
    mails.clear();
    return {};
  }

  std::string folder_;
  const Source& source_;
  MailReport& report_;
  std::uint64_t mails_ = 0;
  std::uint64_t octets_ = 0;
  std::uint64_t before_ = 0;
};

base::Result<Source> source_of(const Call& call) {
  const auto file = call.arguments.value("mbox");
  if (!file) {
    return base::make_error(Errc::malformed, "no file is named", "--mbox FILE");
  }
  auto quoting = parse_quoting(call.arguments.value("quoting").value_or("mboxrd"));
  if (!quoting) {
    return quoting.error();
  }
  const std::string name = call.arguments.value("folder").value_or("INBOX");
  std::vector<std::string> levels;
  for (const std::string_view level : base::split(name, '/')) {
    levels.emplace_back(level);
  }
  auto folder = maildir::disk_name_of(levels);
  if (!folder) {
    return folder.error();
  }
  // Opened by whoever called; what reads it is the owner of the mail.
  auto fd = base::open_file(*file, O_RDONLY);
  if (!fd) {
    return fd.error();
  }
  return Source{std::move(*fd),
                *file,
                *quoting,
                std::move(*folder),
                {call.arguments.has("dry-run"), call.arguments.has("again")}};
}

}  // namespace

base::Result<void> mail_import(Call& call) {
  const auto source = source_of(call);
  if (!source) {
    return source.error();
  }
  const auto accounts = choose_accounts(call);
  if (!accounts) {
    return accounts.error();
  }
  call.output.begin_list(columns);
  auto done = run_accounts(
      *accounts, 1, std::string(call.verb.name),
      [&source](const MailAccount& account, MailReport& report) -> base::Result<void> {
        Reading reading(
            source->folder.empty() ? account.maildir : account.maildir + "/" + source->folder,
            *source, report);
        auto imported = reading.run();
        report.row("", reading.numbers());
        return imported;
      },
      [&](const MailAccount& account, const AccountResult& result) {
        for (const MailRow& row : result.rows) {
          const std::uint64_t size = number_of(row.numbers, "size");
          call.output.row({text_cell(account.address),
                           text_cell(base::join(maildir::folder_of(source->folder).levels, "/")),
                           number_cell(number_of(row.numbers, "mails")),
                           {human_size(size), std::to_string(size)},
                           number_cell(number_of(row.numbers, "before"))});
        }
      });
  call.output.end_list("nothing was imported");
  return done;
}

}  // namespace cli
