// policyd/checks/greylist_standing.cc -- the reasons to spare mail the wait, cheap ones first.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_standing.hh"

#include "base/text.hh"

namespace policy {

namespace {

// A trusted domain's record is written again only when it is older: a busy sender would otherwise
// cost a write a mail.
constexpr Seconds domain_refresh = 60;

Seconds age_of(Seconds since, Seconds now) {
  return now > since ? now - since : 0;
}

bool is_below(std::string_view name, std::string_view domain) {
  return name == domain || (name.size() > domain.size() && name.ends_with(domain) &&
                            name[name.size() - domain.size() - 1] == '.');
}

}  // namespace

GreylistStanding::Answer GreylistStanding::of(const GreylistSubject& subject,
                                              const Inquiry& inquiry) {
  Standing standing;
  if (auto asked = ask_correspondents(subject, inquiry, standing); !asked) {
    return asked.error();
  }
  Waits waits;
  if (!standing.bypass && !ask_user(subject, inquiry, standing, waits)) {
    return waits;
  }
  ask_dnswl(inquiry, standing);
  if (!standing.bypass) {
    const auto asked = ask_spf(inquiry, standing, waits);
    if (!asked) {
      return asked.error();
    }
    if (!*asked) {
      return waits;
    }
  }
  if (!standing.bypass && standing.pool.empty()) {
    standing.pool = pool_of(inquiry);
  }
  if (!standing.pool.empty()) {
    inquiry.note([&] { return "the client belongs to the pool " + standing.pool; });
  }
  return standing;
}

base::Result<void> GreylistStanding::ask_correspondents(const GreylistSubject& subject,
                                                        const Inquiry& inquiry,
                                                        Standing& standing) {
  if (subject.sender.empty() || subject.recipient.empty()) {
    return {};
  }
  const auto knows = correspondents_.knows(subject.recipient, subject.sender,
                                           seconds_of(inquiry.now), options_.correspondents);
  if (!knows) {
    return knows.error();
  }
  inquiry.note([&] {
    return *knows ? "our user wrote to this sender before"
                  : "no mail of our user to this sender is known";
  });
  if (*knows) {
    standing.bypass = Bypass::correspondent;
    standing.reason = "a reply: our user wrote to " + subject.sender + " before";
  }
  return {};
}

// The user's switch; false when the directory must be asked first. While it cannot tell, the
// switch is as it is for most: on.
bool GreylistStanding::ask_user(const GreylistSubject& subject, const Inquiry& inquiry,
                                Standing& standing, Waits& waits) const {
  if (!options_.user_switch || subject.recipient.empty()) {
    return true;
  }
  const Account* account = inquiry.facts.account(subject.recipient);
  if (account == nullptr) {
    waits.accounts.push_back(subject.recipient);
    return false;
  }
  const std::string* mailbox = account->only_mailbox();
  if (mailbox != nullptr && !account->wants_greylist) {
    standing.bypass = Bypass::user;
    standing.reason = *mailbox + " wants no greylist";
  }
  return true;
}

// The DNS lists check has asked before; without it nobody is known to be good.
void GreylistStanding::ask_dnswl(const Inquiry& inquiry, Standing& standing) const {
  const std::optional<DnsblFinding>& finding = inquiry.facts.dnsbl;
  if (!standing.bypass && options_.dnswl && finding && finding->is_welcome()) {
    standing.bypass = Bypass::dnswl;
    standing.reason = "lists of the good outweigh, score " + std::to_string(finding->score);
  }
}

// False when something must be found first.
base::Result<bool> GreylistStanding::ask_spf(const Inquiry& inquiry, Standing& standing,
                                             Waits& waits) {
  if (!options_.spf_pools && options_.domains.after == 0) {
    return true;
  }
  auto answer = spf_of(inquiry, spf_);
  if (auto* missing = std::get_if<Waits>(&answer); missing != nullptr) {
    waits = std::move(*missing);
    return false;
  }
  const SpfFinding* finding = std::get<const SpfFinding*>(answer);
  if (finding == nullptr || finding->sender.result != auth::SpfResult::pass ||
      finding->domain.empty()) {
    return true;
  }
  if (auto asked = ask_domain(finding->domain, inquiry, standing); !asked) {
    return asked.error();
  }
  if (!standing.bypass && options_.spf_pools) {
    standing.pool = "spf:" + finding->domain;
  }
  return true;
}

// Whether the domain whose SPF is passed is trusted.
base::Result<void> GreylistStanding::ask_domain(const std::string& name, const Inquiry& inquiry,
                                                Standing& standing) {
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  const Key key = domain_key(*hash_key, name);
  auto found = find_domain(key);
  if (!found) {
    return found.error();
  }
  Network domain = found->value_or(Network());
  inquiry.note([&] {
    return "passes SPF of " + name + ", which has " + std::to_string(domain.successes) +
           " successes";
  });
  const Seconds now = seconds_of(inquiry.now);
  const DomainRules& rules = options_.domains;
  if (rules.after == 0 || domain.successes < rules.after ||
      age_of(domain.first_seen, now) < rules.age ||
      age_of(domain.last_seen, now) >= rules.lifetime) {
    return {};
  }
  standing.bypass = Bypass::spf;
  standing.reason = "passes SPF of " + name + ", trusted after " +
                    std::to_string(domain.successes) + " successes";
  if (!inquiry.is_rehearsal() && now >= domain.last_seen + domain_refresh) {
    domain.last_seen = now;
    // When it cannot be kept now, the next mail tries again.
    (void)store_.put(key, {encode(domain), now + rules.lifetime});
  }
  return {};
}

base::Result<std::optional<Network>> GreylistStanding::find_domain(const Key& key) {
  const auto row = store_.get(key);
  if (!row) {
    return row.error();
  }
  if (!*row) {
    return std::optional<Network>();
  }
  auto domain = decode_network((*row)->value);
  return domain ? std::optional(std::move(*domain)) : std::nullopt;
}

base::Result<void> GreylistStanding::came_back(const Inquiry& inquiry) {
  const std::optional<SpfFinding>& finding = inquiry.facts.spf;
  if (options_.domains.after == 0 || !finding || finding->domain.empty() ||
      finding->sender.result != auth::SpfResult::pass) {
    return {};
  }
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  const Key key = domain_key(*hash_key, finding->domain);
  const auto known = find_domain(key);
  if (!known) {
    return known.error();
  }
  const Seconds now = seconds_of(inquiry.now);
  GreylistRules rules = options_.rules;
  rules.auto_whitelist_lifetime = options_.domains.lifetime;
  const Network domain = after_success(*known, finding->domain, now, rules);
  return store_.put(key, {encode(domain), now + options_.domains.lifetime});
}

std::string GreylistStanding::pool_of(const Inquiry& inquiry) const {
  if (options_.name_pools.empty()) {
    return {};
  }
  const std::string name = base::to_lower(inquiry.request[Attribute::client_name]);
  for (const std::string& domain : options_.name_pools) {
    if (is_below(name, domain)) {
      return "name:" + domain;
    }
  }
  return {};
}

base::Result<bool> GreylistStanding::learn(const Inquiry& inquiry) {
  const Request& request = inquiry.request;
  const std::string_view state = request[Attribute::protocol_state];
  // At its end a message has a recipient when it is the only one.
  if (options_.correspondents.mode == Correspondence::none ||
      (state != "RCPT" && state != "END-OF-MESSAGE") || request[Attribute::sender].empty() ||
      request[Attribute::recipient].empty() || inquiry.is_rehearsal()) {
    return false;
  }
  return correspondents_.learn(base::to_lower(request[Attribute::sender]),
                               base::to_lower(request[Attribute::recipient]),
                               seconds_of(inquiry.now), options_.correspondents);
}

}  // namespace policy
