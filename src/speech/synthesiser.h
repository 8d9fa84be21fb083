// SPDX-License-Identifier: Apache-2.0
// Text -> speech, by a synthesiser that is installed beside us: flite (English) and espeak-ng (some 130 languages),
// each run as a program of its own for every text.
//
//   const Synthesiser synthesiser;                       // asks the programs on PATH for their voices, beside us
//   for (std::string_view left = text; !left.empty();) {
//     auto wav = synthesiser.say(Synthesiser::next_sentence(left), "");      // "" is the first voice
//   }
//
// Sentence by sentence, so that the first is heard while the second is made. Text goes in by standard input, never as
// an argument. Threads: [any thread]; say() and the first voices() block. Errors: unsupported (none is installed),
// not_found (no such voice), unavailable (it cannot be run, or fails), timeout.
#pragma once

#include <cstddef>
#include <future>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace avatar {

class Synthesiser final {
 public:
  /// Takes it from the front of `text`, which is not empty. Whoever uses no full stops gets pieces of some 300 bytes.
  [[nodiscard]] static std::string_view next_sentence(std::string_view& text);

  Synthesiser();

  struct Voice {
    std::string name;                    ///< "English (Great Britain)"
    std::vector<std::string> arguments;  ///< the program, and what makes it speak with this voice
  };
  [[nodiscard]] const std::vector<Voice>& voices() const { return voices_.get(); }

  /// A WAV file; mono, 16 or 22.05 kHz.
  [[nodiscard]] Result<std::vector<std::byte>> say(std::string_view text, std::string_view voice) const;

 private:
  std::shared_future<std::vector<Voice>> voices_;
};

}  // namespace avatar
