// SPDX-License-Identifier: Apache-2.0
// look_at_faces OUT_DIR PICTURE...: what the analysis finds, as OUT_DIR/<name>.png (overlay), OUT_DIR/<name>-cut.png
// (the person over magenta, which shows every fault of the mask) and one line each. A developer's instrument: not part
// of the product.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "face/analysis.h"
#include "face/overlay.h"
#include "face/picture_file.h"

namespace {

avatar::Image cut_out(const avatar::Portrait& p) {
  avatar::Image out = p.picture;
  constexpr int kMagenta[3] = {255, 0, 255};
  for (size_t i = 0; i < p.person.value.size(); ++i) {
    const int a = p.person.value[i];
    for (size_t c = 0; c < 3; ++c) {
      out.rgb[3 * i + c] = static_cast<uint8_t>((out.rgb[3 * i + c] * a + kMagenta[c] * (255 - a)) / 255);
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  const auto ms = [](Clock::time_point since) {
    return std::chrono::duration<double, std::milli>(Clock::now() - since).count();
  };
  if (argc < 3) {
    std::fprintf(stderr, "usage: look_at_faces OUT_DIR PICTURE...\n");
    return 2;
  }
  auto start = Clock::now();
  auto faces = avatar::FaceAnalysis::load();
  if (!faces) {
    std::fprintf(stderr, "%s\n", faces.error().message.c_str());
    return 1;
  }
  std::printf("loaded in %.1f ms\n", ms(start));
  std::filesystem::create_directories(argv[1]);
  int failed = 0;
  for (int i = 2; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
    start = Clock::now();
    const auto portrait = (*faces)->analyse(std::as_bytes(std::span(bytes)));
    const double took = ms(start);
    if (!portrait) {
      std::printf("%s: %s: %s\n", path.filename().c_str(), name(portrait.error().kind),
                  portrait.error().message.c_str());
      ++failed;
      continue;
    }
    const avatar::Portrait& p = **portrait;
    std::printf(
        "%-16s %4dx%-4d %5.1f ms score %.2f faces %d scale %5.1f yaw %5.1f pitch %5.1f roll %5.1f gap %.2f teeth %d "
        "smile "
        "%.2f eyes %.2f %.2f\n",
        path.filename().c_str(), p.picture.width, p.picture.height, took, p.face_score, p.faces_found, p.fit.scale,
        p.fit.yaw_deg, p.fit.pitch_deg, p.fit.roll_deg, p.rest.lip_gap_cm, p.rest.teeth_show, p.rest.smile,
        p.rest.eye_open_right, p.rest.eye_open_left);
    const auto out = std::filesystem::path(argv[1]) / (path.stem().string() + ".png");
    const auto cut = std::filesystem::path(argv[1]) / (path.stem().string() + "-cut.png");
    if (auto written = avatar::write_png(cut, cut_out(p)); !written) {
      std::fprintf(stderr, "%s\n", written.error().message.c_str());
      return 1;
    }
    if (auto written = avatar::write_png(out, avatar::draw_overlay(p)); !written) {
      std::fprintf(stderr, "%s\n", written.error().message.c_str());
      return 1;
    }
  }
  return failed > 0 ? 1 : 0;
}
