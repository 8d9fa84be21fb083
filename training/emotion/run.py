# SPDX-License-Identifier: Apache-2.0
"""Everything, from the folder of data to the weights in the product:

    python training/emotion/run.py DATA [--cache FOLDER] [--only-judge]

Fits and judges five networks, each on four fifths of the speakers, writes tables.md and confusion.png beside this file,
then fits one on all speakers and writes assets/emotion/emotion.bin. Some minutes on one core; the same data give the
same file.
"""
import argparse
from pathlib import Path

import numpy as np

import corpus
import network
import stream
from corpus import EMOTIONS
from export import as_shipped, export

HERE = Path(__file__).resolve().parent
CORPORA = {"ravdess": range(7), "emodb": range(6)}
MODES = ("cold", "session", "known")
NEUTRAL = EMOTIONS.index("neutral")
# A mood that the face shows by half or more (src/motion/shown_mood.cc).
SHOWN = np.array([0.50 if e in ("happy", "sad") else 0.625 for e in EMOTIONS])


def recall(truth, said):
    """Unweighted average recall."""
    return np.mean([(said[truth == c] == c).mean() for c in sorted(set(truth))])


def confusion(truth, said):
    table = np.zeros((7, 7), int)
    np.add.at(table, (truth, said), 1)
    return table


def windows(net, utterances, seed=0):
    """Every estimate of sessions in which twelve utterances of one speaker follow each other in random order, one second
    apart: (true emotion, smoothed probabilities) where somebody spoke."""
    rng = np.random.default_rng(seed)
    silence = np.zeros((100, 43), np.float32)
    silence[:, :40], silence[:, 40] = -23.03, -100
    out = []
    for speaker in sorted({u.speaker for u in utterances}):
        session = stream.Session(net)
        mine = [u for u in utterances if u.speaker == speaker]
        for i in rng.permutation(len(mine))[:12]:
            said = session.listen(np.concatenate([mine[i].frames, silence]))
            out += [(mine[i].emotion, p) for _, p, spoken in said if spoken]
    return np.array([e for e, _ in out]), np.array([p for _, p in out])


def judge(fold, acted, learnt, tested):
    """A network without the speakers of one fold, on those speakers: probabilities in each mode, and windows of acted and
    of synthetic speech."""
    heard, fold_of = [network.Heard(u) for u in acted], corpus.fold_of(acted)
    others = [h for h, f in zip(heard, fold_of) if f != fold] + [network.Heard(u) for u in learnt]
    net, test = as_shipped(network.fit(others)), np.flatnonzero(fold_of == fold)
    p = {m: network.predict(net, [heard[i] for i in test], m) for m in MODES}
    print(fold, {m: [round(recall(*_part(acted, test, p[m], c)), 3) for c in CORPORA] for m in MODES}, flush=True)
    return test, p, windows(net, [acted[i] for i in test]), windows(net, tested)


def _part(acted, test, p, which):
    mine = np.array([acted[i].corpus == which for i in test])
    return np.array([acted[i].emotion for i in test])[mine], p[mine].argmax(axis=1)


def together(acted, judged):
    """The folds as one: truth, corpus, fold, probabilities in each mode, windows."""
    p = {m: np.zeros((len(acted), 7)) for m in MODES}
    for test, q, _, _ in judged:
        for m in MODES:
            p[m][test] = q[m]
    return (np.array([u.emotion for u in acted]), np.array([u.corpus for u in acted]), corpus.fold_of(acted), p,
            [j[2] for j in judged], [j[3][1] for j in judged])


def tables(truth, of, fold, p, alarms, synthetic):
    lines = ["| unweighted average recall | RAVDESS, 7 classes | EMO-DB, 6 classes |", "| --- | --- | --- |"]
    words = {"known": "the speaker is known (all his utterances were heard before)",
             "session": "as in a session: his utterances come one after the other, in random order",
             "cold": "cold: nothing but this utterance was ever heard of him"}
    for m in ("known", "session", "cold"):
        row = [f"{recall(truth[of == c], p[m][of == c].argmax(axis=1)):.3f}" for c in CORPORA]
        lines.append(f"| {words[m]} | {row[0]} | {row[1]} |")
    lines += ["", "Each fold, as in a session:", "", "| fold | RAVDESS | EMO-DB |", "| --- | --- | --- |"]
    for f in range(corpus.FOLDS):
        row = [f"{recall(truth[(of == c) & (fold == f)], p['session'][(of == c) & (fold == f)].argmax(axis=1)):.3f}"
               for c in CORPORA]
        lines.append(f"| {f} | {row[0]} | {row[1]} |")
    e, q = np.concatenate([a[0] for a in alarms]), np.concatenate([a[1] for a in alarms])
    shown = (q >= SHOWN) & (np.arange(7) != NEUTRAL)
    false = shown[e == NEUTRAL].any(axis=1).mean()
    right = np.mean([shown[e == c, c].mean() for c in range(7) if c != NEUTRAL])
    wrong = np.mean([(shown[e == c].any(axis=1) & ~shown[e == c, c]).mean() for c in range(7) if c != NEUTRAL])
    s = np.concatenate(synthetic)
    calm = ((s >= SHOWN) & (np.arange(7) != NEUTRAL)).any(axis=1).mean()
    lines += ["", "Estimates of a running session, twice a second, smoothed (sentences of two or three seconds, every one in"
              " another mood, so that most of them end before the mood has settled):", "",
              "| | share of estimates |", "| --- | --- |",
              f"| neutral speech shown as something else | {100 * false:.1f} % |",
              f"| synthetic voices never heard before, shown as something else | {100 * calm:.1f} % |",
              f"| emotional speech shown as what it is | {100 * right:.1f} % |",
              f"| emotional speech shown as another emotion | {100 * wrong:.1f} % |"]
    for c in CORPORA:
        lines += ["", f"{c}, as in a session; rows are what was acted, columns what was heard:", "",
                  "| | " + " | ".join(EMOTIONS) + " |", "| --- |" + " --- |" * 7]
        table = confusion(truth[of == c], p["session"][of == c].argmax(axis=1))
        lines += [f"| {EMOTIONS[r]} | " + " | ".join(str(n) for n in table[r]) + " |" for r in CORPORA[c]]
    return "\n".join(lines) + "\n"


def plot(truth, of, p):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 4.2), constrained_layout=True)
    for axis, c in zip(axes, CORPORA):
        table = confusion(truth[of == c], p["session"][of == c].argmax(axis=1))[list(CORPORA[c])]
        share = table / table.sum(axis=1, keepdims=True)
        axis.imshow(share, vmin=0, vmax=1, cmap="Blues")
        for (row, column), v in np.ndenumerate(share):
            axis.text(column, row, f"{100 * v:.0f}", ha="center", va="center", color="white" if v > 0.5 else "black")
        axis.set_xticks(range(7), EMOTIONS, rotation=45, ha="right")
        axis.set_yticks(range(len(share)), [EMOTIONS[r] for r in CORPORA[c]])
        axis.set_title(f"{c}: acted (rows), heard, %")
    figure.savefig(HERE / "confusion.png", dpi=70)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("data", help="the folder that holds speech-emotion/")
    options.add_argument("--cache", default=HERE / "cache", help="where frames are kept")
    options.add_argument("--only-judge", action="store_true")
    options.add_argument("--only-fit", action="store_true")
    o = options.parse_args()
    acted = corpus.load(o.data, o.cache)
    learnt, tested = corpus.load_synthetic("train", o.cache), corpus.load_synthetic("test", o.cache)
    if not o.only_fit:
        judged = together(acted, [judge(f, acted, learnt, tested) for f in range(corpus.FOLDS)])
        text = tables(*judged)
        print(text)
        (HERE / "tables.md").write_text(text)
        plot(*judged[:2], judged[3])
    if not o.only_judge:
        export(network.fit([network.Heard(u) for u in acted + learnt]))


if __name__ == "__main__":
    main()
