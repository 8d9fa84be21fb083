// SPDX-License-Identifier: Apache-2.0
// Where the head is: the similarity that lays the canonical face on the landmarks with the least squares.
// Threads: [any thread].
#pragma once

#include "face/landmarks.h"
#include "types/portrait.h"

namespace avatar {

/// Rotation by Horn's quaternions ("Closed-form solution of absolute orientation", 1987, section 4), scale by Umeyama
/// ("Least-squares estimation of transformation parameters", 1991, eq. 42). What the jaw and the lips move counts
/// little, so that an open mouth is no nodding head.
[[nodiscard]] FaceFit fit_face(const CanonicalFace& canonical, const Landmarks& landmarks);

/// Back from the picture into canonical centimetres: the inverse of fit.to_picture().
[[nodiscard]] Point3 to_canonical(const FaceFit& fit, Point3 picture);

}  // namespace avatar
