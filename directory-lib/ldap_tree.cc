// directory-lib/ldap_tree.cc -- reading past dead connections and gathered changes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/ldap_tree.hh"

#include <algorithm>
#include <array>

namespace directory {

namespace {

using base::Errc;

void drop_values(LdapValues& values, const LdapValues& dropped) {
  std::erase_if(values, [&](const std::string& value) {
    return std::find(dropped.begin(), dropped.end(), value) != dropped.end();
  });
}

void apply(const LdapEdit& edit, LdapAttributes& entry) {
  LdapValues& values = entry[edit.attribute];
  switch (edit.how) {
    case LdapEdit::How::replace:
      values = edit.values;
      break;
    case LdapEdit::How::add:
      values.insert(values.end(), edit.values.begin(), edit.values.end());
      break;
    case LdapEdit::How::drop:
      drop_values(values, edit.values);
      break;
  }
  if (values.empty()) {
    entry.erase(edit.attribute);
  }
}

void apply(const LdapChange& change, std::optional<LdapAttributes>& entry) {
  switch (change.kind) {
    case LdapChange::Kind::add:
      entry = change.attributes;
      return;
    case LdapChange::Kind::remove:
      entry.reset();
      return;
    case LdapChange::Kind::modify:
      break;
  }
  if (entry) {
    for (const LdapEdit& edit : change.edits) {
      apply(edit, *entry);
    }
  }
}

// What a code means where it must not be taken for an answer about the entry asked for.
base::Error in_reading(base::Error error) {
  if (error.code == Errc::not_found) {
    error.code = Errc::unavailable;
  } else if (error.code == Errc::malformed || error.code == Errc::exists) {
    error.code = Errc::internal;
  }
  return error;
}

}  // namespace

base::Result<void> LdapTree::fresh(base::SteadyTime deadline) {
  if (connection_ && !connection_->is_broken()) {
    return {};
  }
  connection_.reset();
  auto opened = LdapConnection::open(server_, deadline);
  if (!opened) {
    return opened.error();
  }
  connection_.emplace(std::move(*opened));
  if (!with_roots_) {
    return {};
  }
  static const std::array<std::string, 1> wanted{"objectClass"};
  const auto roots = connection_->read(roots_, wanted, deadline);
  if (!roots) {
    return roots.error();
  }
  for (std::size_t i = 0; i < roots->size(); ++i) {
    if (!(*roots)[i]) {
      connection_.reset();
      return base::make_error(
          Errc::unavailable, server_.uri + ": no entry " + roots_[i] + " is to be seen",
          "check ldap_base and what ldap_bind_dn may read; posthouse domain add makes a new tree");
    }
  }
  return {};
}

template <typename T, typename Ask>
base::Result<T> LdapTree::ask(Ask question) {
  const auto deadline = base::system_clock().ticks() + patience_;
  for (bool was_open = connection_.has_value();; was_open = false) {
    if (auto ok = fresh(deadline); !ok) {
      return in_reading(ok.error());
    }
    base::Result<T> answer = question(*connection_, deadline);
    if (answer || !was_open || !connection_->is_broken() ||
        answer.error().code != Errc::unavailable) {
      return answer ? std::move(answer) : base::Result<T>(in_reading(answer.error()));
    }
  }
}

base::Result<void> LdapTree::connect(bool with_roots) {
  with_roots_ = with_roots;
  auto ok = fresh(base::system_clock().ticks() + patience_);
  with_roots_ = true;
  if (ok || ok.error().code == Errc::malformed) {
    return ok;  // a mistake in the settings stays one
  }
  return in_reading(ok.error());
}

base::Result<std::vector<std::optional<LdapAttributes>>> LdapTree::read(
    std::span<const std::string> names, std::span<const std::string> wanted) {
  using Entries = std::vector<std::optional<LdapAttributes>>;
  auto entries = ask<Entries>([&](LdapConnection& connection, base::SteadyTime deadline) {
    return connection.read(names, wanted, deadline);
  });
  if (entries && !gathered_.empty()) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      add_gathered(names[i], (*entries)[i]);
    }
  }
  return entries;
}

base::Result<std::optional<LdapAttributes>> LdapTree::read_one(
    const std::string& name, std::span<const std::string> wanted) {
  auto entries = read(std::span(&name, 1), wanted);
  if (!entries) {
    return entries.error();
  }
  return std::move(entries->front());
}

base::Result<std::vector<LdapAttributes>> LdapTree::search(const LdapSearch& search) {
  using Found = std::vector<LdapAttributes>;
  return ask<Found>([&](LdapConnection& connection, base::SteadyTime) -> base::Result<Found> {
    Found found;
    auto ok = connection.search(search, patience_,
                                [&](LdapAttributes&& entry) { found.push_back(std::move(entry)); });
    // The base is gone: so are those below it. That the roots are there was seen.
    if (!ok && ok.error().code != Errc::not_found) {
      return ok.error();
    }
    return found;
  });
}

base::Result<void> LdapTree::write_now(const LdapChange& change) {
  const auto deadline = base::system_clock().ticks() + patience_;
  if (!connection_ || connection_->is_broken()) {
    return base::make_error(Errc::unavailable, server_.uri + ": the connection is gone");
  }
  return connection_->write(change, deadline);
}

void LdapTree::add_gathered(const std::string& name, std::optional<LdapAttributes>& entry) const {
  const auto changes = by_name_.find(name);
  if (changes == by_name_.end()) {
    return;
  }
  for (const std::size_t place : changes->second) {
    apply(gathered_[place].change, entry);
  }
}

void LdapTree::begin() {
  roll_back();
  is_gathering_ = true;
}

void LdapTree::gather(LdapChange change, LdapList list, std::string key) {
  by_name_[change.name].push_back(gathered_.size());
  gathered_.push_back({std::move(change), list, std::move(key)});
}

void LdapTree::replay(
    LdapList list,
    const std::function<void(const std::string& key, LdapChange::Kind kind)>& tell) const {
  for (const Gathered& each : gathered_) {
    if (each.list == list) {
      tell(each.key, each.change.kind);
    }
  }
}

void LdapTree::mark() {
  mark_ = gathered_.size();
}

void LdapTree::back_to_mark() {
  while (gathered_.size() > mark_) {
    by_name_[gathered_.back().change.name].pop_back();
    gathered_.pop_back();
  }
}

void LdapTree::roll_back() {
  gathered_.clear();
  by_name_.clear();
  mark_ = 0;
  is_gathering_ = false;
}

}  // namespace directory
