# SPDX-License-Identifier: Apache-2.0
"""Synthetic voices that say a sentence and tell when each phone is: flite, festival (diphones and models of real
speakers) and espeak-ng (any language, not much like a person).

Each answers (sound at 48 kHz, phones)."""
import ctypes
import os
import re
import subprocess

import numpy as np

import phones as ph
from sounds import load, resample

HERE = os.path.dirname(os.path.abspath(__file__))
FLITE = ("kal16", "awb", "rms", "slt")
FESTIVAL = {  # voice: (language, table, encoding of its text)
    "ked_diphone": ("en", ph.ENGLISH, "ascii"), "cmu_us_slt_arctic_hts": ("en", ph.ENGLISH, "ascii"),
    "lp_diphone": ("it", ph.ITALIAN, "latin1"), "pc_diphone": ("it", ph.ITALIAN, "latin1"),
    "suo_fi_lj_diphone": ("fi", ph.FINNISH, "latin1"), "czech_dita": ("cs", ph.CZECH, "iso8859-2"),
    "czech_ph": ("cs", ph.CZECH, "iso8859-2"), "msu_ru_nsh_clunits": ("ru", ph.RUSSIAN, "utf-8"),
    "upc_ca_ona_hts": ("ca", ph.CATALAN, "latin1"),
}
ESPEAK = ("m1", "m3", "m7", "f1", "f2", "f4")  # variants of each language's voice


def sentences(language):
    with open(f"{HERE}/sentences/{language}.txt", encoding="utf-8") as f:
        return [line.strip() for line in f if line.strip() and not line.startswith("#")]


def flite(text, voice, folder, stretch=1.0):
    wav = folder + "/flite.wav"
    said = subprocess.run(["flite", "-voice", voice, "-t", text, "-psdur", "--setf", f"duration_stretch={stretch:.3f}", "-o", wav],
                          capture_output=True, text=True, check=True).stdout
    pairs = [item.rsplit(":", 1) for item in said.split()]
    return load(wav), ph.phones_of([(float(end), name) for name, end in pairs], ph.ENGLISH)


def festival(texts, voice, folder):
    """All at once, since a start takes a second: a list."""
    _, table, encoding = FESTIVAL[voice]
    with open(folder + "/say.scm", "wb") as f:
        f.write(f"(voice_{voice})\n".encode())
        for i, text in enumerate(texts):
            text = text.replace('"', "").encode(encoding, "ignore")
            f.write(b'(set! u (SynthText "' + text + b'"))\n' +
                    f'(utt.save.wave u "{folder}/f{i}.wav")\n(utt.save.segs u "{folder}/f{i}.lab")\n'.encode())
    subprocess.run(["festival", "-b", folder + "/say.scm"], capture_output=True, check=False)
    said = []
    for i in range(len(texts)):
        if os.path.exists(f"{folder}/f{i}.lab"):
            rows = [line.split() for line in open(f"{folder}/f{i}.lab", encoding="latin1") if re.match(r"\s*\d", line)]
            early = 0.015 if voice == "msu_ru_nsh_clunits" else 0  # its labels are late by that; seen at its stops
            ends = [(float(r[0]) - early, r[2]) for r in rows if len(r) > 2]
            said.append((load(f"{folder}/f{i}.wav"), ph.phones_of(ends, table)))
            os.remove(f"{folder}/f{i}.lab")
    return said


class Espeak:
    """The library, for its phoneme events: each says when a phoneme starts."""

    class Event(ctypes.Structure):
        _fields_ = [("type", ctypes.c_int), ("unique", ctypes.c_uint), ("text_position", ctypes.c_int), ("length", ctypes.c_int),
                    ("audio_ms", ctypes.c_int), ("sample", ctypes.c_int), ("user", ctypes.c_void_p), ("id", ctypes.c_char * 8)]

    def __init__(self):
        self.lib = ctypes.CDLL("libespeak-ng.so.1")
        self.rate = self.lib.espeak_Initialize(2, 0, None, 3)  # synchronous; phoneme events, in IPA
        self.samples, self.events = [], []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(self.Event))

        def hear(wav, count, event):
            if wav and count > 0:
                self.samples.append(np.ctypeslib.as_array(wav, (count,)).astype(np.float32) / 32768)
            i = 0
            while event[i].type != 0:  # the list ends so
                if event[i].type == 7:  # a phoneme
                    self.events.append((event[i].sample / self.rate, event[i].id.decode("utf-8", "ignore")))
                i += 1
            return 0

        self.hear = kind(hear)  # kept: the library calls it
        self.lib.espeak_SetSynthCallback(self.hear)

    def __call__(self, text, voice, words_per_minute=160, pitch=50):
        self.lib.espeak_SetVoiceByName(voice.encode())
        self.lib.espeak_SetParameter(1, int(words_per_minute), 0)
        self.lib.espeak_SetParameter(3, int(pitch), 0)
        self.samples, self.events = [], []
        raw = text.encode() + b"\0"
        self.lib.espeak_Synth(raw, ctypes.c_size_t(len(raw)), 0, 1, 0, 1, None, None)
        sound = np.concatenate(self.samples) if self.samples else np.zeros(1, np.float32)
        ends = [t for t, _ in self.events[1:]] + [len(sound) / self.rate]
        segments = [(end, name or "_") for (_, name), end in zip(self.events, ends)]
        phones, last = [], 0.0
        for (end, name), (start, _) in zip(segments, self.events):
            for a, b, cls, shut in ph.phones_of([(end - start, name)], ph.IPA):
                phones.append((start + a, start + b, cls, start + shut))
            if name == "_" and end - start > 0.06:  # shorter ones are tones and stresses
                phones.append((start, end, "sil", end))
            last = end
        return resample(sound, self.rate, 48000), phones if last else []
