// directory-lib/ldap_commit.cc -- gathered changes sent in order, or taken back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "directory-lib/ldap_tree.hh"

namespace directory {

namespace {

using base::Errc;
using Entries = std::vector<std::optional<LdapAttributes>>;

// What undoes a change of an entry that looked like `before`.
LdapChange reverse(const LdapChange& change, const std::optional<LdapAttributes>& before) {
  LdapChange back;
  back.name = change.name;
  switch (change.kind) {
    case LdapChange::Kind::add:
      back.kind = LdapChange::Kind::remove;
      return back;
    case LdapChange::Kind::remove:
      back.kind = LdapChange::Kind::add;
      back.attributes = before.value_or(LdapAttributes());
      return back;
    case LdapChange::Kind::modify:
      break;
  }
  back.kind = LdapChange::Kind::modify;
  for (const LdapEdit& edit : change.edits) {
    LdapEdit old{LdapEdit::How::replace, edit.attribute, {}};
    if (const auto values = before->find(edit.attribute); values != before->end()) {
      old.values = values->second;
    }
    back.edits.push_back(std::move(old));
  }
  return back;
}

}  // namespace

// The entries as they are before the first change; only what is there already can be asked for.
base::Result<Entries> LdapTree::read_before() {
  static const std::array<std::string, 1> everything{"*"};
  std::vector<std::string> names;
  for (const Gathered& each : gathered_) {
    names.push_back(each.change.name);
  }
  return connection_->read(names, everything, base::system_clock().ticks() + patience_);
}

base::Result<void> LdapTree::undo(std::size_t done, const Entries& before) {
  while (done-- > 0) {
    const bool is_new = !before[done] && gathered_[done].change.kind != LdapChange::Kind::add;
    if (is_new) {
      continue;  // it goes with the entry that was added before
    }
    if (auto ok = write_now(reverse(gathered_[done].change, before[done])); !ok) {
      return ok.error();
    }
  }
  return {};
}

base::Result<void> LdapTree::commit() {
  if (!gathered_.empty() && (!connection_ || connection_->is_broken())) {
    return base::make_error(Errc::unavailable, server_.uri + ": the connection is gone");
  }
  Entries before;
  if (gathered_.size() > 1) {
    auto read = read_before();
    if (!read) {
      return read.error();
    }
    before = std::move(*read);
  }
  for (std::size_t done = 0; done < gathered_.size(); ++done) {
    auto ok = write_now(gathered_[done].change);
    if (ok) {
      continue;
    }
    base::Error error = ok.error();
    if (done > 0 && !undo(done, before)) {
      error.hint = std::to_string(done) + " of " + std::to_string(gathered_.size()) +
                   " changes were made and could not be taken back";
    }
    return error;
  }
  roll_back();
  return {};
}

}  // namespace directory
