// SPDX-License-Identifier: Apache-2.0
// avatar-worker: reads the command line, does one of its verbs, and turns an Error into one sentence and an exit code.
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/analyze.h"
#include "app/bench.h"
#include "app/config.h"
#include "app/doctor.h"
#include "app/interrupt.h"
#include "app/models.h"
#include "app/render.h"
#include "app/serve.h"
#include "base/clock.h"
#include "base/version.h"
#include "stream/gstreamer.h"
#include "types/emotion.h"

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

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 our fault, 2 a wrong option or input, 3 a file or a face that is not there,\n"
    "4 no right, no space or no device, 5 a kind of file that is not known, 6 too slow, 130 stopped by Ctrl-C.";

// "512" or "640x480".
std::string parse_size(const std::string& text, FrameSize& size) {
  char rest = 0;
  const int n = std::sscanf(text.c_str(), "%dx%d%c", &size.width, &size.height, &rest);
  if (n == 1 && text.find('x') == std::string::npos) size.height = size.width;
  const bool whole = n == 2 || (n == 1 && std::to_string(size.width) == text);
  const auto good = [](int side) { return side >= 128 && side <= 2048 && side % 2 == 0; };
  if (whole && good(size.width) && good(size.height)) return {};
  return "is a side or WIDTHxHEIGHT in pixels, even numbers from 128 to 2048, for example 512 or 640x480";
}

// "auto", "happy" or "happy:0.8".
std::string parse_emotion(const std::string& text, Performance& performance) {
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const auto emotion = emotion_named(name);
  bool good = emotion || name == "auto";
  if (good && colon != std::string::npos) {
    size_t used = 0;
    const std::string number = text.substr(colon + 1);
    try {
      performance.emotion_intensity = std::stof(number, &used);
    } catch (const std::exception&) {
      used = 0;
    }
    good =
        used > 0 && used == number.size() && performance.emotion_intensity >= 0 && performance.emotion_intensity <= 1;
  }
  if (!good) {
    return "is one of auto, neutral, happy, sad, angry, fear, disgust, surprise, and if you like :0 to :1 after it";
  }
  performance.emotion = emotion;
  return {};
}

struct CommandLine {
  CLI::App app{
      "avatar-worker: a portrait picture that talks, live in browsers and LiveKit rooms or as a file, on this machine\n"
      "alone. Without a verb it serves.",
      "avatar-worker"};
  RenderOptions render;
  AnalyzeOptions analyze;
  std::vector<std::pair<const Setting*, std::string>> flags;  // of serve
  CLI::App* render_command = nullptr;
  CLI::App* analyze_command = nullptr;
  CLI::App* bench_command = nullptr;
  CLI::App* doctor_command = nullptr;
  ModelsCheckOptions check;
  ModelsFetchOptions fetch;
  CLI::App* check_command = nullptr;
  CLI::App* fetch_command = nullptr;

  CommandLine() {
    app.require_subcommand(0, 1);
    app.set_version_flag("--version", "avatar-worker " AVATAR_VERSION);
    app.footer(std::string("For example:\n"
                           "  avatar-worker                                  serves http://127.0.0.1:8089/\n"
                           "  avatar-worker render --picture me.jpg --speech talk.wav --out talk.mp4\n"
                           "  avatar-worker render --speech talk.mp3 --out talk.mp4 --emotion happy:0.7 --size 720\n"
                           "  avatar-worker render --speech talk.ogg --y4m - | ffplay -\n"
                           "  avatar-worker analyze --picture me.jpg --overlay found.png\n") +
               kExitCodes);
    add_serve();
    add_render();
    add_analyze();
    add_models();
  }

  void add_settings(CLI::App& c) {
    for (const Setting& setting : settings()) {
      const bool is_switch = std::string_view(setting.type) == "BOOL";
      auto* option = c.add_option_function<std::string>(
          setting.flag,
          [this, &setting, is_switch](const std::string& value) {
            flags.emplace_back(&setting, is_switch && value.empty() ? "true" : value);
          },
          std::string(setting.help) + " [" + setting.variable + "]");
      option->type_name(setting.type);
      if (is_switch) option->expected(0, 1);  // alone it is true
    }
    c.footer("Each can be given as the environment variable in brackets, too; flags win.");
  }

  void add_serve() {
    add_settings(*app.add_subcommand("serve", "talk live: into browsers, into LiveKit rooms"));
    add_settings(*(bench_command = app.add_subcommand("bench", "measure how many sessions this machine holds")));
    add_settings(*(doctor_command = app.add_subcommand("doctor", "look for what is missing or wrong")));
  }

  void add_render() {
    RenderOptions& r = render;
    CLI::App& c = *(render_command = app.add_subcommand("render", "make a video of the person saying the speech"));
    c.add_option("--picture", r.picture, "portrait: JPEG, PNG or WebP (default: the built-in one)")->type_name("FILE");
    c.add_option("--speech", r.speech, "what is said: WAV, FLAC, MP3, Ogg or M4A")->type_name("FILE")->required();
    auto* out = c.add_option_group("output", "what is written, at least one of");
    out->add_option("--out", r.video, "video with sound, H.264 and AAC")->type_name("FILE.mp4");
    out->add_option("--frames", r.frames, "each picture as PNG; a new or empty folder")->type_name("DIR");
    out->add_option("--y4m", r.y4m, "pictures uncompressed; - is standard output")->type_name("FILE");
    out->add_option("--contact-sheet", r.contact_sheet, "evenly spaced pictures with their times")
        ->type_name("FILE.png");
    out->require_option(1, 4);
    c.add_option_function<std::string>(
         "--size",
         [&r](const std::string& text) {
           if (auto wrong = parse_size(text, r.size); !wrong.empty()) throw CLI::ValidationError("--size", wrong);
         },
         "side or WIDTHxHEIGHT in pixels (default: 512)")
        ->type_name("PX");
    c.add_option("--fps", r.fps, "pictures a second (default: 25)")
        ->check(CLI::IsMember({25, 30, 50, 60}))
        ->type_name("N");
    c.add_option_function<std::string>(
         "--emotion",
         [&r](const std::string& text) {
           if (auto wrong = parse_emotion(text, r.performance); !wrong.empty()) {
             throw CLI::ValidationError("--emotion", wrong);
           }
         },
         "auto (what is heard in the voice), neutral, happy, sad, angry, fear, disgust or surprise; intensity 0 to 1\n"
         "(default: auto; 0.6)")
        ->type_name("NAME[:X]");
    c.add_option("--emotion-log", r.emotion_log, "what mood is heard in the voice, twice a second, as JSON lines")
        ->type_name("FILE");
    c.add_option("--emotion-model", r.emotion_model, "a network of your own that hears it (docs/hearing.md)")
        ->envname("AVATAR_EMOTION_MODEL")
        ->type_name("FILE.onnx");
    c.add_option("--motion-scale", r.performance.motion_scale, "head, gaze and breath, 0 to 2 (default: 1)")
        ->check(CLI::Range(0.0, 2.0))
        ->type_name("X");
    c.add_option("--expression-scale", r.performance.expression_scale, "muscles of the face, 0 to 2 (default: 1)")
        ->check(CLI::Range(0.0, 2.0))
        ->type_name("X");
    c.add_option("--seed", r.performance.seed, "blinks, gaze and head move differently (default: 1)")->type_name("N");
    c.add_option_function<double>(
         "--tail", [&r](double s) { r.tail = MediaTime::from_ms(std::lround(s * 1000)); },
         "seconds of silence after the speech, 0 to 60 (default: 0.5)")
        ->check(CLI::Range(0.0, 60.0))
        ->type_name("S");
    c.add_option("--engine", r.engine.name, "who draws (default: mesh)")->type_name("NAME");
    c.add_option("--label", r.label, "words over every picture, as AI-generated (default: none)")->type_name("TEXT");
    c.add_flag("--quiet", r.quiet, "say nothing but errors");
    c.footer("The same options and files give the same bytes. The video says in its metadata that it is synthetic.");
  }

  void add_models() {
    CLI::App& c = *app.add_subcommand("models", "look after the networks of the neural engine");
    c.require_subcommand(1);
    check_command = c.add_subcommand("check", "say for each file whether it is there and right");
    check_command->add_option("DIR", check.folder, "the folder, as AVATAR_MODEL_DIR")->required();
    check_command->add_option("--providers", check.providers, "tensorrt, cuda, cpu: what shall run them, in this order")
        ->type_name("LIST")
        ->delimiter(',');
    check_command->add_flag("--only-files", check.only_files, "look at the files, load nothing");
    fetch_command = c.add_subcommand("fetch", "download what is missing");
    fetch_command->add_option("DIR", fetch.folder, "the folder, as AVATAR_MODEL_DIR")->required();
    fetch_command->add_option("--from", fetch.from, "where ditto_onnx/ and ditto_cfg/ lie")
        ->type_name("URL")
        ->required();
  }

  void add_analyze() {
    AnalyzeOptions& a = analyze;
    CLI::App& c = *(analyze_command = app.add_subcommand("analyze", "show what is found in a picture"));
    c.add_option("--picture", a.picture, "portrait: JPEG, PNG or WebP (default: the built-in one)")->type_name("FILE");
    c.add_option("--overlay", a.overlay, "the picture with all that was found drawn over it")->type_name("FILE.png");
    c.add_flag("--json", a.json, "the numbers as JSON");
  }
};

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
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);  // an ONNX Runtime of the user's own may report to its maker
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
