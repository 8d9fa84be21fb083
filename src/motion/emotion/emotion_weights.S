// SPDX-License-Identifier: Apache-2.0
// assets/emotion/emotion.bin as read-only data of the program; emotion_network.cc gives it its name.
        .section .rodata
        .balign 64
        .globl avatar_emotion_weights
        .hidden avatar_emotion_weights
avatar_emotion_weights:
        .incbin "emotion.bin"
        .globl avatar_emotion_weights_end
        .hidden avatar_emotion_weights_end
avatar_emotion_weights_end:

        .section .note.GNU-stack, "", %progbits
