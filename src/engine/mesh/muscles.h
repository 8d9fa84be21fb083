// SPDX-License-Identifier: Apache-2.0
// Each muscle as a smooth displacement of the canonical face, in centimetres at full activation. Written once for
// everybody; the rig carries them into the picture by the portrait's fit.
// After Waters, "A muscle model for animating three-dimensional facial expression" (1987): muscles pull skin towards an
// attachment with a smooth fall-off; which muscle moves what is Ekman & Friesen's Facial Action Coding System. The jaw
// is a rotation about the hinge in front of the ears (Parke & Waters, "Computer Facial Animation", 6.4).
// Lids and the meeting of the lips are not here: they depend on where the other lip or lid is (rig.h).
// Threads: pure functions.
#pragma once

#include "types/portrait.h"
#include "types/pose.h"

namespace avatar::mesh {

/// Displacement in canonical axes (x to the image's right, y up, z towards the viewer), cm, at activation 1.
[[nodiscard]] Point3 displacement(Muscle muscle, Point3 canonical);

/// What takes a wide smile (RestFace::smile 1) back out of a face, on the person's left (side +1) or right (-1): cm.
[[nodiscard]] Point3 relaxed_smile(Point3 canonical, int side);

/// Where the jaw's own parts (lower teeth, tongue) go: displacement of a point fixed to the jaw bone.
[[nodiscard]] Point3 jaw_displacement(Point3 canonical);

inline constexpr float kMouthHalfWidth = 2.46F;  ///< cm, canonical vertices 61 and 291

/// Height of the line between the closed lips of the canonical face, cm.
[[nodiscard]] float mouth_line(float x);

}  // namespace avatar::mesh
