// SPDX-License-Identifier: Apache-2.0
// A picture file of any kind.
#include "face/picture_file.h"
#include "fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const avatar::FuzzInput in(data, size);
  const auto picture = avatar::decode_picture(in.bytes());
  if (!picture) {
    FUZZ_EXPECT(picture.error().kind == avatar::ErrorKind::invalid ||
                picture.error().kind == avatar::ErrorKind::unsupported);
    return 0;
  }
  FUZZ_EXPECT(picture->width > 0 && picture->width <= avatar::kMaxPortraitSide);
  FUZZ_EXPECT(picture->height > 0 && picture->height <= avatar::kMaxPortraitSide);
  FUZZ_EXPECT(picture->rgb.size() == size_t{3} * static_cast<size_t>(picture->width * picture->height));
  return 0;
}
