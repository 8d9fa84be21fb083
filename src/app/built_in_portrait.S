// SPDX-License-Identifier: Apache-2.0
// assets/portrait/portrait-1024.png as read-only data of the program; picture_source.h gives it its name.
        .section .rodata
        .globl avatar_built_in_portrait
        .hidden avatar_built_in_portrait
avatar_built_in_portrait:
        .incbin "portrait-1024.png"
        .globl avatar_built_in_portrait_end
        .hidden avatar_built_in_portrait_end
avatar_built_in_portrait_end:

        .section .note.GNU-stack, "", %progbits
