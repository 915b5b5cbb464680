// base/settings_print.cc -- the settings table as a commented file, as mdoc(7) and as JSON.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json_writer.hh"
#include "base/settings.hh"
#include "base/text.hh"

namespace base {

namespace {

constexpr std::size_t comment_width = 98;

std::string_view kind_name(std::size_t kind) {
  static constexpr std::string_view names[] = {"yes|no", "number", "time", "size", "text", "words"};
  return names[kind];
}

// Breaks `doc` into "# " lines.
void append_comment(std::string& out, std::string_view doc) {
  std::string line = "#";
  for (const std::string_view word : split(doc, ' ')) {
    if (line.size() + word.size() + 1 > comment_width) {
      out.append(line).append("\n");
      line = "#";
    }
    line.append(" ").append(word);
  }
  out.append(line).append("\n");
}

std::string conf_of(const SettingRow& row) {
  std::string out;
  append_comment(out, row.doc);
  std::string facts = "(";
  facts += kind_name(row.kind);
  if (!row.limits.empty()) {
    facts.append(", ").append(row.limits);
  }
  facts += row.reload == Reload::live ? ", reloads)" : ", needs a restart)";
  append_comment(out, facts);
  out.append("#").append(row.name).append(" =");
  if (!row.fallback.empty()) {
    out.append(" ").append(row.fallback);
  }
  out += "\n\n";
  return out;
}

// mdoc: a backslash starts an escape, a line's leading dot or quote a request, and each sentence
// begins a line.
std::string mdoc_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == ' ' && out.ends_with('.')) {
      out += '\n';
    } else {
      out += c;
    }
  }
  if (out.starts_with('.') || out.starts_with('\'')) {
    out.insert(0, "\\&");
  }
  return out;
}

// mdoc(7) wants each sentence on a line of its own.
std::string man_sentences(std::string_view doc) {
  std::string out = mdoc_text(doc);
  for (std::size_t at = 0; (at = out.find(". ", at)) != std::string::npos;) {
    ++at;
    if (at + 1 < out.size() && out[at + 1] >= 'A' && out[at + 1] <= 'Z') {
      out[at] = '\n';
    }
  }
  return out;
}

std::string man_of(const SettingRow& row) {
  std::string out = ".It Cm ";
  out.append(row.name).append(" = ");
  out += row.fallback.empty() ? "\\&" : mdoc_text(row.fallback);
  out += "\n";
  out += man_sentences(row.doc);
  out += "\n";
  if (!row.limits.empty()) {
    out.append("Allowed:\n.Ql ").append(mdoc_text(row.limits)).append(" .\n");
  }
  if (row.reload == Reload::restart) {
    out += "A change needs a restart.\n";
  }
  return out;
}

std::string json_of(std::span<const SettingRow> rows) {
  JsonWriter json;
  json.begin_array();
  for (const SettingRow& row : rows) {
    json.begin_object();
    json.key("name").string(row.name);
    json.key("kind").string(kind_name(row.kind));
    json.key("default").string(row.fallback);
    json.key("limits").string(row.limits);
    json.key("reloads").boolean(row.reload == Reload::live);
    json.key("doc").string(row.doc);
    json.end_object();
  }
  json.end_array();
  return json.take() + "\n";
}

struct ValueText {
  std::string operator()(bool value) const { return value ? "yes" : "no"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(Duration value) const {
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units{
        {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}}};
    for (const auto& [unit, length] : units) {
      if (value.count() != 0 && value.count() % length == 0) {
        return std::to_string(value.count() / length) + std::string(unit);
      }
    }
    return std::to_string(value.count()) + "ms";
  }
  std::string operator()(Bytes value) const { return std::to_string(value.count) + "B"; }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const Words& value) const { return join(value, ", "); }
};

}  // namespace

std::string setting_value_text(const SettingValue& value) {
  return std::visit(ValueText{}, value);
}

Result<SettingsForm> parse_settings_form(std::string_view name) {
  if (name == "conf") {
    return SettingsForm::conf;
  }
  if (name == "man") {
    return SettingsForm::man;
  }
  if (name == "json") {
    return SettingsForm::json;
  }
  return make_error(Errc::malformed, "unknown form '" + printable(name, 20) + "'",
                    "write --settings=conf, man or json");
}

std::string print_settings(std::span<const SettingRow> rows, SettingsForm form) {
  if (form == SettingsForm::json) {
    return json_of(rows);
  }
  std::string out;
  for (const SettingRow& row : rows) {
    out += form == SettingsForm::conf ? conf_of(row) : man_of(row);
  }
  if (out.ends_with("\n\n")) {
    out.pop_back();
  }
  return out;
}

}  // namespace base
