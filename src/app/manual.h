// SPDX-License-Identifier: Apache-2.0
// The command line told in other ways than --help: as manual page (groff's man(7)), and as what bash and zsh complete.
// All verbs and options are read from the parser itself.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace avatar {

/// `format`: man, bash or zsh.
[[nodiscard]] std::string manual(const CLI::App& app, const std::string& format);

}  // namespace avatar
