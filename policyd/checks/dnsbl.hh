// policyd/checks/dnsbl.hh -- the DNS lists check: scores of many lists, black and white.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// All zones are asked at once and all are waited for, within the deadline: a list of the good may
// still outweigh what has come. The finding is kept among the message's facts; the greylist spares
// who is welcome. What a zone that fails would have said counts as nothing.
#pragma once

#include <string>
#include <vector>

#include "policyd/chain.hh"
#include "policyd/checks/dnsbl_zones.hh"
#include "policyd/checks/own_networks.hh"

namespace policy {

// A rule, and the zone it is about.
struct DnsblEntry {
  DnsblRule rule;
  DnsblZone* zone;
};

struct DnsblOptions {
  std::vector<DnsblEntry> entries{};
  int threshold = 1;
  Action action = Action::reject;
  bool defer_on_error = false;
  std::string text{};
  Networks skip_networks{};
};

struct DnsblSettings;
// malformed for a rule, a network or a place that cannot be read, and a threshold out of reach.
base::Result<void> check_dnsbl_settings(const DnsblSettings& settings);
// `zones` takes the zones of the settings, and must outlive the options.
DnsblOptions dnsbl_options_of(const DnsblSettings& settings, DnsblZones& zones);

class DnsblCheck final : public Check {
 public:
  // Both must outlive the check; the options may change between requests.
  DnsblCheck(const DnsblOptions& options, DnsblZones& zones) : options_(options), zones_(zones) {}

  std::string_view name() const override { return "dnsbl"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  // One question: a rule, and what it is asked about.
  struct Lookup {
    const DnsblEntry* entry;
    std::string what;
    auth::DnsQuestion question;
  };
  bool applies_to(const Inquiry& inquiry) const;
  std::vector<Lookup> lookups(const Inquiry& inquiry) const;
  void skip(const Inquiry& inquiry, DnsblFinding& finding) const;
  DnsblFinding find(const Inquiry& inquiry, const std::vector<Lookup>& lookups);
  Answer judge(const Inquiry& inquiry, const DnsblFinding& finding) const;
  Answer refuse(const Inquiry& inquiry, const DnsblFinding& finding) const;

  const DnsblOptions& options_;
  DnsblZones& zones_;
};

}  // namespace policy
