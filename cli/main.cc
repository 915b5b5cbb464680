// cli/main.cc -- posthouse, the command of the administrator: finds the verb and runs it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

#include "base/settings.hh"
#include "base/text.hh"

#include "directory-lib/settings.hh"

#include "cli/arguments.hh"
#include "cli/exit_code.hh"
#include "cli/mail_settings.hh"
#include "cli/output.hh"
#include "cli/verb.hh"

namespace {

using Words = std::vector<std::string_view>;

void print(std::FILE* stream, std::string_view text) {
  // Nothing is left to do when even this cannot be written.
  (void)std::fwrite(text.data(), 1, text.size(), stream);
}

int complain(const base::Error& error, int code) {
  print(stderr, "posthouse: " + error.detail + "\n");
  if (!error.hint.empty()) {
    print(stderr, "  hint: " + error.hint + "\n");
  }
  return code;
}

int complain_usage(std::string detail, std::string hint) {
  return complain(base::make_error(base::Errc::malformed, std::move(detail), std::move(hint)),
                  cli::exit_usage);
}

// "  NAME   HELP", the help beginning in one column.
std::string help_line(const std::string& name, std::string_view help, std::size_t column) {
  const std::size_t space = name.size() + 2 < column ? column - name.size() - 2 : 2;
  return "  " + name + std::string(space, ' ') + std::string(help) + "\n";
}

std::string usage_of(const cli::Verb& verb) {
  std::string out = "usage: posthouse " + std::string(verb.name);
  if (!verb.synopsis.empty()) {
    out.append(" ").append(verb.synopsis);
  }
  out.append(" [options]\n").append(verb.summary).append("\n\noptions:\n");
  const auto own = cli::options_of(verb);
  for (const auto options : {std::span<const cli::Option>(own), cli::common_options()}) {
    for (const cli::Option& option : options) {
      const std::string value =
          option.value_name.empty() ? "" : " " + std::string(option.value_name);
      out += help_line("--" + std::string(option.name) + value, option.help, 26);
    }
  }
  return out;
}

std::string usage(std::string_view group = {}) {
  std::string out = "usage: posthouse VERB [words] [options]\n\n";
  for (const cli::Verb* verb : cli::all_verbs()) {
    if (group.empty() || verb->name.substr(0, verb->name.find(' ')) == group) {
      out +=
          help_line(std::string(verb->name) + " " + std::string(verb->synopsis), verb->summary, 42);
    }
  }
  if (group.empty()) {
    out +=
        "\nposthouse help VERB tells more of one.\n"
        "posthouse --check [FILE] looks for mistakes in directory.conf.\n"
        "posthouse --settings=conf|man|json prints the settings of directory.conf.\n"
        "posthouse mail --check and posthouse mail --settings do so with mail.conf.\n"
        "posthouse --version prints the version.\n";
  }
  return out;
}

// The verb at the start of `words`, and how many of them name it.
const cli::Verb* find_verb(const Words& words, std::size_t& used) {
  for (used = 2; used > 0; --used) {
    if (words.size() < used) {
      continue;
    }
    const std::string name =
        used == 1 ? std::string(words[0]) : std::string(words[0]) + " " + std::string(words[1]);
    for (const cli::Verb* verb : cli::all_verbs()) {
      if (verb->name == name) {
        return verb;
      }
    }
  }
  return nullptr;
}

int unknown_verb(const Words& words) {
  for (const cli::Verb* verb : cli::all_verbs()) {
    if (verb->name.substr(0, verb->name.find(' ')) == words[0]) {
      print(stderr, usage(words[0]));
      return cli::exit_usage;
    }
  }
  return complain_usage("no verb '" + base::printable(words[0], 60) + "'",
                        "posthouse help lists all verbs");
}

bool wants_colours() {
  const char* no_color = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe)
  return ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

int run_verb(const cli::Verb& verb, const Words& rest) {
  const auto arguments = cli::parse_call(verb, rest);
  if (!arguments) {
    const std::string hint =
        "posthouse " + std::string(verb.name) + " " + std::string(verb.synopsis);
    return complain_usage(std::string(verb.name) + ": " + arguments.error().detail,
                          arguments.error().hint.empty() ? hint : arguments.error().hint);
  }
  if (arguments->has("help")) {
    print(stdout, usage_of(verb));
    return cli::exit_ok;
  }
  cli::Output output(stdout, arguments->has("json"), wants_colours());
  cli::Call call{verb, *arguments, output};
  const auto done = verb.run(call);
  const bool is_written = output.flush();
  if (!done) {
    return complain(done.error(), cli::exit_code_of(done.error().code));
  }
  if (!is_written) {
    return complain(base::make_error(base::Errc::unavailable, "standard output cannot be written"),
                    cli::exit_temporary);
  }
  return cli::exit_ok;
}

int help(const Words& words) {
  if (words.empty()) {
    print(stdout, usage());
    return cli::exit_ok;
  }
  std::size_t used = 0;
  const cli::Verb* verb = find_verb(words, used);
  if (verb == nullptr) {
    return unknown_verb(words);
  }
  print(stdout, usage_of(*verb));
  return cli::exit_ok;
}

// Files of settings that the command knows: by the word in front of --settings and --check.
struct SettingsFile {
  std::string_view group;  // of verbs; empty: the command itself
  std::string_view path;
  std::span<const base::SettingRow> (*rows)();
  base::Result<void> (*check)(const std::string& path);
};
constexpr std::array<SettingsFile, 2> settings_files{{
    {"", directory::settings_path, directory::settings_rows,
     [](const std::string& path) -> base::Result<void> {
       const auto settings = directory::load_settings(path);
       return settings ? base::Result<void>() : settings.error();
     }},
    {"mail", cli::mail_settings_path, cli::mail_settings_rows,
     [](const std::string& path) -> base::Result<void> {
       const auto settings = cli::load_mail_settings(path);
       return settings ? base::Result<void>() : settings.error();
     }},
}};

int print_settings(const SettingsFile& file, std::string_view form_name) {
  const auto form = base::parse_settings_form(form_name);
  if (!form) {
    return complain(form.error(), cli::exit_usage);
  }
  print(stdout, base::print_settings(file.rows(), *form));
  return cli::exit_ok;
}

int check_settings(const SettingsFile& file, const Words& words) {
  const std::string path(words.empty() ? file.path : words[0]);
  if (const auto ok = file.check(path); !ok) {
    return complain(ok.error(), cli::exit_refused);
  }
  print(stdout, path + ": no mistakes\n");
  return cli::exit_ok;
}

int run(const Words& words) {
  if (words.empty()) {
    print(stderr, usage());
    return cli::exit_usage;
  }
  const std::string_view first = words[0];
  const Words rest(words.begin() + 1, words.end());
  if (first == "help" || first == "--help" || first == "-h") {
    return help(rest);
  }
  if (first == "--version") {
    print(stdout, "posthouse " POSTHOUSE_VERSION "\n");
    return cli::exit_ok;
  }
  for (const SettingsFile& file : settings_files) {
    const Words own = file.group.empty() || first == file.group
                          ? Words(words.begin() + (file.group.empty() ? 0 : 1), words.end())
                          : Words();
    constexpr std::string_view print_option = "--settings=";
    if (own.size() == 1 && own[0].starts_with(print_option)) {
      return print_settings(file, own[0].substr(print_option.size()));
    }
    if (!own.empty() && own[0] == "--check" && own.size() <= 2) {
      return check_settings(file, Words(own.begin() + 1, own.end()));
    }
  }
  std::size_t used = 0;
  const cli::Verb* verb = find_verb(words, used);
  if (verb == nullptr) {
    return unknown_verb(words);
  }
  return run_verb(*verb, Words(words.begin() + static_cast<std::ptrdiff_t>(used), words.end()));
}

}  // namespace

int main(int argc, char** argv) {
  return run(Words(argv + 1, argv + argc));
}
