// cli/completion.cc -- completion for shells, written from the table of verbs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <string>

#include "base/text.hh"

#include "directory-lib/entries.hh"

#include "cli/verb.hh"

namespace cli {

namespace {

constexpr std::string_view head =
    R"sh(# bash completion of posthouse, printed by: posthouse completion bash
# SPDX-License-Identifier: GPL-3.0-or-later

_posthouse()
{
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local verb="${COMP_WORDS[1]} ${COMP_WORDS[2]}" words="" at=2
    COMPREPLY=()
    # "--name=value" comes as three words.
    if [[ $current == "=" ]]; then current=""; fi
    if [[ $before == "=" && COMP_CWORD -gt 2 ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "@GROUPS@" -- "$current")
        return
    fi
    case $before in
        --config|--csv|--eml|--mail-config|--mbox|--socket)
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return ;;
@VALUES@    esac
    case $verb in
@VERBS@        *)
            if ((COMP_CWORD == at)); then
                case ${COMP_WORDS[1]} in
@SECOND@                esac
            fi ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _posthouse posthouse
)sh";

std::string joined(const std::set<std::string>& words) {
  return base::join(std::vector<std::string>(words.begin(), words.end()), " ");
}

// "yes|no" of an option tells what may stand there; of services, the names do.
std::string values_of(const Option& option) {
  if (option.value_name == "SERVICE") {
    std::string names;
    for (int i = 0; i < directory::service_count; ++i) {
      names.append(names.empty() ? "" : " ");
      names += directory::service_name(static_cast<directory::Service>(i));
    }
    return names;
  }
  if (option.value_name == "LEVEL") {
    return "admin postmaster";
  }
  std::string names(option.value_name);
  for (char& c : names) {
    c = c == '|' ? ' ' : c;
  }
  return option.value_name.find('|') == std::string_view::npos ? "" : names;
}

std::string replaced(std::string text, std::string_view mark, std::string_view by) {
  const std::size_t at = text.find(mark);
  return text.replace(at, mark.size(), by);
}

std::string bash_completion() {
  std::set<std::string> groups{"help"};
  std::map<std::string, std::set<std::string>> second;
  std::map<std::string, std::string> values;
  std::string verbs;
  for (const Verb* verb : all_verbs()) {
    const auto words = base::split(verb->name, ' ');
    groups.emplace(words[0]);
    if (words.size() > 1) {
      second[std::string(words[0])].emplace(words[1]);
    }
    std::set<std::string> names;
    for (const auto& options : {options_of(*verb), std::vector<Option>(common_options().begin(),
                                                                       common_options().end())}) {
      for (const Option& option : options) {
        names.insert("--" + std::string(option.name));
        if (std::string choice = values_of(option); !choice.empty()) {
          values["--" + std::string(option.name)] = std::move(choice);
        }
      }
    }
    verbs.append("        '")
        .append(verb->name)
        .append(words.size() == 1 ? "'*) words=\"bash " : "') words=\"")
        .append(joined(names))
        .append("\" ;;\n");
  }
  std::string choices;
  for (const auto& [option, words] : values) {
    choices.append("        ")
        .append(option)
        .append(")\n            mapfile -t COMPREPLY < <(compgen -W \"")
        .append(words)
        .append("\" -- \"$current\")\n            return ;;\n");
  }
  std::string seconds;
  for (const auto& [group, words] : second) {
    seconds += "                    " + group + ") words=\"" + joined(words) + "\" ;;\n";
  }
  std::string text(head);
  text = replaced(std::move(text), "@GROUPS@", joined(groups));
  text = replaced(std::move(text), "@VALUES@", choices);
  text = replaced(std::move(text), "@VERBS@", verbs);
  return replaced(std::move(text), "@SECOND@", seconds);
}

base::Result<void> completion(Call& call) {
  if (call.arguments.words.front() != "bash") {
    return base::make_error(
        base::Errc::malformed,
        "no completion for '" + base::printable(call.arguments.words.front(), 40) + "'",
        "posthouse completion bash");
  }
  call.output.text(bash_completion());
  return {};
}

constexpr std::array<Verb, 1> verbs{{
    {"completion", "bash", "Print completion for a shell.", 1, 1, {}, completion},
}};

}  // namespace

std::span<const Verb> completion_verbs() {
  return verbs;
}

}  // namespace cli
