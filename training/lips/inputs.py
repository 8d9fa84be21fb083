# SPDX-License-Identifier: Apache-2.0
"""What the networks hear, made by the product's own code (lips_inputs.cc)."""
import os
import subprocess

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.normpath(os.path.join(HERE, "../../src"))
N_IN = 41


class Inputs:
    """Sound -> what the network sees, and the loudness in dB."""

    def __init__(self, folder):
        self.folder, self.program = folder, os.path.join(folder, "lips_inputs")
        subprocess.run(["c++", "-O2", "-std=c++20", "-ffp-contract=off", "-I" + SRC, "-o", self.program,
                        HERE + "/lips_inputs.cc", SRC + "/motion/lips_input.cc", SRC + "/speech/features.cc",
                        SRC + "/speech/spectrum.cc", SRC + "/base/result.cc"], check=True)

    def __call__(self, sound):
        a, b = self.folder + "/in.f32", self.folder + "/out.f32"
        sound.astype(np.float32).tofile(a)
        subprocess.run([self.program, a, b], check=True)
        out = np.fromfile(b, np.float32).reshape(-1, N_IN + 1)
        return out[:, :N_IN], out[:, N_IN]
