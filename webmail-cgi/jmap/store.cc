// webmail-cgi/jmap/store.cc -- one account's Maildir as JMAP sees it: mailboxes, Emails, rows.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/store.hh"

#include <algorithm>

#include "mail-lib/body.hh"
#include "mail-lib/header.hh"

#include "webmail-cgi/jmap/ids.hh"

namespace webmail::jmap {

namespace {

constexpr std::size_t max_kept_header = 64U << 10U;  // longer headers are read again each time

bool is_visible(const maildir::Mail& mail) {
  return !mail.flags.has(maildir::flag_trashed);
}

std::size_t cost_of(const Row& row) {
  return row.header.size() + row.preview.size() + 256;
}

}  // namespace

base::Result<std::unique_ptr<Store>> Store::open(const std::string& maildir) {
  auto root = maildir::Directory::open(maildir);
  if (!root) {
    return root.error();
  }
  return std::make_unique<Store>(std::move(*root));
}

base::Result<void> Store::refresh(base::WallTime now) {
  const auto folders = refresh_folders();
  if (!folders) {
    return folders.error();
  }
  subscriptions_ = maildir::read_subscriptions(*root_);
  const auto mails = refresh_mails(now);
  if (!mails) {
    return mails.error();
  }
  if (*folders || *mails || state_.empty()) {
    index();
  }
  set_state();
  return {};
}

// Boxes as the folders are now; those that stay keep their listings.
base::Result<bool> Store::refresh_folders() {
  auto folders = maildir::list_folders(*root_);
  if (!folders) {
    return folders.error();
  }
  std::vector<Box> boxes;
  for (maildir::Folder& folder : *folders) {
    const auto old = std::find_if(boxes_.begin(), boxes_.end(), [&folder](const Box& box) {
      return box.mailbox && box.mailbox->folder().disk_name == folder.disk_name;
    });
    Box& box = boxes.emplace_back();
    box.mailbox = old == boxes_.end()
                      ? std::make_unique<maildir::Mailbox>(*root_, std::move(folder))
                      : std::move(old->mailbox);
    if (old != boxes_.end()) {
      box.id = std::move(old->id);
      box.emails = std::move(old->emails);
      box.unread = old->unread;
    }
  }
  const bool changed =
      std::any_of(boxes.begin(), boxes.end(), [](const Box& b) { return b.id.empty(); }) ||
      boxes.size() != boxes_.size();
  boxes_ = std::move(boxes);
  return changed;
}

base::Result<bool> Store::refresh_mails(base::WallTime now) {
  bool changed = false;
  for (Box& box : boxes_) {
    const auto refreshed = box.mailbox->refresh(now);
    if (!refreshed && refreshed.error().code != base::Errc::not_found) {
      return refreshed.error();
    }
    changed = changed || !refreshed || *refreshed;
    const maildir::Mailbox& mailbox = *box.mailbox;
    box.id = mailbox_id(mailbox.guid(), mailbox.folder().disk_name);
  }
  return changed;
}

// The Emails of all boxes; ids of known GUIDs are not made again.
void Store::index() {
  auto old = std::move(emails_);
  emails_.clear();
  by_digits_.clear();
  for (std::uint32_t i = 0; i < boxes_.size(); ++i) {
    index_box(i, old);
  }
  by_digits_.reserve(emails_.size());
  for (const auto& [guid, email] : emails_) {
    by_digits_.emplace(email->digits, email.get());
  }
  for (Box& box : boxes_) {
    box.unread = static_cast<std::size_t>(
        std::count_if(box.emails.begin(), box.emails.end(),
                      [](const Email* email) { return !email->seen && !email->draft; }));
  }
}

void Store::index_box(std::uint32_t box,
                      std::unordered_map<std::string, std::unique_ptr<Email>>& old) {
  const auto& mails = boxes_[box].mailbox->mails();
  boxes_[box].emails.clear();
  for (std::uint32_t i = 0; i < mails.size(); ++i) {
    const maildir::Mail& mail = mails[i];
    if (!is_visible(mail)) {
      continue;
    }
    auto& email = emails_[mail.guid];
    if (!email) {
      const auto known = old.find(mail.guid);
      email = known == old.end() ? std::make_unique<Email>() : std::move(known->second);
      if (known == old.end()) {
        email->digits = digits_of(mail.guid);
      }
      email->copies.clear();
      email->seen = true;
      email->draft = false;
    }
    const bool is_second = !email->copies.empty() && email->copies.back().box == box;
    email->copies.push_back({box, i});
    email->seen = email->seen && mail.flags.has(maildir::flag_seen);
    email->draft = email->draft || mail.flags.has(maildir::flag_draft);
    if (!is_second) {
      boxes_[box].emails.push_back(email.get());
    }
  }
}

void Store::set_state() {
  std::string all;
  for (const Box& box : boxes_) {
    all += box.id + box.mailbox->folder().disk_name + '/' + std::to_string(box.mailbox->digest()) +
           (subscriptions_.has(box.mailbox->folder()) ? '+' : '-');
  }
  state_ = digits_of(all).substr(0, 16);
}

const Box* Store::find_box(std::string_view id) const {
  const auto found =
      std::find_if(boxes_.begin(), boxes_.end(), [id](const Box& box) { return box.id == id; });
  return found == boxes_.end() ? nullptr : &*found;
}

const Email* Store::find(std::string_view digits) const {
  const auto found = by_digits_.find(digits);
  return found == by_digits_.end() ? nullptr : found->second;
}

std::vector<const Email*> Store::all_newest_first() const {
  std::vector<const Email*> all;
  all.reserve(emails_.size());
  for (const auto& [guid, email] : emails_) {
    all.push_back(email.get());
  }
  std::sort(all.begin(), all.end(), [this](const Email* a, const Email* b) {
    const maildir::Mail& one = mail(*a);
    const maildir::Mail& other = mail(*b);
    return one.received != other.received ? one.received > other.received : one.guid > other.guid;
  });
  return all;
}

base::Result<base::Fd> Store::open(const Email& email) const {
  base::Error last;
  for (const Copy& copy : email.copies) {
    auto file = boxes_[copy.box].mailbox->open(mail(copy));
    if (file) {
      return file;
    }
    last = file.error();
  }
  return last;
}

base::Result<std::string> Store::read(const Email& email) const {
  auto file = open(email);
  return file ? maildir::read_mail(file->get()) : base::Result<std::string>(file.error());
}

base::Result<const Row*> Store::row(const Email& email, bool whole) {
  if (const auto found = row_at_.find(email.digits); found != row_at_.end()) {
    rows_.splice(rows_.begin(), rows_, found->second);
    if (rows_.front().row.is_whole || !whole) {
      return &rows_.front().row;
    }
    row_bytes_ -= cost_of(rows_.front().row);
    row_at_.erase(found);
    rows_.pop_front();
  }
  auto file = open(email);
  if (!file) {
    return file.error();
  }
  const auto bytes = maildir::read_mail_start(file->get(), list_octets);
  if (!bytes) {
    return bytes.error();
  }
  Row row;
  row.header = bytes->substr(0, mail::scan_header(*bytes).body);
  row.is_whole = whole;
  if (whole) {
    const auto message = mail::Message::parse(*bytes);
    const auto lists = mail::body_lists(message.root());
    row.preview = mail::preview(message, lists);
    row.has_attachment = mail::has_attachment(lists);
  }
  forget_rows(row.header.size() > max_kept_header ? max_row_bytes : cost_of(row));
  row_bytes_ += cost_of(row);
  rows_.push_front({email.digits, std::move(row)});
  row_at_.emplace(rows_.front().digits, rows_.begin());
  return &rows_.front().row;
}

void Store::forget_rows(std::size_t needed) {
  while (!rows_.empty() && row_bytes_ + needed > max_row_bytes) {
    row_bytes_ -= cost_of(rows_.back().row);
    row_at_.erase(rows_.back().digits);
    rows_.pop_back();
  }
}

}  // namespace webmail::jmap
