// policyd/checks/greylist_correspondents.cc -- writing down and looking up correspondents.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_correspondents.hh"

namespace policy {

namespace {

constexpr Seconds refresh = 86'400;

Seconds age_of(Seconds since, Seconds now) {
  return now > since ? now - since : 0;
}

}  // namespace

base::Result<Key> Correspondents::key_of(std::string_view user, std::string_view remote,
                                         const CorrespondentRules& rules) {
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  return correspondent_key(*hash_key, rules.mode == Correspondence::pair ? user : "", remote);
}

base::Result<bool> Correspondents::learn(std::string_view user, std::string_view remote,
                                         Seconds now, const CorrespondentRules& rules) {
  const auto key = key_of(user, remote, rules);
  if (!key) {
    return key.error();
  }
  const auto row = store_.get(*key);
  if (!row) {
    return row.error();
  }
  if (*row) {
    const auto known = decode_correspondent((*row)->value);
    if (known && known->last_written <= now && age_of(known->last_written, now) < refresh) {
      return false;
    }
  }
  auto kept = store_.put(*key, {encode(Correspondent{now}), now + rules.lifetime});
  return kept ? base::Result<bool>(true) : kept.error();
}

base::Result<bool> Correspondents::knows(std::string_view user, std::string_view remote,
                                         Seconds now, const CorrespondentRules& rules) {
  if (rules.mode == Correspondence::none) {
    return false;
  }
  const auto key = key_of(user, remote, rules);
  if (!key) {
    return key.error();
  }
  const auto row = store_.get(*key);
  if (!row) {
    return row.error();
  }
  const auto known = *row ? decode_correspondent((*row)->value)
                          : base::Result<Correspondent>(
                                base::make_error(base::Errc::not_found, "never written to"));
  return known && age_of(known->last_written, now) < rules.lifetime;
}

}  // namespace policy
