// SPDX-License-Identifier: Apache-2.0
#include "app/analyze.h"

#include <cstdio>

#include "app/picture_source.h"
#include "face/overlay.h"
#include "face/picture_file.h"

namespace avatar {
namespace {

void print_lines(const Portrait& p) {
  std::printf("picture     %d x %d\n", p.picture.width, p.picture.height);
  std::printf("faces       %d, score %.2f\n", p.faces_found, p.face_score);
  std::printf("size        %.1f pixels per centimetre\n", p.fit.scale);
  std::printf("head        yaw %+.1f, pitch %+.1f, roll %+.1f degrees\n", p.fit.yaw_deg, p.fit.pitch_deg,
              p.fit.roll_deg);
  std::printf("mouth       gap %.2f cm%s, smile %.2f\n", p.rest.lip_gap_cm, p.rest.teeth_show ? ", teeth show" : "",
              p.rest.smile);
  std::printf("eyes        left %.2f, right %.2f open\n", p.rest.eye_open_left, p.rest.eye_open_right);
}

void print_json(const Portrait& p) {
  std::printf(
      "{\"width\":%d,\"height\":%d,\"faces\":%d,\"score\":%.3f,\"pixels_per_cm\":%.3f,\"yaw_deg\":%.2f,"
      "\"pitch_deg\":%.2f,\"roll_deg\":%.2f,\"lip_gap_cm\":%.3f,\"teeth_show\":%s,\"smile\":%.3f,"
      "\"eye_open_left\":%.3f,\"eye_open_right\":%.3f,\"sha256\":\"%s\",\"landmarks\":[",
      p.picture.width, p.picture.height, p.faces_found, p.face_score, p.fit.scale, p.fit.yaw_deg, p.fit.pitch_deg,
      p.fit.roll_deg, p.rest.lip_gap_cm, p.rest.teeth_show ? "true" : "false", p.rest.smile, p.rest.eye_open_left,
      p.rest.eye_open_right, p.content_hash.c_str());
  const char* comma = "";
  for (const Point3& point : p.landmarks) {
    std::printf("%s[%.2f,%.2f,%.2f]", comma, point.x, point.y, point.z);
    comma = ",";
  }
  std::printf("]}\n");
}

}  // namespace

Result<void> analyze(const AnalyzeOptions& options) {
  auto portrait = portrait_from(options.picture);
  if (!portrait) return portrait.error();
  if (!options.overlay.empty()) {
    if (auto written = write_png(options.overlay, draw_overlay(**portrait)); !written) return written;
  }
  options.json ? print_json(**portrait) : print_lines(**portrait);
  if (std::fflush(stdout) != 0) return Error{ErrorKind::unavailable, "cannot write standard output"};
  return {};
}

}  // namespace avatar
