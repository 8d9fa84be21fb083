#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Films people who speak, with one or more builds of the product, and measures the finished videos from the outside.

    film.py --shared DIR --mesh DIR --worker before=BIN --worker now=BIN --videos DIR [--plot gap.png]

DIR of --shared holds tools/talkscore.py and the recordings it is used on (data/; not every checkout has it); --mesh is the
folder of the npm package @mediapipe/face_mesh, whose networks talkscore finds the mouth with. Three languages, two portraits
each; and the four clips of the GRID corpus one by one, whose real mouth is drawn beside ours. A video that is there
already is not made again. Prints two Markdown tables. Needs numpy, OpenCV, matplotlib, ffmpeg, flite and a C++ compiler.
"""
import argparse
import importlib.util
import os
import subprocess
import tempfile

import numpy as np

import phones as ph
import sounds
import voices
from align import Aligner
from inputs import Inputs

HERE = os.path.dirname(os.path.abspath(__file__))
RATE = 48000
PORTRAITS = ("female_18", "male_14")
GRID = {"bbaf2n": "bin blue at f two now", "lbax4n": "lay blue at x four now", "pwij3p": "place white in j three please",
        "sbwe5n": "set blue with e five now"}
EMODB = ("08a01Na", "08a02Na", "08b01Na", "08b02Nb", "08b03Nb")
MANDARIN, MANDARIN_AT = "2_02", (0, 12)  # s
KEEP = ("closure_recall", "vowel_open_ratio", "av_corr", "av_lag_ms", "lip_sync_diff", "lip_dynamics", "lip_open_std",
        "lip_open_p95", "silent_lip_mad", "jitter")


def in_a_row(parts):
    """[(sound, phones or None)] -> one of both."""
    sound, found, at = [], [], 0.0
    for s, phones in parts:
        found += [(a + at, b + at, c) for a, b, c, *_ in phones or []]
        sound.append(s)
        at += len(s) / RATE
    return np.concatenate(sound), found


def grid_phones(folder, recordings):
    """Phone times of GRID's sentences, by laying synthetic voices over them."""
    inputs = Inputs(folder)
    aligner = Aligner({t: [voices.flite(t, v, folder) for v in voices.FLITE] for t in GRID.values()}, inputs)
    times = {name: aligner(sound, GRID[name]) for name, sound in recordings.items()}
    for phones in times.values():  # nobody hears when a first sound's lips close: its last 0.1 s
        a, b, *rest = phones[1]
        phones[1] = (max(a, b - 0.1), b, *rest)
    return times


def spoken(shared, folder):
    """{name: (sound, phones)}: what is said in the videos."""
    data = shared + "/data"
    grid = {n: sounds.load(f"{data}/talking/{n}.mpg") for n in GRID}
    times = grid_phones(folder, grid)
    emodb = [(sounds.load(f"{data}/speech-emotion/emodb/{n}.flac"), ph.emodb_phones(f"{data}/speech-emotion/emodb/{n}.lablaut"))
             for n in EMODB]
    first, end = (int(t * RATE) for t in MANDARIN_AT)
    said = {"English": in_a_row([(grid[n], times[n]) for n in GRID]), "German": in_a_row(emodb),
            "Mandarin": (sounds.load(f"{data}/audio2face-mandarin/{MANDARIN}.flac")[first:end], [])}
    said.update({n: (grid[n], [p[:3] for p in times[n]]) for n in GRID})
    return said


def film(worker, picture, sound, out):
    if os.path.exists(out):
        return
    with tempfile.TemporaryDirectory() as folder:
        wav = folder + "/said.wav"
        subprocess.run(["ffmpeg", "-v", "error", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-", wav],
                       input=sound.astype("<f4").tobytes(), check=True)
        subprocess.run([worker, "render", "--picture", picture, "--speech", wav, "--quiet", "--out", out], check=True)


def plot(path, clips, phones):
    """clips: {name: [(label, gap per picture)]}, at 25 a second."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(len(clips), 1, figsize=(10, 2.1 * len(clips)), sharex=True)
    colours = ("black", "tab:red", "tab:blue", "tab:green")
    for axis, (name, lines) in zip(axes, clips.items()):
        for a, b, c in phones[name]:
            if c in ph.LABIALS:
                axis.axvspan(a, b, color="0.85", lw=0)
        for k, (label, gap) in enumerate(lines):
            axis.plot(np.arange(len(gap)) / 25, gap, color=colours[k], lw=2 if k == 0 else 1.2, label=label)
        axis.set_title(f"{GRID[name]} ({name})", fontsize=9, loc="left", pad=2)
        axis.set_xlim(0, 3)
        axis.set_ylim(0, 0.16)
        axis.tick_params(labelsize=8)
    axes[0].legend(fontsize=8, ncol=len(lines), loc="upper right")
    axes[-1].set_xlabel("s; grey: p, b, m", fontsize=8)
    figure.supylabel("gap between the lips / distance of the eyes", fontsize=8)
    figure.tight_layout(pad=0.4, rect=(0.025, 0, 1, 1))
    figure.savefig(path, dpi=72)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--shared", required=True)
    a.add_argument("--mesh", required=True)
    a.add_argument("--worker", action="append", required=True, metavar="NAME=BINARY")
    a.add_argument("--videos", required=True)
    a.add_argument("--plot")
    args = a.parse_args()
    spec = importlib.util.spec_from_file_location("talkscore", args.shared + "/tools/talkscore.py")
    talkscore = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(talkscore)
    tracker = talkscore.FaceTracker(args.mesh)
    workers = dict(w.split("=", 1) for w in args.worker)
    os.makedirs(args.videos, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        said = spoken(args.shared, folder)
        clips = args.shared + "/data/talking/"

        def measured(video, name):
            cache = f"{args.videos}/{os.path.basename(video)}.npy"
            if not os.path.exists(cache):
                with open(folder + "/phones", "w", encoding="ascii") as f:
                    f.writelines(f"{a:.3f} {b:.3f} {'AA' if c in ph.OPEN_VOWELS else 'IH' if c in ph.VOWELS else c}\n"
                                 for a, b, c in said[name][1])
                np.save(cache, talkscore.measure(video, tracker, folder + "/phones" if said[name][1] else None))
            return np.load(cache, allow_pickle=True).item()

        def filmed(tag, name, portrait):
            out = f"{args.videos}/{tag}_{name}_{portrait}.mp4"
            film(workers[tag], f"{args.shared}/data/portraits/{portrait}.jpg", said[name][0], out)
            return measured(out, name)

        cells = lambda m: " | ".join(str(m.get(k, "")) for k in KEEP)
        print("| | " + " | ".join(KEEP) + " |\n|" + " --- |" * (len(KEEP) + 1))
        for name in ("English", "German", "Mandarin"):
            for portrait in PORTRAITS:
                for tag in workers:
                    print(f"| {name}, {portrait}, {tag} | {cells(filmed(tag, name, portrait))} |", flush=True)
        print("\nGRID, each clip: correlation of our gap with the real one, at the best lag within 80 ms; that lag, ms; our "
              "swing over the real one\n")
        print("| clip | " + " | ".join(workers) + " |\n|" + " --- |" * (len(workers) + 1))
        lines = {}
        for name in GRID:
            real = measured(clips + name + ".mpg", name)
            lines[name], row = [("the speaker", real["_gap"])], []
            for tag in workers:
                gap = np.mean([filmed(tag, name, p)["_gap"][:75] for p in PORTRAITS], axis=0)
                n = min(len(gap), len(real["_gap"]))
                at = [np.corrcoef(np.roll(gap[:n], -lag)[3:-3], real["_gap"][3:n - 3])[0, 1] for lag in range(-2, 3)]
                best = int(np.argmax(at))
                row.append(f"{at[best]:.2f}; {40 * (best - 2)}; {gap[:n].std() / real['_gap'][:n].std():.2f}")
                lines[name].append((tag, gap))
            print(f"| {GRID[name]} | " + " | ".join(row) + " |", flush=True)
        for name in GRID:
            print(f"| {GRID[name]}, the speaker | {cells(measured(clips + name + '.mpg', name))} |")
        if args.plot:
            plot(args.plot, lines, {n: said[n][1] for n in GRID})


if __name__ == "__main__":
    main()
