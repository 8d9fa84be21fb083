// SPDX-License-Identifier: Apache-2.0
// Reads Python's pickle files as far as the published settings need it: numbers, texts, lists, dicts and arrays of
// numbers. It runs nothing: of the callables that a pickle may name only those by which numpy stores an array are
// known, and they are done here. All else is refused with its name.
//
//   auto file = Pickle::read(bytes);
//   const Pickle::Value* emo = file->root().find("default_kwargs")->find("emo");
//
// Protocols 2 to 5, at most 64 MB. Errors: invalid. Threads: constant after reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace avatar::neural {

class Pickle final {
 public:
  struct Value {
    enum class Kind : uint8_t { none, boolean, integer, real, text, bytes, list, dict, array, callable, type };
    Kind kind = Kind::none;
    int64_t integer = 0;  ///< also of a boolean
    double real = 0;
    std::string text;                 ///< of a text, bytes, callable ("numpy dtype") and type ("f4")
    std::vector<const Value*> items;  ///< of a list (and tuple); of a dict: key, value, key, value
    std::vector<int64_t> shape;       ///< of an array, and its numbers row by row
    std::vector<float> numbers;

    /// Of a dict; null: no such key, or no dict.
    [[nodiscard]] const Value* find(std::string_view key) const;
    [[nodiscard]] double number(double otherwise) const;  ///< of an integer, real or boolean
  };

  static constexpr size_t kMaxBytes = size_t{64} << 20;
  static Result<Pickle> read(std::span<const std::byte> bytes);

  [[nodiscard]] const Value& root() const { return *root_; }

 private:
  friend class PickleReader;
  std::deque<Value> values_;  // pointers into it stay good, also when it is moved
  const Value* root_ = nullptr;
};

}  // namespace avatar::neural
