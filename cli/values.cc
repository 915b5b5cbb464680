// cli/values.cc -- values of options, read and printed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/values.hh"

#include <limits>

#include "base/text.hh"

namespace cli {

using base::Errc;

base::Result<base::Bytes> parse_size(std::string_view text) {
  if (text == "none") {
    return base::Bytes{};
  }
  constexpr std::size_t size_kind = 3;  // the index of Bytes in base::SettingValue
  const base::SettingRow row{"size", size_kind, "", "", base::Reload::live, ""};
  auto value = base::parse_setting_value(row, text);
  if (!value) {
    return base::make_error(Errc::malformed,
                            "'" + base::printable(text, 40) + "': " + value.error().detail,
                            value.error().hint + ", or none");
  }
  return std::get<base::Bytes>(*value);
}

base::Result<std::uint64_t> parse_count(std::string_view text) {
  auto number = base::parse_number<std::uint64_t>(text);
  if (!number || *number > std::numeric_limits<std::int64_t>::max()) {
    return base::make_error(Errc::malformed,
                            "'" + base::printable(text, 40) + "' is no whole number",
                            "write digits only; 0 for no limit");
  }
  return number;
}

base::Result<bool> parse_flag(std::string_view text) {
  if (text != "yes" && text != "no") {
    return base::make_error(Errc::malformed, "'" + base::printable(text, 40) + "' is neither",
                            "yes or no");
  }
  return text == "yes";
}

base::Result<directory::Services> parse_services(std::span<const std::string> names) {
  directory::Services services;
  for (const std::string& name : names) {
    const auto service = directory::parse_service(name);
    if (!service) {
      return service.error();
    }
    services.add(*service);
  }
  return services;
}

base::Result<directory::Expiry> parse_date(std::string_view text) {
  if (text == "never") {
    return directory::Expiry();
  }
  const auto parts = base::split(text, '-');
  if (text.size() == 10 && parts.size() == 3 && parts[0].size() == 4 && parts[1].size() == 2) {
    const auto year = base::parse_number<int>(parts[0]);
    const auto month = base::parse_number<unsigned>(parts[1]);
    const auto day = base::parse_number<unsigned>(parts[2]);
    if (year && month && day) {
      const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                             std::chrono::day(*day)};
      if (date.ok()) {
        return directory::Expiry(std::chrono::sys_days(date));
      }
    }
  }
  return base::make_error(Errc::malformed, "'" + base::printable(text, 40) + "' is no date",
                          "write it as 2030-12-31, or never");
}

Cell date_cell(const directory::Expiry& expires) {
  if (!expires) {
    return {"never", "null"};
  }
  return text_cell(base::rfc3339(*expires).substr(0, 10));
}

Cell services_cell(directory::Services services) {
  std::vector<std::string> names;
  for (int i = 0; i < directory::service_count; ++i) {
    const auto service = static_cast<directory::Service>(i);
    if (services.has(service)) {
      names.emplace_back(directory::service_name(service));
    }
  }
  return words_cell(names);
}

}  // namespace cli
