// SPDX-License-Identifier: Apache-2.0
// For looking: draws one portrait in many poses into one PNG. A developer's tool, not part of the product.
//
//   pose_sheet PORTRAIT OUT.png [SIZE [COLUMNS [NAME...]]]     poses by name; none: all
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/mesh/mesh_engine.h"
#include "face/analysis.h"
#include "face/picture_file.h"

namespace avatar {
namespace {

struct Named {
  const char* name;
  Pose pose;
};

Pose with(std::initializer_list<std::pair<Muscle, float>> muscles, float yaw = 0, float pitch = 0, float roll = 0,
          float gaze_x = 0, float gaze_y = 0) {
  Pose p;
  for (const auto& [m, v] : muscles) p[m] = v;
  p.head_yaw_deg = yaw;
  p.head_pitch_deg = pitch;
  p.head_roll_deg = roll;
  p.gaze_yaw_deg = gaze_x;
  p.gaze_pitch_deg = gaze_y;
  return p;
}

std::vector<Named> all_poses() {
  using enum Muscle;
  return {
      {"rest", with({})},
      {"aa", with({{jaw_open, 0.45F},
                   {mouth_lower_down_left, 0.15F},
                   {mouth_lower_down_right, 0.15F},
                   {mouth_upper_up_left, 0.12F},
                   {mouth_upper_up_right, 0.12F}})},
      {"ee", with({{jaw_open, 0.12F},
                   {mouth_stretch_left, 0.6F},
                   {mouth_stretch_right, 0.6F},
                   {mouth_lower_down_left, 0.4F},
                   {mouth_lower_down_right, 0.4F},
                   {mouth_upper_up_left, 0.3F},
                   {mouth_upper_up_right, 0.3F}})},
      {"oo", with({{jaw_open, 0.12F}, {mouth_pucker, 0.8F}, {mouth_funnel, 0.3F}})},
      {"oh", with({{jaw_open, 0.30F}, {mouth_pucker, 0.3F}, {mouth_funnel, 0.6F}})},
      {"mm", with({{mouth_close, 1}, {mouth_press, 0.6F}})},
      {"ff", with({{jaw_open, 0.06F}, {lip_bite, 0.9F}})},
      {"th",
       with({{jaw_open, 0.16F}, {tongue_out, 0.9F}, {mouth_lower_down_left, 0.2F}, {mouth_lower_down_right, 0.2F}})},
      {"el", with({{jaw_open, 0.25F}, {tongue_up, 0.9F}})},
      {"wide", with({{jaw_open, 0.9F}})},
      {"close", with({{mouth_close, 1}})},
      {"blink", with({{eye_blink_left, 1}, {eye_blink_right, 1}})},
      {"half", with({{eye_blink_left, 0.5F}, {eye_blink_right, 0.5F}})},
      {"yaw-10", with({}, -10)},
      {"yaw+10", with({}, 10)},
      {"pitch-7", with({}, 0, -7)},
      {"pitch+7", with({}, 0, 7)},
      {"roll+7", with({}, 0, 0, 7)},
      {"gaze-l", with({}, 0, 0, 0, -10, 0)},
      {"gaze-r", with({}, 0, 0, 0, 10, 0)},
      {"gaze-u", with({{eye_wide_left, 0.3F}, {eye_wide_right, 0.3F}}, 0, 0, 0, 0, 8)},
      {"gaze-d", with({{eye_blink_left, 0.25F}, {eye_blink_right, 0.25F}}, 0, 0, 0, 0, -8)},
      {"happy", with({{mouth_smile_left, 0.8F},
                      {mouth_smile_right, 0.8F},
                      {cheek_squint_left, 0.7F},
                      {cheek_squint_right, 0.7F},
                      {eye_squint_left, 0.4F},
                      {eye_squint_right, 0.4F}})},
      {"laugh", with({{jaw_open, 0.2F},
                      {mouth_smile_left, 1},
                      {mouth_smile_right, 1},
                      {mouth_upper_up_left, 0.4F},
                      {mouth_upper_up_right, 0.4F},
                      {cheek_squint_left, 1},
                      {cheek_squint_right, 1},
                      {eye_squint_left, 0.6F},
                      {eye_squint_right, 0.6F}})},
      {"sad", with({{brow_inner_up, 0.9F},
                    {brow_down_left, 0.3F},
                    {brow_down_right, 0.3F},
                    {mouth_frown_left, 0.9F},
                    {mouth_frown_right, 0.9F},
                    {mouth_shrug_lower, 0.5F},
                    {eye_blink_left, 0.2F},
                    {eye_blink_right, 0.2F}})},
      {"angry", with({{brow_down_left, 1},
                      {brow_down_right, 1},
                      {eye_squint_left, 0.5F},
                      {eye_squint_right, 0.5F},
                      {eye_wide_left, 0.4F},
                      {eye_wide_right, 0.4F},
                      {mouth_press, 0.7F},
                      {mouth_frown_left, 0.3F},
                      {mouth_frown_right, 0.3F}})},
      {"fear", with({{brow_inner_up, 1},
                     {brow_outer_up_left, 0.6F},
                     {brow_outer_up_right, 0.6F},
                     {brow_down_left, 0.4F},
                     {brow_down_right, 0.4F},
                     {eye_wide_left, 1},
                     {eye_wide_right, 1},
                     {mouth_stretch_left, 0.7F},
                     {mouth_stretch_right, 0.7F},
                     {jaw_open, 0.12F}})},
      {"disgust", with({{nose_sneer_left, 1},
                        {nose_sneer_right, 1},
                        {mouth_upper_up_left, 0.5F},
                        {mouth_upper_up_right, 0.5F},
                        {brow_down_left, 0.5F},
                        {brow_down_right, 0.5F},
                        {mouth_frown_left, 0.4F},
                        {mouth_frown_right, 0.4F},
                        {eye_squint_left, 0.5F},
                        {eye_squint_right, 0.5F}})},
      {"surprise", with({{brow_inner_up, 1},
                         {brow_outer_up_left, 1},
                         {brow_outer_up_right, 1},
                         {eye_wide_left, 1},
                         {eye_wide_right, 1},
                         {jaw_open, 0.35F}})},
      {"puff", with({{cheek_puff, 1}, {mouth_press, 0.4F}})},
      {"aa-yaw", with({{jaw_open, 0.5F}}, 10, 3, 2)},
      {"breath",
       [] {
         Pose p;
         p.breath = 1;
         return p;
       }()},
  };
}

void to_rgb(const Frame& f, Image& sheet, int x0, int y0) {
  for (int y = 0; y < f.height(); ++y) {
    for (int x = 0; x < f.width(); ++x) {
      const size_t c = static_cast<size_t>(y / 2) * (f.width() / 2) + x / 2;
      const float yy = 1.164383F * (static_cast<float>(f.y()[static_cast<size_t>(y) * f.width() + x]) - 16);
      const float u = static_cast<float>(f.u()[c]) - 128, v = static_cast<float>(f.v()[c]) - 128;
      const auto byte = [](float k) { return static_cast<uint8_t>(std::min(255.0F, std::max(0.0F, k + 0.5F))); };
      uint8_t* p = sheet.at(x0 + x, y0 + y);
      p[0] = byte(yy + 1.596027F * v);
      p[1] = byte(yy - 0.391762F * u - 0.812968F * v);
      p[2] = byte(yy + 2.017232F * u);
    }
  }
}

int look(int argc, char** argv) {
  if (argc < 3) return 2;
  std::ifstream in(argv[1], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  auto analysis = FaceAnalysis::load();
  if (!analysis) return std::fprintf(stderr, "%s\n", analysis.error().message.c_str()), 1;
  auto portrait = (*analysis)->analyse(std::as_bytes(std::span(bytes)));
  if (!portrait) return std::fprintf(stderr, "%s\n", portrait.error().message.c_str()), 1;
  const int size = argc > 3 ? std::atoi(argv[3]) : 512, columns = argc > 4 ? std::atoi(argv[4]) : 4;
  const FaceFit& fit = (*portrait)->fit;
  std::printf("yaw %.1f pitch %.1f roll %.1f scale %.1f px/cm; gap %.2f cm teeth %d smile %.2f eyes %.2f %.2f\n",
              fit.yaw_deg, fit.pitch_deg, fit.roll_deg, fit.scale, (*portrait)->rest.lip_gap_cm,
              (*portrait)->rest.teeth_show, (*portrait)->rest.smile, (*portrait)->rest.eye_open_left,
              (*portrait)->rest.eye_open_right);
  auto avatar = make_mesh_engine()->make_avatar(*portrait, {size, size});
  if (!avatar) return std::fprintf(stderr, "%s\n", avatar.error().message.c_str()), 1;

  std::vector<Named> poses;
  for (const Named& n : all_poses()) {
    bool wanted = argc <= 5;
    for (int i = 5; i < argc; ++i) wanted |= std::strcmp(argv[i], n.name) == 0;
    if (wanted) poses.push_back(n);
  }
  const int rows = (static_cast<int>(poses.size()) + columns - 1) / columns;
  Image sheet(size * columns, size * rows);
  Frame frame(size, size);
  for (size_t i = 0; i < poses.size(); ++i) {
    if (auto drawn = (*avatar)->draw({{}, poses[i].pose}, frame); !drawn) return 1;
    to_rgb(frame, sheet, static_cast<int>(i) % columns * size, static_cast<int>(i) / columns * size);
  }
  auto written = write_png(argv[2], sheet);
  return written ? 0 : 1;
}

}  // namespace
}  // namespace avatar

int main(int argc, char** argv) { return avatar::look(argc, argv); }
