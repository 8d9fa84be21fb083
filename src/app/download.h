// SPDX-License-Identifier: Apache-2.0
// A file from the network, as large as it is: written beside its target under a name that ends in ".part", continued
// where an earlier try ended, and named right only when it is whole.
//
//   auto size = download(url, path, [](int64_t have, int64_t all) { ... return !is_interrupted(); });
//
// Errors: not_found (the server has it not), unavailable (no server, no space, cut off), invalid (the URL), cancelled.
// Threads: [any thread].
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"

namespace avatar {

/// Bytes that are there and bytes there will be (0: unknown); false stops.
using DownloadProgress = std::function<bool(int64_t have, int64_t all)>;

/// Answers the file's size. http:// and https://, by the proxy of the environment if there is one.
[[nodiscard]] Result<int64_t> download(const std::string& url, const std::filesystem::path& to,
                                       const DownloadProgress& progress);

}  // namespace avatar
