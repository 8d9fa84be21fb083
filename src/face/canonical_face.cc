// SPDX-License-Identifier: Apache-2.0
#include "face/canonical_face.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "infer/embedded_models.h"

namespace avatar {

// canonical_face.bin (tools/convert_models.py): 468 x 3 float32, then 898 x 3 uint16, little endian.
std::shared_ptr<const CanonicalFace> load_canonical_face() {
  static_assert(std::endian::native == std::endian::little && sizeof(Point3) == 3 * sizeof(float));
  constexpr size_t kTriangles = 898;
  const auto bytes = embedded_model("canonical_face.bin");
  auto face = std::make_shared<CanonicalFace>();
  face->triangles.resize(kTriangles);
  constexpr size_t kVertexBytes = sizeof(face->vertices), kTriangleBytes = kTriangles * sizeof(face->triangles[0]);
  CHECK(bytes.size() == kVertexBytes + kTriangleBytes);
  std::memcpy(face->vertices.data(), bytes.data(), kVertexBytes);
  std::memcpy(face->triangles.data(), bytes.data() + kVertexBytes, kTriangleBytes);
  return face;
}

}  // namespace avatar
