#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sound that the lips learn from and are judged on -> a file of network inputs and targets.

    gather.py data.npz [--noise] [--sung] [--synthetic] [--mandarin DIR] [--emodb DIR] [--ravdess DIR] [--prompts DIR]

Each piece: group (what is held back together), kind ('train', 'clean': unspoilt real speech that is judged when its group
is held back, 'test': never trained on), x [frame][41], y [frame][11], known [frame][11] (0..1, weight of the target),
classes [frame], phones, path. Targets are those of phones.py and `voice`: 1 where somebody speaks.
"""
import argparse
import glob
import os
import tempfile

import numpy as np

import phones as ph
import sounds
import voices
from align import Aligner
from inputs import Inputs

N_TARGET = ph.N_OUT + 1  # and voice
VOICE = ph.N_OUT
LONGEST_STOP = 0.2  # s: a longer pause is no speech


def runs(on):
    """[(start, end)] of the stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
    return list(zip(edges[::2], edges[1::2]))


def voice_of_phones(phones, frames):
    silent = np.ones(frames, bool)
    for a, b, cls, _ in phones:
        if cls != "sil":
            silent[int(a * 100):int(np.ceil(b * 100))] = False
    voice = np.ones(frames, np.float32)
    for a, b in runs(silent):
        if b - a >= 100 * LONGEST_STOP or a == 0 or b == frames:
            voice[a:b] = 0
    return voice


def voice_of_loudness(db):
    """For clean recordings without phone times."""
    loud = np.percentile(db, 95)
    floor = np.percentile(db, 5)
    on = db > max(loud - 32, floor + 8)
    voice = np.zeros(len(db), np.float32)
    for a, b in runs(on):
        voice[max(0, a - 2):b + 2] = 1
    for a, b in runs(voice < 0.5):
        if b - a < 100 * LONGEST_STOP and a > 0 and b < len(db):
            voice[a:b] = 1
    return voice


def captured(folder, name, speed, frames):
    """The face that was filmed, at 30 Hz, on our frames; and what of it is known."""
    channel = [line.strip() for line in open(folder + "/channels.txt")]
    raw = np.load(f"{folder}/{name}.npy").astype(np.float32)
    c = lambda *names: np.mean([raw[:, channel.index(n)] for n in names], axis=0)
    both = lambda n: c(n + "_l", n + "_r")
    # This capture spells a rounded mouth in two ways, from one recording to the next: pucker and oo, or oh; and a
    # pressed one as press or as lips drawn in.
    press = both("mouth_press") + c("mouth_suck_dl", "mouth_suck_dr") + c("mouth_suck_ul", "mouth_suck_ur")
    y = {"jaw": 1.05 * c("mouth_stretch_c"), "pucker": both("mouth_pucker") + c("mouth_oo_c") + 0.45 * c("mouth_oh_c"),
         "funnel": c("mouth_funnel_dl", "mouth_funnel_dr", "mouth_funnel_ul", "mouth_funnel_ur") + 0.45 * c("mouth_oh_c"),
         "press": press, "upper": 1.3 * both("mouth_upperLipRaise"), "lower": 1.3 * both("mouth_lowerLipDepress")}
    at = np.arange(frames) / 100.0 * speed
    out, known = np.zeros((frames, N_TARGET), np.float32), np.zeros((frames, N_TARGET), np.float32)
    for n, curve in y.items():
        k = ph.NAMES.index(n)
        out[:, k] = np.interp(at, np.arange(len(curve)) / 30.0, np.clip(curve, 0, 1))
        known[:, k] = 1
    # Lips that are drawn in touch; lips with an open jaw do not; of the rest nobody knows.
    jaw, k = out[:, ph.NAMES.index("jaw")], ph.NAMES.index("closure")
    pressed = out[:, ph.NAMES.index("press")] > 0.12
    out[pressed, k] = 1
    known[:, k] = pressed | (jaw > 0.15)
    return out, known


class Gatherer:
    def __init__(self, inputs, rng, backgrounds):
        self.inputs, self.rng, self.backgrounds, self.pieces = inputs, rng, backgrounds, []

    def add(self, group, kind, sound, phones, path="", face=None, speed=1.0, rough=None):
        """speed: by which sound was made faster already; rough: spoil it (as a rule: all that is not judged)."""
        rough = kind == "train" if rough is None else rough
        if len(sound) < 4800:
            return
        clean_db = self.inputs(sound)[1] if phones is None else None
        x, _ = self.inputs(sounds.roughen(sound, self.rng, self.backgrounds) if rough else sound)
        frames = len(x)
        y, known = np.zeros((frames, N_TARGET), np.float32), np.zeros((frames, N_TARGET), np.float32)
        classes = np.full(frames, -1, np.int64)
        if face:
            y, known = captured(face, path, speed, frames)
        if phones is None:
            y[:, VOICE], known[:, VOICE] = voice_of_loudness(clean_db), 1
        else:
            y[:, :ph.N_OUT], known[:] = ph.curves(phones, frames), 1
            y[:, VOICE] = voice_of_phones(phones, frames)
            classes = ph.classes_at(phones, frames)
        self.pieces.append(dict(group=group, kind=kind, x=x.astype(np.float16), y=y.astype(np.float16),
                                known=known.astype(np.float16), classes=classes.astype(np.int8), phones=phones, path=path))

    def add_voice(self, group, kind, said, path, times=1):
        """One that was synthesised: with silence round it, at several sizes of the speaker."""
        sound, phones = said
        if not phones:
            return
        for _ in range(times):
            speed = self.rng.uniform(0.84, 1.2) if kind == "train" else 1.0
            lead, tail = self.rng.uniform(0.1, 0.7), self.rng.uniform(0.2, 0.6)
            s = sounds.faster(sound, speed) if speed != 1 else sound
            s = np.concatenate([np.zeros(int(lead * 48000), np.float32), s, np.zeros(int(tail * 48000), np.float32)])
            p = [(lead + a / speed, lead + b / speed, c, lead + e / speed) for a, b, c, e in phones]
            self.add(group, kind, s, [(0.0, p[0][0], "sil", 0.0)] + p + [(p[-1][1], len(s) / 48000, "sil", 0.0)], path)


def without_voice(g, folder, rng):
    makers = [sounds.breath, sounds.clicks, sounds.hum, sounds.tones, lambda s, r: sounds.coloured(int(s * 48000), r.uniform(0, 2), r) *
              r.uniform(0.001, 0.2)]
    for i in range(100):
        lead = np.zeros(int(rng.choice([0, rng.uniform(0, 1)]) * 48000), np.float32)
        x = np.concatenate([lead, sounds.music(rng.uniform(6, 12), rng, folder)])
        g.add("music", "test" if i >= 80 else "train", x.astype(np.float32), [], f"song {i}", rough=i < 40)
    for i in range(100):
        x = np.concatenate([makers[i % 5](rng.uniform(3, 6), rng), np.zeros(4800, np.float32)]).astype(np.float32)
        g.add("noise", "test" if i >= 80 else "train", x, [], f"noise {i}", rough=i < 40)


def held_vowels(g, folder, rng):
    for i in range(90):
        sound, phones = sounds.sung(rng.uniform(5, 9), rng)
        g.add("sung", "train", sound, phones, f"sung {i}", rough=i < 30)


def with_a_face(g, folder, rng, data):
    for path in sorted(glob.glob(data + "/*.flac")):
        name, sound = os.path.basename(path)[:-5], sounds.load(path)
        g.add("zh" + name, "clean", sound, None, name, data, rough=False)
        for speed in (1.0, 0.88, 1.14):
            g.add("zh" + name, "train", sounds.faster(sound, speed) if speed != 1 else sound, None, name, data, speed)


def with_phones(g, folder, rng, data):
    for path in sorted(glob.glob(data + "/*.lablaut")):
        sound, phones = sounds.load(path.replace(".lablaut", ".flac")), ph.emodb_phones(path)
        if not phones:
            continue
        group, name = "de" + os.path.basename(path)[:2], os.path.basename(path)[:-8]
        g.add(group, "clean", sound, phones, name, rough=False)
        for speed in rng.uniform(0.84, 1.2, 2):
            p = [(a / speed, b / speed, c, e / speed) for a, b, c, e in phones]
            g.add(group, "train", sounds.faster(sound, speed), p, name)


def synthetic(g, folder, rng):
    for voice in voices.FLITE:
        for text in voices.sentences("en"):
            g.add_voice("flite", "train", voices.flite(text, voice, folder, rng.uniform(0.85, 1.3)), voice)
    for voice, (language, _, _) in voices.FESTIVAL.items():
        for said in voices.festival(voices.sentences(language), voice, folder):
            g.add_voice("festival", "test" if language == "ca" else "train", said, voice, 1 if language in ("en", "ca") else 2)
    espeak = voices.Espeak()
    for language in ("en-us", "de", "es", "it", "fr", "cmn-latn-pinyin", "fi", "cs", "pt", "nl"):
        tested = language in ("pt", "nl")
        for i, text in enumerate(voices.sentences("en" if language == "en-us" else language)):
            variant = voices.ESPEAK[(i + len(language)) % len(voices.ESPEAK)]
            said = espeak(text, f"{language}+{variant}", rng.uniform(125, 200), rng.uniform(25, 75))
            g.add_voice("espeak " + language, "test" if tested else "train", said, variant)


def prompts(g, folder, rng, data):
    """Real voices of telephone systems, without phone times: for `voice` alone."""
    paths = sorted(p for p in glob.glob(data + "/*/*.wav") if 30000 < os.path.getsize(p) < 300000)
    for path in rng.permutation(paths)[:90]:
        sound = sounds.load(path)
        sound = np.concatenate([np.zeros(int(rng.uniform(0.1, 0.6) * 48000), np.float32), sound, np.zeros(9600, np.float32)])
        language = os.path.basename(os.path.dirname(path))[:2]
        g.add("prompts " + language, "test" if language == "fr" else "train", sound, None, os.path.basename(path))


def known_sentences(g, folder, rng, data):
    """RAVDESS, judged only: two sentences teach little, and its licence forbids commerce."""
    templates = {text: [voices.flite(text, voice, folder) for voice in voices.FLITE] for text in Aligner.TEXTS}
    for voice in [v for v, (language, _, _) in voices.FESTIVAL.items() if language == "en"]:
        for text, said in zip(Aligner.TEXTS, voices.festival(Aligner.TEXTS, voice, folder)):
            templates[text].append(said)
    aligner = Aligner(templates, g.inputs)
    for path in sorted(glob.glob(data + "/**/*.flac", recursive=True))[::8]:
        name, sound = os.path.basename(path)[:-5], sounds.load(path)
        g.add("ravdess", "test", sound, aligner(sound, Aligner.TEXTS[int(name.split("-")[4]) - 1]), name, rough=False)


SOURCES = {"noise": (without_voice, None), "sung": (held_vowels, None), "synthetic": (synthetic, None), "mandarin": (with_a_face, "mandarin"),
           "emodb": (with_phones, "emodb"), "prompts": (prompts, "prompts"), "ravdess": (known_sentences, "ravdess")}


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("out")
    for name in ("mandarin", "emodb", "ravdess", "prompts"):
        a.add_argument("--" + name, metavar="DIR")
    a.add_argument("--noise", action="store_true")
    a.add_argument("--sung", action="store_true")
    a.add_argument("--synthetic", action="store_true")
    args = a.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        g = Gatherer(Inputs(folder), rng, [sounds.music(10, rng, folder) for _ in range(8)])
        for name, (source, folder_name) in SOURCES.items():
            if value := getattr(args, name):
                source(g, folder, rng, *([value] if folder_name else []))
                print(f"{name}: {len(g.pieces)} pieces so far, {sum(len(p['x']) for p in g.pieces) / 6000:.1f} minutes", flush=True)
    np.savez(args.out, pieces=np.array(g.pieces, dtype=object))


if __name__ == "__main__":
    main()
