// SPDX-License-Identifier: Apache-2.0
// avatar-worker: reads the command line, does one of its verbs, and turns an Error into one sentence and an exit code.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "app/analyze.h"
#include "app/bench.h"
#include "app/command_line.h"
#include "app/config.h"
#include "app/doctor.h"
#include "app/interrupt.h"
#include "app/manual.h"
#include "app/models.h"
#include "app/render.h"
#include "app/serve.h"
#include "base/clock.h"
#include "stream/gstreamer.h"

namespace avatar {
namespace {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal:
      return 1;
    case ErrorKind::invalid:
      return 2;
    case ErrorKind::not_found:
      return 3;
    case ErrorKind::unavailable:
      return 4;
    case ErrorKind::unsupported:
      return 5;
    case ErrorKind::timeout:
      return 6;
    case ErrorKind::busy:
      return 7;
    case ErrorKind::cancelled:
      return 130;
  }
  return 1;
}

const char* look_up(const char* variable) { return std::getenv(variable); }

Result<Config> config_of(const CommandLine& line) {
  Config config;
  if (auto read = read_environment(config, look_up); !read) return read.error();
  for (const auto& [setting, value] : line.flags) {
    if (auto set = apply(config, *setting, value, setting->flag); !set) return set.error();
  }
  if (auto done = complete(config, look_up); !done) return done.error();
  return config;
}

Result<void> do_verb(const CommandLine& line, const Clock& clock, std::chrono::nanoseconds started) {
  if (line.render_command->parsed()) return render(line.render, clock, started);
  if (line.analyze_command->parsed()) return analyze(line.analyze);
  if (line.check_command->parsed()) return check_models(line.check);
  if (line.fetch_command->parsed()) {
    ModelsFetchOptions fetch = line.fetch;
    fetch.go_on = [] { return !is_interrupted(); };
    return fetch_models(fetch);
  }
  if (line.manual_command->parsed()) {
    std::fputs(manual(line.app, line.manual_format).c_str(), stdout);
    return {};
  }
  const auto config = config_of(line);
  if (!config) return config.error();
  if (line.bench_command->parsed()) return bench(*config, clock);
  if (line.doctor_command->parsed()) return doctor(*config, clock);
  if (auto served = serve(*config, clock, started); !served) return served;
  // Libraries may still have threads; they must not meet the destructors of their own globals.
  std::fflush(nullptr);
  std::_Exit(0);
}

int run(int argc, char** argv) {
  const SteadyClock clock;
  const auto started = clock.now();
  listen_for_interrupts();
  prepare_gstreamer();
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);       // an ONNX Runtime of the user's own may report to its maker
  ::setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", 0);  // cards are counted as the driver's own tools count them
  CommandLine line;
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return line.app.exit(e);  // --help, --version
    std::fprintf(stderr, "avatar-worker: %s; see avatar-worker --help\n", e.what());
    return exit_code(ErrorKind::invalid);
  }
  const auto done = do_verb(line, clock, started);
  if (done) return 0;
  std::fprintf(stderr, "avatar-worker: %s\n", done.error().message.c_str());
  return exit_code(done.error().kind);
}

}  // namespace
}  // namespace avatar

int main(int argc, char** argv) { return avatar::run(argc, argv); }
