// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/mesh/texels.h"

namespace avatar::mesh {

void fill_unknown(std::vector<Filled>& pixels, int width, int height) {
  struct Level {
    int width, height;
    std::vector<Filled> pixels;  // colours are premultiplied by `known`
  };
  std::vector<Level> levels{{width, height, std::move(pixels)}};
  for (Filled& p : levels[0].pixels) p.colour = p.colour * p.known;

  // Pull: coarser and coarser sums of what is known.
  while (levels.back().width > 1 || levels.back().height > 1) {
    const Level& fine = levels.back();
    Level coarse{(fine.width + 1) / 2, (fine.height + 1) / 2, {}};
    coarse.pixels.resize(static_cast<size_t>(coarse.width) * coarse.height);
    for (int y = 0; y < fine.height; ++y) {
      for (int x = 0; x < fine.width; ++x) {
        const Filled& f = fine.pixels[static_cast<size_t>(y) * fine.width + x];
        Filled& c = coarse.pixels[static_cast<size_t>(y / 2) * coarse.width + x / 2];
        c = {c.colour + f.colour, c.known + f.known};
      }
    }
    for (Filled& c : coarse.pixels) {
      if (c.known > 1) c = {c.colour * (1 / c.known), 1};
    }
    levels.push_back(std::move(coarse));
  }

  // Push: what is missing comes from the coarser level, bilinearly.
  for (size_t l = levels.size() - 1; l-- > 0;) {
    Level& fine = levels[l];
    const Level& coarse = levels[l + 1];
    for (int y = 0; y < fine.height; ++y) {
      for (int x = 0; x < fine.width; ++x) {
        Filled& f = fine.pixels[static_cast<size_t>(y) * fine.width + x];
        if (f.known >= 1) continue;
        const float cx =
            std::clamp((static_cast<float>(x) + 0.5F) / 2 - 0.5F, 0.0F, static_cast<float>(coarse.width - 1));
        const float cy =
            std::clamp((static_cast<float>(y) + 0.5F) / 2 - 0.5F, 0.0F, static_cast<float>(coarse.height - 1));
        const int x0 = static_cast<int>(cx), y0 = static_cast<int>(cy);
        const int x1 = std::min(x0 + 1, coarse.width - 1), y1 = std::min(y0 + 1, coarse.height - 1);
        const float fx = cx - static_cast<float>(x0), fy = cy - static_cast<float>(y0);
        Filled sum;
        const auto add = [&](int px, int py, float k) {
          const Filled& s = coarse.pixels[static_cast<size_t>(py) * coarse.width + px];
          sum = {sum.colour + s.colour * k, sum.known + s.known * k};
        };
        add(x0, y0, (1 - fx) * (1 - fy));
        add(x1, y0, fx * (1 - fy));
        add(x0, y1, (1 - fx) * fy);
        add(x1, y1, fx * fy);
        if (sum.known > 0) f = {f.colour + sum.colour * ((1 - f.known) / sum.known), 1};
      }
    }
  }
  pixels = std::move(levels[0].pixels);
}

}  // namespace avatar::mesh
