// SPDX-License-Identifier: Apache-2.0
// assets/lips/convolution.bin as read-only data of the program; lips_convolution.cc gives it its name.
        .section .rodata
        .balign 64
        .globl avatar_lips_convolution
        .hidden avatar_lips_convolution
avatar_lips_convolution:
        .incbin "convolution.bin"
        .globl avatar_lips_convolution_end
        .hidden avatar_lips_convolution_end
avatar_lips_convolution_end:

        .section .note.GNU-stack, "", %progbits
