// SPDX-License-Identifier: Apache-2.0
#include "app/manual.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <vector>

#include "app/command_line.h"
#include "base/version.h"

namespace avatar {
namespace {

// A verb and its own verbs: "models check".
struct Verb {
  std::string name;
  const CLI::App* app;
};

void collect(const CLI::App& app, const std::string& before, std::vector<Verb>& verbs) {
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); })) {
    verbs.push_back({before + sub->get_name(), sub});
    collect(*sub, before + sub->get_name() + " ", verbs);
  }
}

std::vector<Verb> verbs_of(const CLI::App& app) {
  std::vector<Verb> verbs;
  collect(app, "", verbs);
  return verbs;
}

// Those of its groups (they are apps without a name) among them; without --help, which each has.
std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> options;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->check_lname("help")) options.push_back(option);
  }
  for (const CLI::App* group : app.get_subcommands([](const CLI::App* a) { return a->get_name().empty(); })) {
    const auto more = options_of(*group);
    options.insert(options.end(), more.begin(), more.end());
  }
  return options;
}

bool is_positional(const CLI::Option& option) { return option.get_lnames().empty(); }

std::string name_of(const CLI::Option& option) {
  return is_positional(option) ? option.get_name(true) : "--" + option.get_lnames().front();
}

// "FILE.png"; empty: it takes nothing.
std::string value_of(const CLI::Option& option) {
  return option.get_expected_max() == 0 || is_positional(option) ? "" : option.get_type_name();
}

// Where help breaks a line, a page need not.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

std::string escaped(std::string_view text, std::string_view what, std::string_view by) {
  std::string out;
  for (const char c : text) {
    if (what.find(c) != std::string_view::npos) out += by;
    out += c;
  }
  return out;
}

// ---- man(7): a backslash begins an escape, "-" is a hyphen and "\-" the sign that options have ----

std::string roff(std::string_view text) { return escaped(escaped(text, "\\", "\\"), "-", "\\"); }

std::string paragraph(std::string_view text) {
  const bool is_command = !text.empty() && (text.front() == '.' || text.front() == '\'');
  return (is_command ? "\\&" : "") + roff(text) + "\n";
}

std::string section(std::string_view title) { return ".SH " + std::string(title) + "\n"; }

std::string list_of(const std::vector<const CLI::Option*>& options) {
  std::string page;
  for (const CLI::Option* option : options) {
    page += ".TP\n\\fB" + roff(name_of(*option)) + "\\fR";
    if (const auto value = value_of(*option); !value.empty()) page += " \\fI" + roff(value) + "\\fR";
    page += "\n" + paragraph(one_line(option->get_description()));
  }
  return page;
}

std::string man_page(const CLI::App& app) {
  std::string page = ".TH AVATAR\\-WORKER 1 \"\" \"avatar\\-worker " AVATAR_VERSION "\" \"User Commands\"\n";
  page += section("NAME") + "avatar\\-worker \\- a portrait picture that talks, live or as a file\n";
  page += section("SYNOPSIS") + ".B avatar\\-worker\n[\\fIVERB\\fR [\\fIOPTION\\fR ...]]\n";
  page += section("DESCRIPTION") + paragraph(one_line(app.get_description()));
  page += section("OPTIONS") + list_of(options_of(app)) + ".TP\n\\fB\\-\\-help\\fR\nwhat a verb takes\n";
  page += section("VERBS");
  std::string shared, shared_by;  // what the one before takes
  for (const auto& [name, verb] : verbs_of(app)) {
    page += ".SS " + roff(name) + "\n" + paragraph(one_line(verb->get_description()) + ".");
    const std::string list = list_of(options_of(*verb));
    if (!list.empty() && list == shared) {
      page += ".PP\n" + paragraph("It takes what " + shared_by + " takes.");
      continue;
    }
    page += list;
    if (const std::string& footer = verb->get_footer(); !footer.empty()) page += ".PP\n" + paragraph(footer);
    shared = list;
    shared_by = name;
  }
  page += section("EXIT STATUS") + paragraph(one_line(kExitCodes));
  page += section("EXAMPLES") + ".nf\n" + roff(kExamples) + "\n.fi\n";
  page += section("FILES") +
          ".TP\n/etc/avatar\\-worker/env\nsettings of the service, lines NAME=value; the token is among them\n";
  page += section("SEE ALSO") + paragraph(
                                    "The guide for operators, docs/operations.md; the API, GET /openapi.yaml of a "
                                    "running server.");
  return page;
}

// ---- shells ----

std::string_view completes(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type == "DIR" || option.get_name(true) == "DIR") return "DIR";
  if (type.substr(0, 4) == "FILE") return "FILE";
  return type == "BOOL" ? "BOOL" : "";
}

std::string bash_completion(const CLI::App& app) {
  const auto verbs = verbs_of(app);
  std::string files, folders, cases, first;
  const auto keep = [](std::string& list, const std::string& name) {
    if (("|" + list + "|").find("|" + name + "|") == std::string::npos) list += (list.empty() ? "" : "|") + name;
  };
  for (const auto& [name, verb] : verbs) {
    std::string words;
    const std::string inner = name + " ";
    for (const auto& [other, unused] : verbs) {
      if (other.substr(0, inner.size()) == inner) words += other.substr(inner.size()) + " ";
    }
    for (const CLI::Option* option : options_of(*verb)) {
      if (option->get_positional() && option->get_name(true) == "FORMAT") words += "man bash zsh ";
      if (is_positional(*option)) continue;
      words += name_of(*option) + " ";
      if (completes(*option) == "FILE") keep(files, name_of(*option));
      if (completes(*option) == "DIR") keep(folders, name_of(*option));
    }
    cases += "    '" + name + "') words='" + words + "--help' ;;\n";
    if (name.find(' ') == std::string::npos) first += name + " ";
  }
  return "# bash completion for avatar-worker " AVATAR_VERSION
         "\n"
         "_avatar_worker() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} words\n"
         "  COMPREPLY=()\n"
         "  case $before in\n"
         "    " +
         files +
         ") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n"
         "    " +
         folders +
         ") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); return ;;\n"
         "  esac\n"
         "  ((COMP_CWORD > 1)) || verb=\n"
         "  if [[ $verb == models && $COMP_CWORD -gt 2 ]]; then verb=\"models ${COMP_WORDS[2]}\"; fi\n"
         "  case $verb in\n"
         "    '') words='" +
         first + "--version --help' ;;\n" + cases +
         "  esac\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
         "  if [[ $verb == models\\ * && $word != -* ]]; then\n"
         "    compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- \"$word\")\n"
         "  fi\n"
         "}\n"
         "complete -F _avatar_worker avatar-worker\n";
}

// In _arguments' specifications; they stand between single quotes.
std::string zsh_words(std::string_view text) {
  std::string out;
  for (const char c : one_line(std::string(text))) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_arguments(const CLI::App& app) {
  std::string arguments = " '--help[what it takes]'";
  for (const CLI::Option* option : options_of(app)) {
    const std::string_view what = completes(*option);
    const std::string action = what == "DIR"    ? "_files -/"
                               : what == "FILE" ? "_files"
                               : what == "BOOL" ? "(true false)"
                                                : " ";
    const std::string words = zsh_words(option->get_description());
    arguments += " \\\n        '";
    if (is_positional(*option)) {
      const bool is_format = option->get_name(true) == "FORMAT";
      arguments += ":" + words + ":" + (is_format ? "(man bash zsh)" : action);
    } else {
      arguments += name_of(*option) + "[" + words + "]";
      if (const auto value = value_of(*option); !value.empty()) arguments += ":" + zsh_words(value) + ":" + action;
    }
    arguments += "'";
  }
  return arguments;
}

// One function for a verb; one that has verbs of its own chooses among them.
std::string zsh_function(const CLI::App& app, const std::string& name) {
  const auto verbs = app.get_subcommands([](const CLI::App* a) { return !a->get_name().empty(); });
  std::string text = name + "() {\n";
  if (verbs.empty()) return text + "  _arguments" + zsh_arguments(app) + "\n}\n";
  std::string choice, cases;
  for (const CLI::App* verb : verbs) {
    choice += " '" + verb->get_name() + ":" + zsh_words(verb->get_description()) + "'";
    cases += "    " + verb->get_name() + ") " + name + "_" + verb->get_name() + " ;;\n";
  }
  text += "  local state line\n  local -a verbs=(" + choice + " )\n  _arguments -C" + zsh_arguments(app) +
          " \\\n        '1:verb:->verb' '*::rest:->rest'\n"
          "  case $state in\n    verb) _describe verb verbs ;;\n    rest) case $line[1] in\n" +
          cases + "    esac ;;\n  esac\n}\n";
  for (const CLI::App* verb : verbs) text += zsh_function(*verb, name + "_" + verb->get_name());
  return text;
}

std::string zsh_completion(const CLI::App& app) {
  return "#compdef avatar-worker\n# zsh completion for avatar-worker " AVATAR_VERSION "\n" +
         zsh_function(app, "_avatar_worker") + "_avatar_worker \"$@\"\n";
}

}  // namespace

std::string manual(const CLI::App& app, const std::string& format) {
  if (format == "bash") return bash_completion(app);
  if (format == "zsh") return zsh_completion(app);
  return man_page(app);
}

}  // namespace avatar
