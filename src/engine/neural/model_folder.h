// SPDX-License-Identifier: Apache-2.0
// A folder in which the published networks lie, as the hub lays it out (ditto_onnx/, ditto_cfg/) or all in one. Every
// file is looked at, none is run; what is wrong is said in words that tell what to do.
//
//   const ModelFolder folder = look_into(path);
//   for (const Finding& f : folder.findings) ...
//   if (!folder.is_complete()) return folder.refusal();
//
// Threads: [any thread].
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "infer/model.h"

namespace avatar::neural {

enum class Network : uint8_t { appearance, motion, stitch, warp, decoder, hubert, diffusion, landmarks };
inline constexpr size_t kNetworks = 8;

/// What is published about one of them.
struct NetworkFacts {
  Network network;
  std::vector<std::string_view> files;  ///< any of these names
  std::string_view size;                ///< of the published file, for people
  bool is_needed = true;
  std::vector<TensorSpec> inputs, outputs;  ///< in the published order
};
[[nodiscard]] const std::array<NetworkFacts, kNetworks>& published_networks();
[[nodiscard]] std::string_view name(Network network);  ///< "decoder"

struct Finding {
  enum class Kind : uint8_t { good, note, wrong };
  Kind kind = Kind::good;
  std::string file;
  std::string words;
};

struct ModelFolder {
  std::filesystem::path path;
  std::array<std::filesystem::path, kNetworks> files;  ///< empty: not there, or not usable
  std::filesystem::path settings;                      ///< empty: none
  std::vector<Finding> findings;

  [[nodiscard]] const std::filesystem::path& file(Network n) const { return files[static_cast<size_t>(n)]; }
  [[nodiscard]] bool is_complete() const;  ///< nothing is wrong
  /// One sentence: the first thing that is wrong, and how many more there are. invalid or not_found.
  [[nodiscard]] Error refusal() const;
};

[[nodiscard]] ModelFolder look_into(const std::filesystem::path& path);

/// A file in memory, without reading what is not looked at.
class MappedFile final {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&&) = delete;
  ~MappedFile();
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

/// The name of the tensor that is published as `specs[index]`: by name, or, where it is called otherwise, by its place
/// and size. Empty: there is none.
[[nodiscard]] std::string find_tensor(std::span<const TensorSpec> published, size_t index,
                                      std::span<const TensorSpec> found);

}  // namespace avatar::neural
