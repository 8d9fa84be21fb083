// SPDX-License-Identifier: Apache-2.0
// avatar-worker models: looks after the folder of the neural engine's networks (docs/neural.md).
//
//   models check DIR                    one line for each file: good, a note, or what is wrong and what to do
//   models fetch DIR --from URL         downloads what is missing, with checksums where they are known
//
// Both speak on standard output, a line at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace avatar {

struct ModelsCheckOptions {
  std::filesystem::path folder;
  std::filesystem::path cache;         ///< of compiled networks; empty: nowhere
  std::vector<std::string> providers;  ///< as of EngineOptions: tried in this order
  int device = 0;
  bool only_files = false;  ///< look at the files, load nothing
};

/// invalid: a file is wrong; unsupported: no provider can run them. All findings are told before.
[[nodiscard]] Result<void> check_models(const ModelsCheckOptions& options);

struct ModelsFetchOptions {
  std::filesystem::path folder;  ///< is made if need be
  std::string from;              ///< the URL in which ditto_onnx/ and ditto_cfg/ lie
  std::function<bool()> go_on;   ///< asked now and then; false stops. Empty: nobody asks
};

/// What is there and as published is left alone. Where the server has a file SHA256SUMS (as of sha256sum) beside the
/// two folders, everything is held to it; without it, to the sums that are known to us, with a note. The sums of all
/// are then written to SHA256SUMS in the folder.
[[nodiscard]] Result<void> fetch_models(const ModelsFetchOptions& options);

}  // namespace avatar
