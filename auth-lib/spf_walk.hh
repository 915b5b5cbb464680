// auth-lib/spf_walk.hh -- one walk through SPF records, as spf.cc and spf_mechanisms.cc share it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth-lib/spf.hh"
#include "auth-lib/spf_macro.hh"
#include "auth-lib/spf_record.hh"

namespace auth {

// How far a term came. `waits` ends the whole walk until its questions are answered.
enum class SpfMatch { no, yes, temperror, permerror, waits };

// A domain that may be asked for: two labels or more, each of 1 to 63 bytes (s4.3).
bool is_askable(std::string_view domain);

// One walk. The first unanswered question stops it; what can be asked beside it is collected too.
class SpfWalk {
 public:
  SpfWalk(const SpfInput& input, const DnsView& view, const SpfLimits& limits);
  SpfChecked run();

 private:
  bool waits() const { return !questions_.empty(); }
  // The answer, or nullptr when it must be waited for.
  const DnsAnswer* ask(std::string_view name, DnsType type);
  DnsType address_type() const { return input_.client.is_v4() ? DnsType::a : DnsType::aaaa; }
  SpfResult problem(SpfResult result, std::string text);

  SpfResult check_host(const std::string& domain);
  std::optional<SpfResult> find_record(const std::string& domain, SpfRecord& record);
  SpfResult evaluate(const std::string& domain, const SpfRecord& record);
  SpfResult follow_redirect(const std::string& domain, const SpfRecord& record);
  SpfMatch match(const std::string& domain, const SpfDirective& directive);
  SpfMatch match_network(const SpfDirective& directive) const;
  SpfMatch match_include(const std::string& target);
  SpfMatch match_addresses(const std::string& name, const SpfDirective& directive, bool counts);
  SpfMatch match_mx(const std::string& target, const SpfDirective& directive);
  SpfMatch match_ptr(const std::string& target);
  SpfMatch match_exists(const std::string& target);
  std::optional<std::string> target_of(const std::string& domain, const std::string& macro_text);
  std::optional<std::string> validated_name(const std::string& domain);
  bool is_validated(const std::string& name);
  bool count_lookup();
  bool count_void(const DnsAnswer& answer);
  void explain(const std::string& domain, const SpfRecord& record);

  const SpfInput& input_;
  const DnsView& view_;
  SpfLimits limits_;
  SpfMacroValues values_{};
  SpfOutcome outcome_{};
  std::vector<DnsQuestion> questions_{};
  int lookups_ = 0;
  int void_lookups_ = 0;
};

}  // namespace auth
