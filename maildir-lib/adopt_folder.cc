// maildir-lib/adopt_folder.cc -- one folder of Courier: keywords, sizes, and then its uidlist.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"
#include "base/text.hh"

#include "maildir-lib/adopt.hh"
#include "maildir-lib/courier_folder.hh"
#include "maildir-lib/dotlock.hh"
#include "maildir-lib/filename.hh"
#include "maildir-lib/keywords.hh"
#include "maildir-lib/uidlist.hh"

namespace maildir {

namespace {

using base::Errc;

constexpr const char* uidlist_name = "dovecot-uidlist";
constexpr std::size_t max_name = 255;

// A file of the folder, and what becomes of it.
struct Mail {
  std::string name;
  bool in_new = false;
  std::string base;  // as it will be
  std::uint32_t keywords = 0;
};

class FolderAdoption {
 public:
  FolderAdoption(const Directory& folder, const std::string& path, const Adoption& how,
                 std::vector<AdoptNote>& notes)
      : folder_(folder), path_(path), how_(how), notes_(notes) {}

  base::Result<AdoptedFolder> run(const std::string& disk_name) {
    out_.disk_name = disk_name;
    auto courier = read_courier_folder(folder_, path_, disk_name.empty(), notes_);
    if (!courier) {
      return courier.error();
    }
    courier_ = std::move(*courier);
    if (const auto seen = was_opened(); !seen || *seen) {
      return seen ? base::Result<AdoptedFolder>(out_) : seen.error();
    }
    if (courier_.is_empty() && !how_.gives_sizes) {
      return out_;
    }
    std::optional<Dotlock> lock;
    if (!how_.is_rehearsal) {
      auto taken = Dotlock::take(path_ + "/" + uidlist_name, how_.patience);
      if (!taken) {
        return taken.error();
      }
      lock.emplace(std::move(*taken));
      if (const auto seen = was_opened(); !seen || *seen) {
        return seen ? base::Result<AdoptedFolder>(out_) : seen.error();
      }
    }
    if (auto done = adopt(); !done) {
      return done.error();
    }
    return out_;
  }

 private:
  void tell(std::string what, const std::string& name, std::string detail, bool needs_you) {
    notes_.push_back({std::move(what), path_ + "/" + name, std::move(detail), needs_you});
  }
  void tell_unread(const char* name, std::size_t lines) {
    if (lines > 0) {
      tell("damaged", name, std::to_string(lines) + " lines could not be read", true);
    }
  }

  // True when there is a uidlist, and `out_` then says whose.
  base::Result<bool> was_opened() {
    constexpr std::size_t head_bytes = 4096;
    if (!folder_.stamp(uidlist_name)) {
      return false;
    }
    const auto fd = folder_.open_file(uidlist_name);
    const auto start = fd ? read_start(fd->get(), head_bytes) : fd.error();
    if (!start) {
      return start.error();
    }
    const auto head = parse_uidlist_head(*start);
    const std::uint32_t validity = head ? head->uid_validity : 0;
    if (!courier_.uids) {
      out_.state = courier_.pop3 ? Adopted::before : Adopted::nothing;
    } else if (validity == courier_.uids->uid_validity) {
      out_.state = Adopted::before;
    } else {
      out_.state = Adopted::dovecots;
      tell("dovecot", uidlist_name,
           "Dovecot has opened the folder: its UIDVALIDITY is " + std::to_string(validity) +
               ", Courier's was " + std::to_string(courier_.uids->uid_validity),
           !courier_.uids->mails.empty());
    }
    return true;
  }

  base::Result<void> adopt() {
    if (courier_.uids || courier_.pop3) {
      out_.state = Adopted::now;
      tell_unread("courierimapuiddb", courier_.uids ? courier_.uids->unread : 0);
      tell_unread("courierpop3dsizelist", courier_.pop3 ? courier_.pop3->unread : 0);
    }
    if (auto listed = list_mails(); !listed) {
      return listed;
    }
    if (auto lettered = give_letters(); !lettered) {
      return lettered;
    }
    if (auto renamed = rename_mails(); !renamed) {
      return renamed;
    }
    if (!courier_.uids && !courier_.pop3) {
      return {};
    }
    const std::string text = uidlist();
    return how_.is_rehearsal ? base::Result<void>()
                             : put_file(path_ + "/" + uidlist_name, text, *how_.calls);
  }

  base::Result<void> list_mails() {
    for (const bool in_new : {true, false}) {
      auto names = base::list_directory(path_ + (in_new ? "/new" : "/cur"));
      if (!names) {
        if (names.error().code == Errc::not_found) {
          continue;
        }
        return names.error();
      }
      std::sort(names->begin(), names->end());
      for (std::string& name : *names) {
        if (is_message_name(name) && name.find('\n') == std::string::npos) {
          std::string base(base_name(name));
          mails_.push_back({std::move(name), in_new, std::move(base), 0});
        }
      }
    }
    for (std::size_t i = 0; i < mails_.size(); ++i) {
      const std::string_view base = mails_[i].base;
      by_base_.insert_or_assign(std::string(base), i);
      // As it was before an earlier run gave it sizes.
      const std::string_view named = without_field(base, 'W');
      if (named != base) {
        by_former_base_.insert_or_assign(std::string(named), i);
        by_former_base_.insert_or_assign(std::string(without_field(named, 'S')), i);
      }
    }
    return {};
  }

  Mail* find(const std::string& base) {
    auto found = by_base_.find(base);
    if (found == by_base_.end()) {
      found = by_former_base_.find(base);
      if (found == by_former_base_.end()) {
        return nullptr;
      }
    }
    return &mails_[found->second];
  }

  // Which keywords get letters: those of most mails first, as there are 26.
  std::vector<std::string> choose_keywords(const Keywords& known) {
    std::map<std::string, std::pair<std::uint64_t, std::string>> counted;  // by its small letters
    for (const auto& [base, words] : courier_.keywords) {
      for (const std::string& word : find(base) != nullptr ? words : std::vector<std::string>()) {
        auto& entry = counted[base::to_lower(word)];
        ++entry.first;
        entry.second = entry.second.empty() ? word : entry.second;
      }
    }
    std::vector<std::pair<std::uint64_t, std::string>> wanted;
    wanted.reserve(counted.size());
    for (auto& [small, entry] : counted) {
      wanted.push_back(std::move(entry));
    }
    std::stable_sort(wanted.begin(), wanted.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    auto free = static_cast<std::size_t>(std::count(known.begin(), known.end(), ""));
    std::vector<std::string> chosen;
    for (const auto& [mails, word] : wanted) {
      const bool is_known = keyword_index(known, word) < known.size();
      if (is_keyword(word) && (is_known || free > 0)) {
        free -= is_known ? 0 : 1;
        chosen.push_back(word);
      } else {
        tell("keyword", "courierimapkeywords",
             base::printable(word, 80) + " of " + std::to_string(mails) + " mails is not taken: " +
                 (is_keyword(word) ? "a folder has 26" : "it is no keyword of IMAP"),
             true);
      }
    }
    return chosen;
  }

  base::Result<void> give_letters() {
    auto known = read_keywords(path_);
    if (!known) {
      return known.error();
    }
    const std::vector<std::string> chosen = choose_keywords(*known);
    if (!how_.is_rehearsal && !chosen.empty()) {
      const auto added = add_keywords_locked(path_, chosen);
      known = added ? read_keywords(path_) : base::Result<Keywords>(added.error());
      if (!known) {
        return known.error();
      }
    }
    for (const auto& [base, words] : courier_.keywords) {
      Mail* mail = find(base);
      for (const std::string& word : mail != nullptr ? words : std::vector<std::string>()) {
        if (const std::size_t at = keyword_index(*known, word); at < known->size()) {
          mail->keywords |= 1U << at;
        }
      }
      out_.counts.keywords += mail != nullptr && !words.empty() ? 1 : 0;
    }
    return {};
  }

  // ",S=.." and ",W=..", where they are missing.
  base::Result<void> give_sizes(Mail& mail) {
    const FileName name = parse_file_name(mail.name);
    const std::string path = path_ + (mail.in_new ? "/new/" : "/cur/") + mail.name;
    if (name.virtual_size) {
      return {};
    }
    const auto sizes = measure_mail(path);
    if (!sizes) {
      const Errc code = sizes.error().code;
      if (code == Errc::malformed) {
        tell("size", mail.name, sizes.error().detail + ": its name stays as it is", false);
      }
      return code == Errc::malformed || code == Errc::not_found ? base::Result<void>()
                                                                : base::Result<void>(sizes.error());
    }
    std::string base = mail.base;
    if (!name.size) {
      base += ",S=" + std::to_string(sizes->octets);
    } else if (*name.size != sizes->octets) {
      tell("size", mail.name, "it has " + std::to_string(sizes->octets) + " octets", false);
      return {};
    }
    base += ",W=" + std::to_string(sizes->with_crlf);
    if (base.size() + (mail.name.size() - mail.base.size()) < max_name &&
        !by_base_.contains(base)) {
      mail.base = std::move(base);
      ++out_.counts.sized;
    }
    return {};
  }

  base::Result<void> rename_mails() {
    bool is_renamed = false;
    for (Mail& mail : mails_) {
      if (auto sized = how_.gives_sizes ? give_sizes(mail) : base::Result<void>(); !sized) {
        return sized;
      }
      const FileName old = parse_file_name(mail.name);
      std::string name = mail.base + mail.name.substr(old.base.size());
      if (!mail.in_new && (mail.keywords & ~old.flags.keywords) != 0) {
        name = name_with_flags(name, {old.flags.system, old.flags.keywords | mail.keywords});
      }
      if (name == mail.name || how_.is_rehearsal) {
        continue;
      }
      const std::string part = path_ + (mail.in_new ? "/new/" : "/cur/");
      if (how_.calls->rename((part + mail.name).c_str(), (part + name).c_str()) == 0) {
        is_renamed = true;
      } else if (errno != ENOENT) {  // else it was expunged meanwhile
        return base::errno_error(part + mail.name, errno);
      }
    }
    for (const char* part : {"/new", "/cur"}) {
      auto synced = is_renamed ? sync_folder(path_ + part, *how_.calls) : base::Result<void>();
      if (!synced && synced.error().code != Errc::not_found) {
        return synced;
      }
    }
    return {};
  }

  struct Record {
    std::uint32_t uid = 0;
    std::string base;
    std::string uidl;
    std::size_t order = 0;  // among POP3's, from 1
  };

  // Mail that POP3 alone has seen gets the next UIDs: a UIDL stands on a record.
  std::vector<Record> records(std::uint32_t& next_uid) {
    std::vector<Record> out;
    std::unordered_map<const Mail*, std::size_t> at;
    for (const CourierUid& uid : courier_.uids ? courier_.uids->mails : std::vector<CourierUid>()) {
      if (const Mail* mail = find(uid.base);
          mail != nullptr && at.emplace(mail, out.size()).second) {
        out.push_back({uid.uid, mail->base, "", 0});
        ++out_.counts.uids;
      }
    }
    std::size_t order = 0;
    std::uint32_t last = 0;
    bool is_ordered = true;
    for (CourierPop3Mail& mail : courier_.pop3 ? courier_.pop3->mails : no_pop3_) {
      const Mail* file = find(mail.base);
      if (file == nullptr) {
        continue;
      }
      const auto [found, is_fresh] = at.emplace(file, out.size());
      if (is_fresh) {
        out.push_back({next_uid++, file->base, "", 0});
      }
      Record& record = out[found->second];
      record.uidl = std::move(mail.uidl);
      record.order = ++order;
      is_ordered = is_ordered && record.uid > last;
      last = record.uid;
      ++out_.counts.uidls;
    }
    // Dovecot's order is that of UIDs.
    for (Record& record : out) {
      record.order = is_ordered ? 0 : record.order;
    }
    return out;
  }

  std::string uidlist() {
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(how_.clock->now().time_since_epoch());
    const std::uint32_t validity =
        courier_.uids ? courier_.uids->uid_validity : static_cast<std::uint32_t>(now.count());
    std::uint32_t next_uid = courier_.uids ? courier_.uids->next_uid : 1;
    const std::vector<Record> mails = records(next_uid);
    std::string text = "3 V" + std::to_string(validity) + " N" + std::to_string(next_uid) + "\n";
    for (const Record& mail : mails) {
      text += std::to_string(mail.uid);
      if (!mail.uidl.empty()) {
        text += " P" + mail.uidl;
      }
      if (mail.order != 0) {
        text += " O" + std::to_string(mail.order);
      }
      text += " :" + mail.base + "\n";
    }
    return text;
  }

  const Directory& folder_;
  const std::string& path_;
  const Adoption& how_;
  std::vector<AdoptNote>& notes_;
  AdoptedFolder out_{};
  CourierFolder courier_{};
  std::vector<CourierPop3Mail> no_pop3_{};
  std::vector<Mail> mails_{};
  std::unordered_map<std::string, std::size_t> by_base_{};
  std::unordered_map<std::string, std::size_t> by_former_base_{};
};

}  // namespace

base::Result<AdoptedFolder> adopt_folder(const Directory& root, const std::string& path,
                                         const std::string& disk_name, const Adoption& how,
                                         std::vector<AdoptNote>& notes) {
  const auto folder = disk_name.empty() ? root.again() : root.open_directory(disk_name);
  if (!folder) {
    return folder.error();
  }
  return FolderAdoption(*folder, path, how, notes).run(disk_name);
}

}  // namespace maildir
