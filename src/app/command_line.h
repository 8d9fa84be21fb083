// SPDX-License-Identifier: Apache-2.0
// What can be written after the program's name. Help, manual page and completion (manual.h) are made of it, so that
// none of them can forget an option.
//
//   CommandLine line;
//   line.app.parse(argc, argv);                       // throws CLI::ParseError
//   if (line.render_command->parsed()) ... line.render ...
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "app/analyze.h"
#include "app/config.h"
#include "app/models.h"
#include "app/render.h"

namespace avatar {

inline constexpr const char* kExamples =
    "  avatar-worker                                  serves http://127.0.0.1:8089/\n"
    "  avatar-worker render --picture me.jpg --speech talk.wav --out talk.mp4\n"
    "  avatar-worker render --speech talk.mp3 --out talk.mp4 --emotion happy:0.7 --size 720\n"
    "  avatar-worker render --speech talk.ogg --y4m - | ffplay -\n"
    "  avatar-worker analyze --picture me.jpg --overlay found.png";
inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 our fault, 2 a wrong option or input, 3 a file or a face that is not there,\n"
    "4 no right, no space or no device, 5 a kind of file that is not known, 6 too slow, 130 stopped by Ctrl-C.";

struct CommandLine {
  CommandLine();
  CommandLine(const CommandLine&) = delete;  // options point into it
  CommandLine& operator=(const CommandLine&) = delete;

  CLI::App app;
  RenderOptions render;
  AnalyzeOptions analyze;
  ModelsCheckOptions check;
  ModelsFetchOptions fetch;
  std::string manual_format;
  std::vector<std::pair<const Setting*, std::string>> flags;  ///< of serve, bench and doctor
  CLI::App* render_command = nullptr;
  CLI::App* analyze_command = nullptr;
  CLI::App* bench_command = nullptr;
  CLI::App* doctor_command = nullptr;
  CLI::App* check_command = nullptr;
  CLI::App* fetch_command = nullptr;
  CLI::App* manual_command = nullptr;

 private:
  void add_settings(CLI::App& c);
  void add_serve();
  void add_render();
  void add_models();
  void add_analyze();
  void add_manual();
};

}  // namespace avatar
