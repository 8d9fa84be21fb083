#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The two networks of the lips alone and together, on voices that neither heard: the table of README.md.

    perceptron.py ... --judge --epochs 15 --keep perceptron.npz
    convolution.py data.npz ... --judge --fold 1 4 --keep convolution
    both.py data.npz ... --perceptron perceptron.npz --convolution convolution.1 convolution.4

A fold's speakers and recordings are judged with networks that were fitted without them; what no network ever learns from
(RAVDESS, Portuguese, Dutch, Catalan, a fifth of music and noise) with the shipped perceptron and the first convolution.
"""
import argparse

import numpy as np
import torch

import convolution
import judge
import perceptron

NEVER = {"English, RAVDESS": ("ravdess",), "Portuguese, Dutch, Catalan": ("espeak pt", "espeak nl", "festival")}


def figures(said):
    f = judge.against_phones(said)
    at = " ".join(f"{judge.touch_where_vowels_close(said, share):.3f}" for share in (0.01, 0.02))
    r = " ".join(f"{f['r'][n]:.2f}" for n in ("jaw", "stretch", "pucker", "funnel", "press", "closure"))
    return (f"{f['labials']} labials: touch {f['touch']:.3f}, gap closes {f['gap closes within 40 ms']:.3f}, vowels closed "
            f"{f['vowels closed']:.4f}; touch where 1, 2 % of vowels close {at}; bitten: f v {f['f v bitten']:.2f}, others "
            f"{f['others bitten']:.4f}; open vowel / labial {f['open vowel / labial gap']}; r jaw stretch pucker funnel press "
            f"closure {r}")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data", nargs="+")
    a.add_argument("--perceptron", required=True)
    a.add_argument("--convolution", nargs="+", required=True)
    args = a.parse_args()
    torch.set_num_threads(1)
    pieces = [p for path in args.data for p in np.load(path, allow_pickle=True)["pieces"]]
    kept = np.load(args.perceptron)
    shipped = perceptron.read(perceptron.WEIGHTS)

    def heard_by_perceptron(piece):
        if piece["kind"] != "test":
            return kept[piece["path"]]
        x = piece["x"].astype(np.float32)
        return perceptron.predict(*shipped, perceptron.halved(x))

    for k, path in enumerate(args.convolution):
        out, state = torch.load(path, weights_only=False)[:2]
        net = convolution.Lips()
        net.load_state_dict(state)
        net.eval()
        ways = {"perceptron": [], "convolution": [], "both": []}
        for piece in pieces:
            if (piece["kind"] != "clean" or piece["group"] not in out) and (piece["kind"] != "test" or k > 0):
                continue
            if piece["kind"] == "clean" and piece["path"] not in kept:
                continue
            p, c = heard_by_perceptron(piece), convolution.curves(convolution.said_of(net, piece["x"]))
            n = min(len(p), len(c))
            piece = dict(piece, y=piece["y"][:n])
            for way, curves in (("perceptron", p[:n]), ("convolution", c[:n]), ("both", judge.both(p[:n], c[:n]))):
                ways[way].append((piece, curves))
        print("without", sorted(out))
        for way, said in ways.items():
            of = lambda *starts: [(d, p) for d, p in said if d["group"].startswith(starts)]
            print(way)
            print("  German:", figures(of("de")))
            for name, row in judge.against_face(of("zh")).items():
                print("  captured face:", name, {n: tuple(map(float, v)) for n, v in row.items()})
            if k == 0:
                for name, starts in NEVER.items():
                    print(f"  {name}:", figures(of(*starts)))
                for name in ("music", "noise"):
                    print(f"  {name}:", judge.against_noise([(d, p[:, :judge.VOICE]) for d, p in of(name)]))


if __name__ == "__main__":
    main()
