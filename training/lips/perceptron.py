#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the smaller network of motion/lips.h and writes motion/lips_perceptron_weights.inc.

    /usr/bin/python3 training/lips/perceptron.py --mandarin DIR --emodb DIR [--judge | --write]

Needs numpy, ffmpeg, flite and a compiler. --judge trains five times, each time without one Mandarin recording and one
or two German speakers, and prints how well the unheard ones are met; --write trains on everything and writes the weights.

What it learns from (none of it travels with the product, only the fitted numbers do):
- DIR of five Mandarin recordings with a face captured at 30 Hz (FACEGOOD audio2face, MIT): jaw, pucker, funnel, press,
  lip raise and depress as they were.
- EMO-DB (Burkhardt et al. 2005): eight German speakers, seven moods, hand-made phone times. In its .lablaut files the
  time of a row is where the phone STARTS.
- English sentences spoken by flite's four voices with exact phone times (-psdur).
For the latter two the curves come from phone times by dominance functions (Cohen and Massaro 1993) over the targets of
phones.py, which are set by eye and by the captured jaw.
"""
import argparse
import glob
import os
import re
import subprocess
import tempfile

import numpy as np

import phones as ph
from inputs import Inputs
from sounds import faster, load

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(os.path.dirname(os.path.dirname(HERE)), "src")

NAMES, N_OUT = ph.NAMES, ph.N_OUT
N_IN = 21
OFFSETS = [-12, -9, -7, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6]  # frames; lips_perceptron.cc has the same
HIDDEN = [96, 48]
# A network that is not sure says something in between. What it says is stretched again: (value - least) * gain; the lips
# touch for what is a closure more likely than not. lips_perceptron.cc has the same.
LEAST = np.array([.03, 0, 0, 0, 0, 0, 0, .03, 0, .18], np.float32)
GAIN = np.array([1.4, 1.1, 1.3, 1.3, 1, 1.2, 1.2, 1.3, 1, 3.7], np.float32)

# -- phones ------------------------------------------------------------------------------------------------------------
# How each source spells the classes of sounds stands in phones.py. To this network ng is a k.
GERMAN = {**ph.EMODB, "N": "k"}
ENGLISH = {**ph.ENGLISH, "ng": "k"}


# -- sound -------------------------------------------------------------------------------------------------------------
def roughen(x, rng):
    """Another microphone, another room: level, tilt, telephone band, noise."""
    x = x * 10 ** rng.uniform(-1.2, 0.3)
    spectrum = np.fft.rfft(x)
    hz = np.fft.rfftfreq(len(x), 1 / 48000)
    knots = np.interp(np.log2(hz + 30), np.linspace(5, 14, 7), rng.normal(0, 3.0, 7))
    gain = 10 ** (knots / 20)
    if rng.random() < 0.15:
        gain = gain * np.where((hz > 300) & (hz < 3400), 1, 0.01)
    x = np.fft.irfft(spectrum * gain, len(x)).astype(np.float32)
    if rng.random() < 0.6:
        noise = rng.normal(0, 1, len(x)).astype(np.float32)
        if rng.random() < 0.7:  # brown-ish
            noise = np.fft.irfft(np.fft.rfft(noise) / np.maximum(hz, 100) ** 0.5, len(x)).astype(np.float32)
        noise *= np.sqrt((x ** 2).mean() / (noise ** 2).mean()) * 10 ** (-rng.uniform(12, 40) / 20)
        x = x + noise
    return x.astype(np.float32)


def halved(x):
    """Inputs of 41 values -> of 21: two mel bands each, and voicing."""
    return np.concatenate([0.5 * (x[:, 0:40:2] + x[:, 1:40:2]), x[:, 40:41]], 1)


def flite_phones(text):
    """What flite's -psdur prints: a name and its end for each."""
    return ph.phones_of([(float(end), name) for name, end in (item.rsplit(":", 1) for item in text.split())], ENGLISH)


# -- data --------------------------------------------------------------------------------------------------------------
def captured(folder, name, speed, frames):
    channel = [l.strip() for l in open(folder + "/channels.txt")]
    raw = np.load(f"{folder}/{name}.npy").astype(np.float32)
    c = lambda *names: np.mean([raw[:, channel.index(n)] for n in names], axis=0)
    both = lambda n: c(n + "_l", n + "_r")
    t = np.arange(frames) / 100.0 * speed
    # This capture spells a rounded mouth in two ways, from one recording to the next: pucker and oo, or oh.
    y = {"jaw": 1.05 * c("mouth_stretch_c"), "pucker": both("mouth_pucker") + c("mouth_oo_c") + 0.45 * c("mouth_oh_c"),
         "funnel": c("mouth_funnel_dl", "mouth_funnel_dr", "mouth_funnel_ul", "mouth_funnel_ur") + 0.45 * c("mouth_oh_c"),
         "upper": 1.3 * both("mouth_upperLipRaise"), "lower": 1.3 * both("mouth_lowerLipDepress")}
    out, known = np.zeros((frames, N_OUT), np.float32), np.zeros(N_OUT, np.float32)
    for n, curve in y.items():
        out[:, NAMES.index(n)] = np.interp(t, np.arange(len(curve)) / 30.0, np.clip(curve, 0, 1))
        known[NAMES.index(n)] = 1
    return out, known


SENTENCES = [l.strip() for l in open(HERE + "/sentences/perceptron.txt") if l.strip() and not l.startswith("#")]


def gather(args, inputs):
    """[dict(group, x, y, known, real)]: group is what is held back together; real: not roughened, not sped up."""
    rng = np.random.default_rng(1)
    out = []
    for path in sorted(glob.glob(args.mandarin + "/*.flac")):
        name = os.path.basename(path)[:-5]
        sound = load(path)
        for speed in (1.0, 0.86, 0.94, 1.07, 1.16):
            for rough in (False, True):
                if not rough and speed not in (1.0, 0.86, 1.16):
                    continue
                s = faster(sound, speed) if speed != 1 else sound
                x = halved(inputs(roughen(s, rng) if rough else s)[0])
                y, known = captured(args.mandarin, name, speed, len(x))
                out.append(dict(group="zh" + name, x=x, y=y, known=known, real=not rough and speed == 1, phones=None, path=path))
    for path in sorted(glob.glob(args.emodb + "/*.lablaut")):
        sound = load(path.replace(".lablaut", ".flac"))
        phones = ph.emodb_phones(path, GERMAN)
        if not phones:
            continue
        for speed in (1.0, rng.uniform(0.85, 1.18)):
            s = faster(sound, speed) if speed != 1 else sound
            x = halved(inputs(roughen(s, rng) if speed != 1 else s)[0])
            p = [(a / speed, b / speed, c, e / speed) for a, b, c, e in phones]
            out.append(dict(group="de" + os.path.basename(path)[:2], x=x, y=ph.curves(p, len(x)), known=np.ones(N_OUT, np.float32),
                            real=speed == 1, phones=p, path=path))
    for i, sentence in enumerate(SENTENCES):
        for voice in ("kal16", "awb", "rms", "slt"):
            wav = inputs.folder + "/s.wav"
            text = subprocess.run(["flite", "-voice", voice, "-t", sentence, "-psdur", "-o", wav], capture_output=True, text=True,
                                  check=True).stdout
            speed = rng.uniform(0.85, 1.2)
            x = halved(inputs(roughen(faster(load(wav), speed), rng))[0])
            p = [(a / speed, b / speed, c, e / speed) for a, b, c, e in flite_phones(text)]
            out.append(dict(group="en", x=x, y=ph.curves(p, len(x)), known=np.ones(N_OUT, np.float32), real=False, phones=p, path=wav))
    return out


# -- the network -------------------------------------------------------------------------------------------------------
WEIGHT = np.array([3, 1, 1.5, 1.5, .7, 1, 1, .7, .5, 1.2], np.float32)


def context(x):
    pad = np.concatenate([np.repeat(x[:1], 12, 0), x, np.repeat(x[-1:], 6, 0)])
    return np.concatenate([pad[12 + o:12 + o + len(x)] for o in OFFSETS], 1)


def train(data, epochs, seed=1):
    rng = np.random.default_rng(seed)
    x = np.concatenate([d["x"] for d in data])
    index = []  # row of each neighbour, so that the context is gathered per batch
    start = 0
    for d in data:
        k = np.arange(len(d["x"]))[:, None] + np.array(OFFSETS)[None]
        index.append(start + np.clip(k, 0, len(d["x"]) - 1))
        start += len(d["x"])
    index = np.concatenate(index)
    y = np.concatenate([d["y"] for d in data])
    m = np.concatenate([np.repeat((d["known"] * WEIGHT * (2.0 if d["group"][:2] == "zh" else 1.0))[None], len(d["x"]), 0) for d in data])
    sizes = [N_IN * len(OFFSETS)] + HIDDEN + [N_OUT]
    w = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in zip(sizes, sizes[1:])]
    w[-1] *= 0.3
    b = [np.zeros(s, np.float32) for s in sizes[1:]]
    params = w + b
    first, second = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params]
    step, batch = 0, 512
    total = epochs * (len(x) // batch)
    for epoch in range(epochs):
        order, loss = rng.permutation(len(x)), 0.0
        for i in range(0, len(x) - batch + 1, batch):
            rows = order[i:i + batch]
            h = [x[index[rows]].reshape(batch, -1)]
            for j in range(len(w)):
                z = h[-1] @ w[j] + b[j]
                h.append(np.maximum(z, 0) if j + 1 < len(w) else z)
            error = (h[-1] - y[rows]) * m[rows]
            loss += float((error * (h[-1] - y[rows])).mean())
            g = error / batch
            grads = [None] * len(params)
            for j in reversed(range(len(w))):
                grads[j] = h[j].T @ g
                grads[len(w) + j] = g.sum(0)
                if j:
                    g = (g @ w[j].T) * (h[j] > 0)
            step += 1
            rate = 2.5e-3 * 0.5 * (1 + np.cos(np.pi * step / total))
            for p, g1, u, v in zip(params, grads, first, second):  # Adam
                u += 0.1 * (g1 - u)
                v += 0.001 * (g1 * g1 - v)
                p -= rate * (u / (1 - 0.9 ** step) / (np.sqrt(v / (1 - 0.999 ** step)) + 1e-8) + 1e-3 * p * (p.ndim == 2))
        print(f"  epoch {epoch} loss {loss / (len(x) // batch):.5f}", flush=True)
    return w, b


TAPS = np.array([1, 3, 5, 6, 5, 3, 1], np.float32) / 24  # lips.cc smooths with these
WEIGHTS = SRC + "/motion/lips_perceptron_weights.inc"


def predict(w, b, x):
    h = context(x)
    for j in range(len(w)):
        h = h @ w[j] + b[j]
        if j + 1 < len(w):
            h = np.maximum(h, 0)
    h = np.clip((h - LEAST) * GAIN, 0, 1)
    return np.stack([np.convolve(np.pad(h[:, i], 3, mode="edge"), TAPS, "valid") for i in range(N_OUT)], 1)


def correlation(a, b):
    return float(np.corrcoef(a, b)[0, 1]) if a.std() > 1e-6 and b.std() > 1e-6 else float("nan")


def judge(w, b, held):
    for d in held:
        if d["group"][:2] != "zh" or not d["real"]:
            continue
        p = predict(w, b, d["x"])
        line = d["group"]
        for n in ("jaw", "pucker", "funnel", "upper", "lower"):
            k = NAMES.index(n)
            by_lag = [correlation(np.roll(p[:, k], -lag)[50:-50], d["y"][50:-50, k]) for lag in range(-10, 11)]
            line += f"  {n} r {by_lag[10]:.3f} (best {np.nanmax(by_lag):.3f} when later by {(int(np.nanargmax(by_lag)) - 10) * 10} ms, " \
                    f"sd {p[:, k].std():.3f} of {d['y'][:, k].std():.3f})" if d["y"][:, k].std() > 1e-4 else ""
        print(line)
    german = [d for d in held if d["group"][:2] == "de" and d["real"]]
    if not german:
        return
    predictions = [predict(w, b, d["x"]) for d in german]
    p, y = np.concatenate(predictions), np.concatenate([d["y"] for d in german])
    print("de " + " ".join(f"{n} {correlation(p[:, k], y[:, k]):.2f}" for k, n in enumerate(NAMES)))
    means, touched, labials, false, others = {}, 0, 0, 0, 0
    best = {t: [0, 0] for t in (.5, .7, .9)}
    for d, q in zip(german, predictions):
        for a, e, cls, shut in d["phones"]:
            k = np.arange(int(np.ceil(a * 100)), int(e * 100) + 1)
            k = k[k < len(q)]
            if not len(k):
                continue
            means.setdefault(cls, []).append(q[k, 0].mean())
            wide = q[max(0, int(a * 100) - 4):int(e * 100) + 5, -1].max()
            for t in best:
                if cls in ph.LABIALS:
                    best[t][0] += wide > t
                elif cls in V and e - a > 0.06:
                    mid = q[min(int((a + e) * 50), len(q) - 1), -1]
                    best[t][1] += mid > t
            labials += cls in ph.LABIALS
            others += cls in V and e - a > 0.06
    print("   jaw by sound: " + " ".join(f"{c} {np.mean(v):.2f}" for c, v in sorted(means.items(), key=lambda i: -np.mean(i[1]))))
    print("   closure above t: " + "  ".join(f"t={t}: {h / labials:.2f} of p b m, {f / others:.3f} of vowels" for t, (h, f) in best.items()))


def write(w, b, path):
    scale = 4096
    with open(path, "w") as f:
        f.write("// SPDX-License-Identifier: Apache-2.0\n// Written by training/lips/perceptron.py, which says from what. Units of 1/4096.\n// clang-format off\n")
        for j in range(len(w)):
            for kind, p in (("Weights", w[j]), ("Biases", b[j])):  # [input][output]
                q = np.round(p.ravel() * scale).astype(int)
                assert np.abs(q).max() < 32768
                f.write(f"constexpr int16_t k{kind}{j + 1}[{len(q)}] = {{\n")
                line = ""
                for v in q:
                    if len(line) + len(str(v)) > 116:
                        f.write(line + "\n")
                        line = ""
                    line += f"{v},"
                f.write(line + "};\n")
        f.write("// clang-format on\n")


def read(path):
    """What write() wrote."""
    rows = [np.array([int(v) for v in re.sub(r"\s", "", m).strip(",").split(",")], np.float32) / 4096
            for m in re.findall(r"= \{([^}]*)\}", open(path).read())]
    sizes = [N_IN * len(OFFSETS)] + HIDDEN + [N_OUT]
    return [rows[2 * j].reshape(sizes[j], sizes[j + 1]) for j in range(3)], rows[1::2]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--mandarin", required=True)
    a.add_argument("--emodb", required=True)
    a.add_argument("--judge", action="store_true")
    a.add_argument("--write", action="store_true")
    a.add_argument("--epochs", type=int, default=30)
    a.add_argument("--folds", type=int, default=5)
    a.add_argument("--cache", default="")
    a.add_argument("--keep", default="", help="where --judge keeps what was said of held-back recordings, for both.py")
    args = a.parse_args()
    if args.cache and os.path.exists(args.cache):
        data = list(np.load(args.cache, allow_pickle=True)["data"])
    else:
        with tempfile.TemporaryDirectory() as folder:
            data = gather(args, Inputs(folder))
        if args.cache:
            np.savez(args.cache, data=np.array(data, dtype=object))
    print(f"{len(data)} recordings, {sum(len(d['x']) for d in data) / 6000:.1f} minutes")
    if args.judge:
        speakers = sorted({d["group"] for d in data if d["group"][:2] == "de"})
        recordings = sorted({d["group"] for d in data if d["group"][:2] == "zh"})
        kept = {}
        for fold in range(args.folds):
            out = {recordings[fold], *speakers[fold::5]}
            print("without", sorted(out))
            w, b = train([d for d in data if d["group"] not in out], args.epochs)
            held = [d for d in data if d["group"] in out]
            judge(w, b, held)
            kept.update({os.path.basename(d["path"]).split(".")[0]: predict(w, b, d["x"]) for d in held if d["real"]})
        if args.keep:
            np.savez(args.keep, **kept)
    if args.write:
        w, b = train(data, args.epochs)
        judge(w, b, data)
        write(w, b, WEIGHTS)


if __name__ == "__main__":
    main()
