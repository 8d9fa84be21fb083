// SPDX-License-Identifier: Apache-2.0
// The converted networks as read-only data of the program; embedded_models.cc gives them names.
        .section .rodata

.macro embed symbol, file
        .balign 64
        .globl \symbol
        .hidden \symbol
\symbol:
        .incbin "\file"
        .globl \symbol\()_end
        .hidden \symbol\()_end
\symbol\()_end:
.endm

        embed avatar_detector_short, face_detection_short_range.onnx
        embed avatar_detector_full, face_detection_full_range.onnx
        embed avatar_landmarks, face_landmark_with_attention.onnx
        embed avatar_segmentation, selfie_segmentation.onnx
        embed avatar_canonical_face, canonical_face.bin

        .section .note.GNU-stack, "", %progbits
