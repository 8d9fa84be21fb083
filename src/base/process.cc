// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace avatar {

double resident_bytes() {
  std::ifstream in("/proc/self/statm");  // pages: of the program, resident, ...
  double all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code failed;
  const std::filesystem::directory_iterator files("/proc/self/fd", failed);
  return failed ? 0 : static_cast<double>(std::distance(begin(files), end(files)));
}

}  // namespace avatar
