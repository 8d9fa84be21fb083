// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/settings.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/neural/pickle.h"

namespace avatar::neural {
namespace {

using Value = Pickle::Value;
using Kind = Value::Kind;

const Value* find(const Value* dict, std::string_view key) { return dict == nullptr ? nullptr : dict->find(key); }

// `n` finite numbers, whatever their shape.
template <size_t N>
bool copy_numbers(const Value* from, std::array<float, N>& to) {
  if (from == nullptr || from->kind != Kind::array || from->numbers.size() != N) return false;
  if (!std::all_of(from->numbers.begin(), from->numbers.end(), [](float v) { return std::isfinite(v); })) return false;
  std::copy(from->numbers.begin(), from->numbers.end(), to.begin());
  return true;
}

bool read_source(const Value* info, Source& s) {
  std::array<float, 1> scale{};
  if (!(copy_numbers(find(info, "pitch"), s.pitch) && copy_numbers(find(info, "yaw"), s.yaw) &&
        copy_numbers(find(info, "roll"), s.roll) && copy_numbers(find(info, "t"), s.shift) &&
        copy_numbers(find(info, "exp"), s.expression) && copy_numbers(find(info, "scale"), scale) &&
        copy_numbers(find(info, "kp"), s.points))) {
    return false;
  }
  s.scale = scale[0];
  return s.scale > 0;
}

template <size_t N>
bool read_list(const Value* list, std::vector<std::array<float, N>>& to) {
  if (list == nullptr || list->kind != Kind::list || list->items.empty()) return false;
  for (const Value* item : list->items) {
    if (!copy_numbers(item, to.emplace_back())) return false;
  }
  return true;
}

std::optional<Character> read_character(const Value* info) {
  Character c;
  const Value* people = find(info, "x_s_info_lst");
  const bool good = people != nullptr && people->kind == Kind::list && !people->items.empty() &&
                    read_source(people->items[0], c.source) && copy_numbers(find(info, "sc"), c.points) &&
                    read_list(find(info, "eye_open_lst"), c.eye_open) &&
                    read_list(find(info, "eye_ball_lst"), c.eye_ball);
  return good ? std::optional(std::move(c)) : std::nullopt;
}

// Rows of a table [rows][columns]; empty: it has another shape.
template <size_t N>
std::vector<std::array<float, N>> read_rows(const Value* table) {
  std::vector<std::array<float, N>> rows;
  if (table == nullptr || table->kind != Kind::array || table->shape.size() != 2 ||
      table->shape[1] != static_cast<int64_t>(N)) {
    return rows;
  }
  if (!std::all_of(table->numbers.begin(), table->numbers.end(), [](float v) { return std::isfinite(v); })) return rows;
  rows.resize(static_cast<size_t>(table->shape[0]));
  for (size_t r = 0; r < rows.size(); ++r) std::copy_n(&table->numbers[r * N], N, rows[r].begin());
  return rows;
}

// Of a blink's rows the one in which the eyes are shut: the farthest from rest.
std::optional<Points> shut_eyes(const std::vector<Points>& blink) {
  std::optional<Points> best;
  float farthest = 0;
  for (const Points& row : blink) {
    float distance = 0;
    for (const float v : row) distance += v * v;
    if (distance > farthest) {
      farthest = distance;
      best = row;
    }
  }
  return best;
}

}  // namespace

Settings default_settings() {
  Settings s;
  s.calm.push_back(emotion_row(4));
  s.low.fill(std::numeric_limits<float>::lowest());
  s.high.fill(std::numeric_limits<float>::max());
  return s;
}

Result<Settings> read_settings(std::span<const std::byte> bytes) {
  auto pickle = Pickle::read(bytes);
  if (!pickle) return pickle.error();
  const Value* kwargs = pickle->root().find("default_kwargs");
  if (kwargs == nullptr || kwargs->kind != Kind::dict) {
    return Error{ErrorKind::invalid, "this pickle is no settings file: it has no default_kwargs"};
  }
  Settings s = default_settings();
  s.character = read_character(kwargs->find("ch_info"));
  if (!s.character) s.lost.emplace_back("ch_info: motion is conditioned on the picture itself");
  if (auto calm = read_rows<8>(kwargs->find("emo")); !calm.empty()) {
    s.calm = std::move(calm);
  } else {
    s.lost.emplace_back("emo: a calm face is an even one");
  }
  s.blink = shut_eyes(read_rows<kPointNumbers>(kwargs->find("delta_eye_arr")));
  if (!s.blink) s.lost.emplace_back("delta_eye_arr: eyes shut in another way");
  if (const auto limits = read_rows<kMotionNumbers>(kwargs->find("v_min_max_for_clip")); limits.size() >= 2) {
    s.low = limits[0];
    s.high = limits[1];
  } else {
    s.lost.emplace_back("v_min_max_for_clip: motion has no limits");
  }
  if (const Value* control = find(kwargs->find("overall_ctrl_info"), "delta_pitch")) {
    const double deg = control->number(s.pitch_bias_deg);
    if (std::fabs(deg) <= 30) s.pitch_bias_deg = static_cast<float>(deg);
  }
  return s;
}

}  // namespace avatar::neural
