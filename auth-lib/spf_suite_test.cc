// auth-lib/spf_suite_test.cc -- the 203 cases of the RFC 7208 test suite, from test/data/spf.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/json.hh"
#include "base/text.hh"

#include "auth-lib/spf.hh"

namespace {

// A zone of the suite as a view in which every question has its answer.
class Zone final : public auth::DnsView {
 public:
  explicit Zone(const base::JsonValue& zone) {
    for (const auto field : base::JsonObject(zone)) {
      std::vector<Row>& rows = names_[base::to_lower(field.key)];
      for (const auto row : base::JsonArray(field.value)) {
        rows.push_back({std::string(base::json_text(row, "type").value()),
                        std::string(base::json_text(row, "value").value_or(""))});
      }
      copy_spf_to_txt(rows);
    }
  }

  const auth::DnsAnswer* find(const auth::DnsQuestion& question) const override {
    kept_.push_back(std::make_unique<auth::DnsAnswer>(answer(question.name, question.type, 0)));
    return kept_.back().get();
  }

 private:
  struct Row {
    std::string type;
    std::string value;
  };

  // The suite writes most records as type SPF and means TXT as well.
  static void copy_spf_to_txt(std::vector<Row>& rows) {
    const bool has_txt =
        std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.type == "TXT"; });
    std::vector<Row> out;
    for (const Row& row : rows) {
      if (row.type == "SPF" && !has_txt) {
        out.push_back({"TXT", row.value});
      } else if (row.type != "SPF" && !(row.type == "TXT" && row.value == "NONE")) {
        out.push_back(row);
      }
    }
    rows = std::move(out);
  }

  static std::string_view type_name(auth::DnsType type) {
    switch (type) {
      case auth::DnsType::a:
        return "A";
      case auth::DnsType::aaaa:
        return "AAAA";
      case auth::DnsType::mx:
        return "MX";
      case auth::DnsType::ptr:
        return "PTR";
      case auth::DnsType::txt:
        return "TXT";
    }
    return "";
  }

  auth::DnsAnswer answer(const std::string& name, auth::DnsType type, int depth) const {
    auth::DnsAnswer out;
    out.outcome = auth::DnsAnswer::Outcome::none;
    const auto rows = names_.find(name);
    if (rows == names_.end() || depth > 8) {
      return out;
    }
    for (const Row& row : rows->second) {
      if (row.type == "TIMEOUT" || (row.type == type_name(type) && row.value == "TIMEOUT")) {
        if (out.outcome == auth::DnsAnswer::Outcome::none) {
          out.outcome = auth::DnsAnswer::Outcome::failed;
        }
        return out;
      }
      if (row.type == "CNAME") {
        return answer(base::to_lower(row.value), type, depth + 1);
      }
      if (row.type != type_name(type)) {
        continue;
      }
      out.outcome = auth::DnsAnswer::Outcome::found;
      if (type == auth::DnsType::a || type == auth::DnsType::aaaa) {
        out.addresses.push_back(base::IpAddress::parse(row.value).value());
      } else {
        out.texts.push_back(row.value);
      }
    }
    return out;
  }

  std::map<std::string, std::vector<Row>> names_{};
  mutable std::vector<std::unique_ptr<auth::DnsAnswer>> kept_{};
};

void run_case(const std::string& section, const base::JsonValue& test, const Zone& zone) {
  auth::SpfInput input;
  input.client = base::IpAddress::parse(base::json_text(test, "host").value()).value();
  input.helo = base::json_text(test, "helo").value();
  input.sender = base::json_text(test, "mailfrom").value();
  input.receiver = base::json_text(test, "receiver").value_or("");
  const auth::SpfChecked checked = auth::check_spf(input, zone);
  const std::string name = section + " / " + std::string(base::json_text(test, "name").value());
  BOOST_TEST(checked.questions.empty(), name);
  std::vector<std::string> wanted;
  for (const auto result : base::JsonArray(base::json_member(test, "results").value())) {
    wanted.emplace_back(std::string_view(result));
  }
  const std::string got(auth::spf_result_name(checked.outcome.result));
  BOOST_TEST((std::find(wanted.begin(), wanted.end(), got) != wanted.end()),
             name << ": " << got << ", wanted " << base::join(wanted, " or ") << "; "
                  << checked.outcome.problem);
  const auto explanation = base::json_text(test, "explanation");
  if (explanation && *explanation != "DEFAULT") {
    BOOST_TEST(checked.outcome.explanation == *explanation, name);
  } else if (explanation) {
    BOOST_TEST(checked.outcome.explanation.empty(), name);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spf_suite)

BOOST_AUTO_TEST_CASE(every_case_of_the_suite_gets_its_result_and_explanation) {
  const std::string text = base::read_file(SPF_SUITE).value();
  base::JsonParser parser;
  const auto sections = parser.parse(text);
  BOOST_REQUIRE(sections);
  int cases = 0;
  for (const auto section : base::JsonArray(*sections)) {
    const Zone zone(base::json_member(section, "zone").value());
    for (const auto test : base::JsonArray(base::json_member(section, "tests").value())) {
      run_case(std::string(base::json_text(section, "description").value()), test, zone);
      ++cases;
    }
  }
  BOOST_TEST(cases == 203);
}

BOOST_AUTO_TEST_SUITE_END()
