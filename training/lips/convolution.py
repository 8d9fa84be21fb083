#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fits the larger network of motion/lips.h to what gather.py gathered, judges it and writes its weights.

    convolution.py data.npz ... --judge                      five fits, each without one captured recording and one or two speakers
    convolution.py data.npz ... --fold 1 --write convolution.bin   one fit without that fold: the one that ships
"""
import argparse
import time

import numpy as np
import torch
from torch import nn

import judge
import phones as ph
from gather import N_TARGET, VOICE
from inputs import N_IN

# The shape, as in motion/lips_convolution.h.
CHANNELS, FIRST_TAPS, TAPS = 64, 5, 3
DILATIONS = (1, 2, 4, 8, 1, 2, 4, 8)
WIDE = 16
REACH = 7  # frames after its moment that the network hears
SMOOTH = np.array([1, 2, 3, 2, 1], np.float32) / 9
PAST = FIRST_TAPS - 1 + (TAPS - 1) * sum(DILATIONS)
OPEN_BEFORE = 4  # frames
SILENCE = torch.tensor([-2.0] * (N_IN - 1) + [0.0])

BITE, CLOSURE = ph.NAMES.index("bite"), ph.NAMES.index("closure")
LOGITS = [BITE, CLOSURE, VOICE]  # yes or no; the others are sizes
SIZES = [i for i in range(N_TARGET) if i not in LOGITS]
WEIGHT = torch.tensor([3, 1, 2, 2, 1.2, 1, 1, 0, .5, 0, 0])
# What the network says -> a value: (said - least) * gain, clamped to 0..1.
LEAST = np.array([.02, 0, .02, .02, .02, 0, 0, -0.8, 0, -2.0, -2.5], np.float32)
GAIN = np.array([1.15, 1.1, 1.2, 1.2, 1.2, 1.2, 1.2, .3, 1.1, .40, .2], np.float32)


# How much more the captured face counts than curves of phone times.
FACE = torch.tensor([1.5, 1, 3, 3, 2, 1, 1, 1, 1, 1, 1])
AGREE = [ph.NAMES.index(n) for n in ("jaw", "pucker", "funnel")]
IS_VOWEL = torch.tensor([c in ph.VOWELS for c in ph.CLASS_NAMES] + [False])  # the last: of no class (-1)

# First broad and rough, then gentle and with an eye on the lips that touch; a mixture of both meets unheard languages
# better than either. From there the long one: held vowels among the rest, the captured face before the phone times,
# vowels kept apart from closures; what is kept is the running mean of its weights.
ROUGH = dict(steps=1500, batch=24, frames=300, rate=2e-3, warm=0.1, spoil=1.0, closure=(0.15, 2.5), bite=0.05,
             share={"zh": .24, "de": .36, "mu": .05, "no": .04, "pr": .04, "fl": .10, "fe": .10, "es": .07})
GENTLE = dict(steps=2000, batch=6, frames=240, rate=1.5e-3, warm=0.08, spoil=0.55, closure=(0.45, 2.0), bite=0.12,
              share={"zh": .26, "de": .48, "mu": .04, "no": .05, "pr": .03, "fl": .05, "fe": .06, "es": .03})
GENTLE_PART = 0.75
LONG = dict(steps=8000, batch=12, frames=240, rate=1.2e-3, warm=0.05, spoil=0.75, closure=(0.35, 2.2), bite=0.12,
            vowels=3.0, face=FACE, agree=0.04, mean=0.998,
            share={"zh": .32, "de": .32, "mu": .04, "no": .04, "pr": .03, "fl": .07, "fe": .07, "es": .05, "he": .05, "su": .03})


class Lips(nn.Module):
    """Causal: what it says at frame t is of frame t - REACH."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(N_IN, CHANNELS, FIRST_TAPS)
        self.blocks = nn.ModuleList([nn.Conv1d(CHANNELS, CHANNELS, TAPS, dilation=d) for d in DILATIONS])
        self.last = nn.Conv1d(CHANNELS, N_TARGET, 1)
        self.classes = nn.Conv1d(CHANNELS, len(ph.CLASS_NAMES), 1)  # helps to learn; does not travel

    def forward(self, x):  # [batch][N_IN][PAST + frames]
        h = torch.relu(self.first(x))
        for conv in self.blocks:
            z = torch.relu(conv(h))
            h = h[:, :, -z.shape[2]:] + z
        return self.last(h), self.classes(h)


def earlier(y):
    """The mouth gets ready: its door shall open before the first sound."""
    y = y.copy()
    voice = y[:, VOICE].copy()
    for shift in range(1, OPEN_BEFORE + 1):
        y[:-shift, VOICE] = np.maximum(y[:-shift, VOICE], voice[shift:])
    return y


def held_vowels(pieces, rng):
    """The pieces with phone times again, most of their vowels held for a while: the middle of each is walked through to
    and fro, a little louder and softer."""
    out = []
    for piece in pieces:
        if piece["kind"] != "train" or not piece["phones"]:
            continue
        order, last = [], 0
        for a, b, cls, _ in piece["phones"]:
            first, end = int(np.ceil((a + 0.35 * (b - a)) * 100)), int((a + 0.7 * (b - a)) * 100)
            if cls not in ph.VOWELS or end - first < 2 or end > len(piece["x"]) or first < last or rng.random() > 0.5:
                continue
            order.append(np.arange(last, first))
            walk = np.cumsum(rng.integers(-1, 2, int(rng.uniform(30, 250)))) % (2 * (end - first - 1))
            order.append(first + np.minimum(walk, 2 * (end - first - 1) - walk))
            last = end
        if order:
            order = np.concatenate([*order, np.arange(last, len(piece["x"]))])
            held = {k: piece[k][order] for k in ("x", "y", "known", "classes")}
            frames = len(order)
            knots = np.arange(0, frames + 20, 20)
            swell = np.interp(np.arange(frames), knots, rng.normal(0, 0.07, len(knots)))
            x = held["x"].astype(np.float32)
            x[:, :-1] = np.clip(x[:, :-1] + swell[:, None] + rng.normal(0, 0.03, (frames, N_IN - 1)), -2, 1.5)
            out.append(dict(held, x=x.astype(np.float16), group="held " + piece["group"]))
    return out


class Data:
    """Pieces in one row; segments() cuts random ones out."""

    def __init__(self, pieces, stage, rng):
        self.rng, self.spoilt = rng, stage["spoil"]
        if "he" in stage["share"]:
            pieces = pieces + held_vowels(pieces, rng)
        self.x = torch.from_numpy(np.concatenate([p["x"] for p in pieces]))
        self.y = torch.from_numpy(np.concatenate([earlier(p["y"]) for p in pieces]))
        self.known = torch.from_numpy(np.concatenate([p["known"] for p in pieces]))
        self.classes = torch.from_numpy(np.concatenate([p["classes"] for p in pieces]))
        lengths = np.array([len(p["x"]) for p in pieces])
        self.start = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self.length = lengths
        group = np.array([p["group"][:2] for p in pieces])
        self.chance = np.zeros(len(pieces))
        for g, s in stage["share"].items():
            on = group == g
            if on.any():
                self.chance[on] = s * lengths[on] / lengths[on].sum()
        self.chance /= self.chance.sum()

    def segments(self, count, frames):
        x = SILENCE.repeat(count, PAST + frames, 1)
        y, known = torch.zeros(count, frames, N_TARGET), torch.zeros(count, frames, N_TARGET)
        classes = torch.full((count, frames), -1, dtype=torch.int64)
        for i, k in enumerate(self.rng.choice(len(self.start), count, p=self.chance)):
            n, s = self.length[k], self.start[k]
            first = int(self.rng.integers(-20, max(1, n - frames + 20)))  # of the targets; what lies before the piece is silent
            from_ = first + REACH - PAST  # the first output hears from here
            a, b = max(0, from_), min(n, first + REACH + frames)
            x[i, a - from_:b - from_] = self.x[s + a:s + b].float()
            a, b = max(0, first), min(n, first + frames)
            y[i, a - first:b - first] = self.y[s + a:s + b].float()
            known[i, a - first:b - first] = self.known[s + a:s + b].float()
            classes[i, a - first:b - first] = self.classes[s + a:s + b].long()
        return self.spoil(x), y, known, classes

    def spoil(self, x):
        """Another microphone, another noise, another throat: on the bands, so that no two visits are alike."""
        rng, count = self.rng, len(x)
        bands = x[:, :, :-1]
        knots = self.spoilt * rng.normal(0, 0.11, (count, 6))
        tilt = np.stack([np.interp(np.linspace(0, 5, N_IN - 1), np.arange(6), k) for k in knots])
        tilt += rng.normal(0, 0.05, (count, 1))
        where = np.arange(N_IN - 1)[None] + self.spoilt * rng.normal(0, 0.035, (count, 1)) * np.arange(N_IN - 1)[None]
        where = np.clip(where, 0, N_IN - 2.001)
        low = torch.from_numpy(where.astype(np.int64))
        part = torch.from_numpy((where - np.floor(where)).astype(np.float32))[:, None]
        pick = lambda k: torch.gather(bands, 2, k[:, None].expand(-1, bands.shape[1], -1))
        bands = pick(low) * (1 - part) + pick(torch.clamp(low + 1, max=N_IN - 2)) * part
        bands = bands + torch.from_numpy(tilt.astype(np.float32))[:, None]
        floor = rng.uniform(-3.2 - 2.9 * (1 - self.spoilt), -0.9 - 0.4 * (1 - self.spoilt), (count, 1)) + rng.normal(0, 0.1, (count, 1)) * np.linspace(-2, 2, N_IN - 1)[None]
        bands = 0.5 * torch.log10(10 ** (2 * bands) + 10 ** (2 * torch.from_numpy(floor.astype(np.float32)))[:, None])
        return torch.cat([bands.clamp(-2, 1.5), x[:, :, -1:]], 2)


def loss_of(stage, said, classes, y, known, true_classes):
    face = ((known[:, :, 0] > 0) & (known[:, :, 1] == 0)).float()  # the captured one says nothing of the corners
    sizes = (said - y) ** 2 * WEIGHT * known * (1 + face[:, :, None] * (stage.get("face", 1) - 1))
    loss = sizes.sum(2).mean()
    bce = nn.functional.binary_cross_entropy_with_logits
    bite = (true_classes == ph.CLASS_NAMES.index("f")) | (true_classes == ph.CLASS_NAMES.index("v"))
    closed = y[:, :, CLOSURE]
    not_closed = 1 + (stage.get("vowels", 1) - 1) * (IS_VOWEL[true_classes] & (closed < 0.5)).float()
    one = lambda k, target, yes, no=1: (bce(said[:, :, k], target, reduction="none") * known[:, :, k] * no *
                                        (1 + (yes - 1) * target)).mean()
    weight, yes = stage["closure"]
    loss = loss + stage["bite"] * one(BITE, bite.float(), 4.0) + weight * one(CLOSURE, closed, yes, not_closed)
    loss = loss + 0.05 * one(VOICE, y[:, :, VOICE], 1.0)
    if "agree" in stage and face.any():
        a, b, on = said[:, :, AGREE], y[:, :, AGREE], face[:, :, None]
        count = on.sum(1, keepdim=True) + 1e-3
        a, b = (on * (v - (on * v).sum(1, keepdim=True) / count) for v in (a, b))
        r = (a * b).sum(1) / ((a * a).sum(1) * (b * b).sum(1) + 1e-3).sqrt()
        loss = loss + stage["agree"] * ((1 - r) * (on.mean(1) > 0.5)).mean()
    apart = nn.functional.cross_entropy(classes.transpose(1, 2), true_classes, ignore_index=-1, reduction="sum")
    loss = loss + 0.03 * apart / max(1, int((true_classes >= 0).sum()))
    return loss


def fit(net, pieces, stage, seed):
    data = Data(pieces, stage, np.random.default_rng(seed))
    optimiser = torch.optim.AdamW(net.parameters(), stage["rate"], weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, stage["rate"], stage["steps"], pct_start=stage["warm"])
    mean = {k: v.clone() for k, v in net.state_dict().items()}
    total, began = 0.0, time.time()
    for step in range(stage["steps"]):
        x, y, known, classes = data.segments(stage["batch"], stage["frames"])
        with torch.autocast("cpu", dtype=torch.bfloat16):  # twice as fast where the processor has it
            said, heard = net(x.transpose(1, 2))
        loss = loss_of(stage, said.float().transpose(1, 2), heard.float().transpose(1, 2), y, known, classes)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        for k, v in net.state_dict().items():
            mean[k].lerp_(v, 1 - stage.get("mean", 0))
        total += float(loss.detach())
        if step % 250 == 249:
            print(f"  step {step + 1} loss {total / 250:.4f} ({time.time() - began:.0f} s)", flush=True)
            total = 0.0
    net.load_state_dict(mean)


def train(pieces, seed=1):
    torch.manual_seed(seed)
    net = Lips()
    fit(net, pieces, ROUGH, seed)
    rough = {k: v.clone() for k, v in net.state_dict().items()}
    fit(net, pieces, GENTLE, seed)
    net.load_state_dict({k: (1 - GENTLE_PART) * rough[k] + GENTLE_PART * v for k, v in net.state_dict().items()})
    fit(net, pieces, LONG, seed)
    return net.eval()


def said_of(net, x):
    """What the network says of each frame."""
    x = torch.from_numpy(x.astype(np.float32))
    x = torch.cat([SILENCE.repeat(PAST, 1), x, x[-1:].repeat(REACH, 1)])
    with torch.no_grad():
        return net(x.T[None])[0][0].T.numpy()[REACH:]


def curves(said, least=LEAST, gain=GAIN):
    p = np.clip((said - least) * gain, 0, 1)
    half = len(SMOOTH) // 2
    return np.stack([np.convolve(np.pad(p[:, i], half, mode="edge"), SMOOTH, "valid") for i in range(p.shape[1])], 1)


def write(net, path):
    """The struct LipsConvolution::Weights of motion/lips_convolution.cc, float32. `voice` and the classes do not travel."""
    def filled(values):  # up to WIDE outputs
        return np.concatenate([values[..., :ph.N_OUT], np.zeros(values.shape[:-1] + (WIDE - ph.N_OUT,), np.float32)], -1)
    rows = [filled(LEAST), filled(GAIN)]
    for conv in [net.first, *net.blocks, net.last]:
        weights = conv.weight.detach().numpy().transpose(2, 1, 0)  # [tap, oldest first][in][out]
        biases = conv.bias.detach().numpy()
        if conv is net.last:
            weights, biases = filled(weights), filled(biases)
        rows += [weights.reshape(*weights.shape[:2], -1, WIDE).transpose(2, 0, 1, 3), biases]
    with open(path, "wb") as f:
        for row in rows:
            f.write(np.ascontiguousarray(row).astype("<f4").tobytes())


def folds(pieces):
    speakers = sorted({p["group"] for p in pieces if p["group"][:2] == "de"})
    recordings = sorted({p["group"] for p in pieces if p["group"][:2] == "zh"})
    return [{recordings[i], *speakers[i::5]} for i in range(5)]


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("data", nargs="+")
    a.add_argument("--judge", action="store_true")
    a.add_argument("--fold", type=int, nargs="*", default=[])
    a.add_argument("--write", default="")
    a.add_argument("--keep", default="", help="where to keep what was said of held-back pieces")
    a.add_argument("--threads", type=int, default=1)
    args = a.parse_args()
    torch.set_num_threads(args.threads)
    pieces = [p for path in args.data for p in np.load(path, allow_pickle=True)["pieces"]]
    learnt = [p for p in pieces if p["kind"] != "test"]
    tests = [p for p in pieces if p["kind"] == "test"]
    if args.judge:
        for i in args.fold or range(5):
            out = folds(pieces)[i]
            print("without", sorted(out), flush=True)
            net = train([p for p in learnt if p["group"] not in out])
            held = [p for p in learnt if p["group"] in out and p["kind"] == "clean"] + tests
            said = [(p, said_of(net, p["x"])) for p in held]
            if args.keep:
                torch.save((out, net.state_dict(), [s for _, s in said]), f"{args.keep}.{i}")
            judge.report([(p, curves(s)) for p, s in said])
    if args.write:
        out = set().union(*(folds(pieces)[i] for i in args.fold))
        net = train([p for p in learnt if p["group"] not in out])
        judge.report([(p, curves(said_of(net, p["x"]))) for p in tests])
        write(net, args.write)


if __name__ == "__main__":
    main()
