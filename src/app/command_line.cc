// SPDX-License-Identifier: Apache-2.0
#include "app/command_line.h"

#include <cmath>
#include <cstdio>
#include <string_view>

#include "base/version.h"
#include "types/emotion.h"

namespace avatar {
namespace {

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

}  // namespace

CommandLine::CommandLine()
    : app("avatar-worker: a portrait picture that talks, live in browsers and LiveKit rooms or as a file, on this "
          "machine\n"
          "alone. Without a verb it serves.",
          "avatar-worker") {
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", "avatar-worker " AVATAR_VERSION, "print the version");
  app.footer(std::string("For example:\n") + kExamples + "\n" + kExitCodes);
  add_serve();
  add_render();
  add_analyze();
  add_models();
  add_manual();
}

void CommandLine::add_settings(CLI::App& c) {
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

void CommandLine::add_serve() {
  add_settings(*app.add_subcommand("serve", "talk live: into browsers, into LiveKit rooms"));
  add_settings(*(bench_command = app.add_subcommand("bench", "measure how many sessions this machine holds")));
  add_settings(*(doctor_command = app.add_subcommand("doctor", "look for what is missing or wrong")));
}

void CommandLine::add_render() {
  RenderOptions& r = render;
  CLI::App& c = *(render_command = app.add_subcommand("render", "make a video of the person saying the speech"));
  c.add_option("--picture", r.picture, "portrait: JPEG, PNG or WebP (default: the built-in one)")->type_name("FILE");
  c.add_option("--speech", r.speech, "what is said: WAV, FLAC, MP3, Ogg or M4A")->type_name("FILE")->required();
  auto* out = c.add_option_group("output", "what is written, at least one of");
  out->add_option("--out", r.video, "video with sound, H.264 and AAC")->type_name("FILE.mp4");
  out->add_option("--frames", r.frames, "each picture as PNG; a new or empty folder")->type_name("DIR");
  out->add_option("--y4m", r.y4m, "pictures uncompressed; - is standard output")->type_name("FILE");
  out->add_option("--contact-sheet", r.contact_sheet, "evenly spaced pictures with their times")->type_name("FILE.png");
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
  c.add_option("--lips-model", r.lips_model, "a network of your own that moves the lips (docs/hearing.md)")
      ->envname("AVATAR_LIPS_MODEL")
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
  c.add_option("--engine", r.engine.name, "mesh, neural or auto (default: mesh)")->type_name("NAME");
  c.add_option("--models", r.engine.models, "networks of the neural engine (docs/neural.md)")
      ->envname("AVATAR_MODEL_DIR")
      ->type_name("DIR");
  c.add_option("--providers", r.engine.providers, "tensorrt, cuda, cpu: what shall run them, in this order")
      ->envname("AVATAR_PROVIDERS")
      ->type_name("LIST")
      ->delimiter(',');
  c.add_option("--label", r.label, "words over every picture, as AI-generated (default: none)")->type_name("TEXT");
  c.add_flag("--quiet", r.quiet, "say nothing but errors");
  c.footer("The same options and files give the same bytes. The video says in its metadata that it is synthetic.");
}

void CommandLine::add_models() {
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
  fetch_command->add_option("--from", fetch.from, "where ditto_onnx/ and ditto_cfg/ lie")->type_name("URL")->required();
}

void CommandLine::add_analyze() {
  AnalyzeOptions& a = analyze;
  CLI::App& c = *(analyze_command = app.add_subcommand("analyze", "show what is found in a picture"));
  c.add_option("--picture", a.picture, "portrait: JPEG, PNG or WebP (default: the built-in one)")->type_name("FILE");
  c.add_option("--overlay", a.overlay, "the picture with all that was found drawn over it")->type_name("FILE.png");
  c.add_flag("--json", a.json, "the numbers as JSON");
}

void CommandLine::add_manual() {
  manual_command = app.add_subcommand("manual", "print the manual page, or what completes a shell's commands");
  manual_command->add_option("FORMAT", manual_format, "man, bash or zsh")
      ->required()
      ->check(CLI::IsMember({"man", "bash", "zsh"}));
}

}  // namespace avatar
