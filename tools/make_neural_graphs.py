#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes stand-ins for the published talking-head networks: the same file names, tensor names, shapes and types, small
made weights. With them the whole neural engine runs, on any CPU, without a download; what it draws is the picture
itself in coarse blocks, shifted as the face moves.

    tools/make_neural_graphs.py --out DIR [--seed N] [--batch] [--half] [--cases] [--full-size]

DIR becomes a model folder as the hub lays it out: DIR/ditto_onnx/*.onnx, DIR/ditto_cfg/*.pkl. With --batch the networks
of each picture take any number of pictures at once; the published ones take one. With --half they take, give and hold
float16. Needs python3-onnx and numpy; the
networks keep to operators and IR of ONNX 1.12 (opset 17), as the published ones do.
"""
import argparse
import os
import pathlib
import pickle

import numpy as np
from onnx import TensorProto, helper, numpy_helper

POINTS = 21
FLOAT, HALF, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64


class Graph:
    """Collects nodes and weights; every method answers the name of what it made."""

    def __init__(self, name):
        self.name, self.nodes, self.weights, self.count = name, [], [], 0

    def const(self, array):
        self.count += 1
        name = f"w{self.count}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def floats(self, array):
        return self.const(np.asarray(array, np.float32))

    def ints(self, *values):
        return self.const(np.asarray(values, np.int64))

    def op(self, kind, *inputs, out=None, domain="", **attributes):
        self.count += 1
        out = out or f"t{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], domain=domain, **attributes))
        return out

    def in_half(self, tensors):
        """Weights become float16, and what of `tensors` is float32."""
        for i, weight in enumerate(self.weights):
            if weight.data_type == FLOAT:
                self.weights[i] = numpy_helper.from_array(numpy_helper.to_array(weight).astype(np.float16), weight.name)
        return [[(n, HALF if t == FLOAT else t, s) for n, t, s in some] for some in tensors]

    def save(self, folder, inputs, outputs, opset=17, half=False):
        if half:
            inputs, outputs = self.in_half((inputs, outputs))
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info(n, t, s) for n, t, s in inputs],
            [helper.make_tensor_value_info(n, t, s) for n, t, s in outputs], self.weights)
        imports = [helper.make_opsetid("", opset)]
        if any(node.domain for node in self.nodes):
            imports.append(helper.make_opsetid("avatar.test", 1))
        model = helper.make_model(graph, opset_imports=imports, producer_name="make_neural_graphs")
        model.ir_version = 8
        (folder / f"{self.name}.onnx").write_bytes(model.SerializeToString())


def conv1x1(g, x, weight, bias=None):
    """weight (out, in)"""
    inputs = [x, g.floats(weight[:, :, None, None])]
    if bias is not None:
        inputs.append(g.floats(bias))
    return g.op("Conv", *inputs, kernel_shape=[1, 1])


class Maker:
    def __init__(self, folder, seed, batch, half=False):
        self.folder, self.batch, self.half = folder, batch, half
        self.rng = np.random.default_rng(seed)
        # A picture's three colours on their way through 512 features, 256 after the warp, and back.
        self.spread = self.rng.normal(size=(512, 3)) / 2
        self.narrow = self.rng.normal(size=(4, 32)) / 4
        self.widen = self.rng.normal(size=(256, 4)) / 2

    @property
    def n(self):
        return "n" if self.batch else 1

    def appearance_extractor(self):
        g = Graph("appearance_extractor")
        x = g.op("AveragePool", "image", kernel_shape=[4, 4], strides=[4, 4])
        x = conv1x1(g, x, self.spread)
        g.op("Reshape", x, g.ints(1, 32, 16, 64, 64), out="pred")
        g.save(self.folder, [("image", FLOAT, [1, 3, 256, 256])], [("pred", FLOAT, [1, 32, 16, 64, 64])],
               half=self.half)

    def motion_extractor(self):
        g = Graph("motion_extractor")
        x = g.op("Flatten", g.op("GlobalAveragePool", "image"))
        bins = np.arange(66)
        angle = np.linspace(0, 2 * np.pi, POINTS, endpoint=False)
        points = np.stack([0.25 * np.cos(angle), 0.3 * np.sin(angle), -0.1 * np.cos(2 * angle)], 1).reshape(-1)
        heads = {
            "pitch": (-((bins - 33) ** 2) / 8.0, 0.05), "yaw": (-((bins - 32) ** 2) / 8.0, 0.05),
            "roll": (-((bins - 32.5) ** 2) / 8.0, 0.02), "t": ([0.01, -0.02, 0.1], 0.01),
            "exp": (0.004 * np.sin(np.arange(63)), 0.002), "scale": ([1.25], 0.05), "kp": (points, 0.01)}
        outputs = []
        for name, (bias, spread) in heads.items():
            bias = np.asarray(bias)
            weight = spread * self.rng.normal(size=(bias.size, 3))
            g.op("Gemm", x, g.floats(weight), g.floats(bias), transB=1, out=name)
            outputs.append((name, FLOAT, [1, bias.size]))
        g.save(self.folder, [("image", FLOAT, [1, 3, 256, 256])], outputs)

    def stitch_network(self, name="stitch_network", fills_memory_at=None):
        """fills_memory_at: where the points move farther aside, a run wants more memory than any machine has."""
        g = Graph(name)
        moved = g.op("Sub", "kp_source", "kp_driving")
        part = g.op("Mul", moved, g.floats(0.01))
        if fills_memory_at is not None:
            part = g.op("Add", part, self.nothing_or_too_much(g, self.too_large(g, moved, fills_memory_at)))
        g.op("Add", "kp_driving", part, out="out")
        shape = [self.n, POINTS, 3]
        g.save(self.folder, [("kp_source", FLOAT, shape), ("kp_driving", FLOAT, shape)], [("out", FLOAT, shape)],
               half=self.half)

    def warp(self, name, kind, domain="", mean_by_product=False):
        """Moves the features by the mean shift of the points: one sample of the volume's middle."""
        g = Graph(name)
        shift = g.op("Sub", "kp_source", "kp_driving")
        if mean_by_product:
            shift = g.op("MatMul", g.floats(np.full((1, POINTS), 1 / POINTS)), shift)
        else:
            shift = g.op("ReduceMean", shift, axes=[1], keepdims=1)  # (n,1,3)
        shift = g.op("Reshape", shift, g.ints(-1, 1, 1, 1, 3))
        axis = [(np.arange(n) * 2 + 1) / n - 1 for n in (1, 64, 64)]
        z, y, x = np.meshgrid(*axis, indexing="ij")
        grid = g.op("Add", g.floats(np.stack([x, y, z], -1)[None]), shift)
        mode = {"mode": "bilinear", "padding_mode": "zeros", "align_corners": 0} if kind == "GridSample" else {}
        v = g.op(kind, "feature_3d", grid, domain=domain, **mode)
        v = g.op("Reshape", v, g.ints(-1, 32, 64, 64))
        v = conv1x1(g, v, self.narrow)
        v = g.op("Conv", v, g.floats(self.widen[:, :, None, None]), kernel_shape=[1, 1], out="out")
        points = [self.n, POINTS, 3]
        g.save(self.folder, [("feature_3d", FLOAT, [self.n, 32, 16, 64, 64]), ("kp_source", FLOAT, points),
                             ("kp_driving", FLOAT, points)], [("out", FLOAT, [self.n, 256, 64, 64])], half=self.half)

    def decoder(self, name="decoder", block=8, bias=-3.0, one_inside=False):
        """one_inside: it says that it takes any number of pictures, but was exported for one."""
        g = Graph(name)
        middle = self.spread.reshape(32, 16, 3)[:, 7:9].mean(1)        # what the warp samples
        back = np.linalg.pinv(self.widen @ self.narrow @ middle)       # (3, 256)
        x = conv1x1(g, g.op("Reshape", "feature", g.ints(1, 256, 64, 64)) if one_inside else "feature", back)
        values = 3 * block * block
        colours = np.zeros((values, 3))
        colours[np.arange(values), np.arange(values) % 3] = 6
        x = conv1x1(g, x, colours, np.full(values, bias))
        g.op("Sigmoid", g.op("DepthToSpace", x, blocksize=block, mode="DCR"), out="output")
        g.save(self.folder, [("feature", FLOAT, [self.n, 256, 64, 64])],
               [("output", FLOAT, [self.n, 3, 64 * block, 64 * block])], half=self.half)

    def too_large(self, g, x, limit):
        """0, or 1 where a number of `x` is larger."""
        return g.op("Cast", g.op("Greater", g.op("ReduceMax", g.op("Abs", x), keepdims=0), g.floats(limit)), to=INT64)

    def nothing_or_too_much(self, g, place):
        """0; at place 1 it wants more memory than any machine has."""
        size = g.op("Gather", g.ints(1, 1 << 46), g.op("Reshape", place, g.ints(1)))
        return g.op("ReduceMax", g.op("ConstantOfShape", size), keepdims=0)

    def hubert(self, name="hubert", breaks_at=None, fills_memory_at=None):
        """breaks_at: a run fails when a sample is louder, as a card does that is lost; fills_memory_at: it finds no
        memory then."""
        g = Graph(name)
        x = g.op("Unsqueeze", "input_values", g.ints(1))
        if breaks_at is not None:
            place = self.too_large(g, "input_values", breaks_at)
            x = g.op("Mul", x, g.op("Gather", g.floats([1.0]), place))  # of one number there is no second
        if fills_memory_at is not None:
            x = g.op("Add", x, self.nothing_or_too_much(g, self.too_large(g, "input_values", fills_memory_at)))
        x = g.op("Conv", x, g.floats(self.rng.normal(size=(4, 1, 400)) / 20), kernel_shape=[400], strides=[320])
        x = g.op("Tanh", x)
        x = g.op("Conv", x, g.floats(self.rng.normal(size=(1024, 4, 1)) / 2), kernel_shape=[1])
        g.op("Squeeze", g.op("Transpose", x, perm=[0, 2, 1]), g.ints(0), out="encoding_out")
        g.save(self.folder, [("input_values", FLOAT, [1, "samples"])], [("encoding_out", FLOAT, ["rows", 1024])])

    def lmdm(self):
        g = Graph("lmdm_v0.4_hubert")
        size = np.full(265, 0.1)  # of what speech moves: logits of the pose, then t, then expression
        size[0], size[199:202], size[202:] = 0.01, 0.003, 0.02
        a = self.rng.normal(size=(1103, 4)) / 12
        b = self.rng.normal(size=(4, 265)) / 2 * size
        heard = g.op("MatMul", g.op("MatMul", "cond", g.floats(a)), g.floats(b))
        noise = g.op("Mul", "x", g.floats(0.1 * size))
        held = g.op("Unsqueeze", g.op("Mul", "cond_frame", g.floats(0.9)), g.ints(1))
        time = g.op("Mul", g.op("Cast", "time_cond", to=FLOAT), g.floats(1e-4))
        g.op("Add", g.op("Add", heard, noise), held, out="x_start")
        g.op("Add", g.op("Sub", "x", "x_start"), time, out="pred_noise")
        g.save(self.folder,
               [("x", FLOAT, [1, 80, 265]), ("cond_frame", FLOAT, [1, 265]), ("cond", FLOAT, [1, 80, 1103]),
                ("time_cond", INT64, [1])],
               [("pred_noise", FLOAT, [1, 80, 265]), ("x_start", FLOAT, [1, 80, 265])])

    def landmark203(self):
        """Says that the points lie on an upright ellipse in the middle, whatever it sees."""
        g = Graph("landmark203")
        k = np.arange(203)
        points = np.stack([0.5 + 0.28 * np.cos(0.7 * k), 0.5 + 0.33 * np.sin(0.9 * k)], 1)
        for eye, x in (((0, 6, 12, 18), 0.4), ((24, 30, 36, 42), 0.6)):
            for n, i in enumerate(eye):
                points[i] = [x + 0.04 * np.cos(n * np.pi / 2), 0.42 + 0.02 * np.sin(n * np.pi / 2)]
        points[48], points[66] = [0.42, 0.68], [0.58, 0.68]
        seen = g.op("Flatten", g.op("GlobalAveragePool", "input"))
        g.op("Gemm", seen, g.floats(np.zeros((406, 3))), g.floats(points.reshape(-1)), transB=1, out="landmarks")
        g.save(self.folder, [("input", FLOAT, [1, 3, 224, 224])], [("landmarks", FLOAT, [1, 406])])

    def everything(self):
        for make in (self.appearance_extractor, self.motion_extractor, self.stitch_network, self.decoder, self.hubert,
                     self.lmdm, self.landmark203):
            make()
        self.warp("warp_network_ori", "GridSample")


class FullSize:
    """Graphs as large as the published ones, and of their kind of work, with random weights: for bench/neural_bench.
    What they draw means nothing; layers are those the papers tell of, so times are near, not equal."""

    def __init__(self, folder, seed):
        self.folder, self.rng = folder, np.random.default_rng(seed)

    def weight(self, g, *shape):
        fan_in = int(np.prod(shape[1:])) or 1
        return g.floats((self.rng.standard_normal(shape, np.float32)) / np.sqrt(fan_in))

    def conv(self, g, x, cin, cout, kernel, stride=1, groups=1, dims=2, pad=None):
        k = [kernel] * dims
        pads = [kernel // 2 if pad is None else pad] * (2 * dims)
        return g.op("Conv", x, self.weight(g, cout, cin // groups, *k), kernel_shape=k, strides=[stride] * dims,
                    pads=pads, group=groups)

    def linear(self, g, x, cin, cout):
        return g.op("MatMul", x, g.floats(self.rng.standard_normal((cin, cout), np.float32) / np.sqrt(cin)))

    def norm(self, g, x, width):
        return g.op("LayerNormalization", x, g.floats(np.ones(width)), g.floats(np.zeros(width)), axis=-1)

    def attention(self, g, x, memory, width, heads):
        """x, memory: [n, t, width]"""
        def split(v):
            return g.op("Transpose", g.op("Reshape", v, g.ints(0, 0, heads, width // heads)), perm=[0, 2, 1, 3])
        q, k, v = (split(self.linear(g, m, width, width)) for m in (x, memory, memory))
        scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = g.op("Softmax", g.op("Mul", scores, g.floats(1 / np.sqrt(width / heads))), axis=-1)
        out = g.op("Transpose", g.op("MatMul", scores, v), perm=[0, 2, 1, 3])
        return self.linear(g, g.op("Reshape", out, g.ints(0, 0, width)), width, width)

    def feed_forward(self, g, x, width, inner):
        return self.linear(g, g.op("Relu", self.linear(g, x, width, inner)), inner, width)

    def appearance_extractor(self):
        g = Graph("appearance_extractor")
        x = g.op("Relu", self.conv(g, "image", 3, 64, 7))
        for cin, cout in ((64, 128), (128, 256)):
            x = g.op("AveragePool", g.op("Relu", self.conv(g, x, cin, cout, 3)), kernel_shape=[2, 2], strides=[2, 2])
        v = g.op("Reshape", self.conv(g, x, 256, 512, 1), g.ints(1, 32, 16, 64, 64))
        for block in range(6):
            r = self.conv(g, g.op("Relu", self.conv(g, v, 32, 32, 3, dims=3)), 32, 32, 3, dims=3)
            v = g.op("Add", v, r, out="pred" if block == 5 else None)
        g.save(self.folder, [("image", FLOAT, [1, 3, 256, 256])], [("pred", FLOAT, [1, 32, 16, 64, 64])])

    def motion_extractor(self):
        g = Graph("motion_extractor")
        x, width = self.conv(g, "image", 3, 96, 4, stride=4, pad=0), 96
        for depth, out in ((3, 96), (3, 192), (9, 384), (3, 768)):
            if out != width:
                x, width = self.conv(g, x, width, out, 2, stride=2, pad=0), out
            for _ in range(depth):
                r = self.conv(g, x, width, width, 7, groups=width)
                r = self.conv(g, g.op("Relu", self.conv(g, r, width, 4 * width, 1)), 4 * width, width, 1)
                x = g.op("Add", x, g.op("Mul", r, g.floats(0.1)))
        x = g.op("Flatten", g.op("GlobalAveragePool", x))
        outputs = []
        for name, n in (("pitch", 66), ("yaw", 66), ("roll", 66), ("t", 3), ("exp", 63), ("scale", 1), ("kp", 63)):
            bias = -((np.arange(66) - 32.5) ** 2) / 8 if n == 66 else np.full(n, 1.2 if name == "scale" else 0.0)
            g.op("Gemm", x, g.floats(self.rng.standard_normal((n, 768)) / 3000), g.floats(bias), transB=1, out=name)
            outputs.append((name, FLOAT, [1, n]))
        g.save(self.folder, [("image", FLOAT, [1, 3, 256, 256])], outputs)

    def stitch_network(self):
        g = Graph("stitch_network")
        x = g.op("Concat", *(g.op("Reshape", n, g.ints(1, 63)) for n in ("kp_source", "kp_driving")), axis=1)
        for cin, cout in ((126, 128), (128, 128), (128, 64)):
            x = g.op("Relu", self.linear(g, x, cin, cout))
        x = g.op("Mul", self.linear(g, x, 64, 63), g.floats(1e-3))
        g.op("Add", "kp_driving", g.op("Reshape", x, g.ints(1, POINTS, 3)), out="out")
        shape = [1, POINTS, 3]
        g.save(self.folder, [("kp_source", FLOAT, shape), ("kp_driving", FLOAT, shape)], [("out", FLOAT, shape)])

    def warp_network_ori(self):
        g = Graph("warp_network_ori")
        mode = {"mode": "bilinear", "padding_mode": "zeros", "align_corners": 0}
        axis = [(np.arange(n) * 2 + 1) / n - 1 for n in (16, 64, 64)]
        z, y, x = np.meshgrid(*axis, indexing="ij")
        identity = g.floats(np.stack([x, y, z], -1)[None])                         # 1,16,64,64,3
        shift = g.op("Sub", "kp_source", "kp_driving")
        shift = g.op("Concat", g.floats(np.zeros((1, 1, 3))), shift, axis=1)       # background first: 22
        flows = g.op("Add", identity, g.op("Reshape", shift, g.ints(22, 1, 1, 1, 3)))  # 22,16,64,64,3
        small = self.conv(g, "feature_3d", 32, 4, 1, dims=3)
        many = g.op("Expand", small, g.ints(22, 4, 16, 64, 64))
        moved = g.op("GridSample", many, flows, **mode)
        heat = g.op("ReduceSum", moved, g.ints(1), keepdims=1)
        v = g.op("Reshape", g.op("Concat", moved, heat, axis=1), g.ints(1, 110, 16, 64, 64))
        levels, width = [v], [110]
        for out in (64, 128, 256, 512, 1024):
            v = g.op("Relu", self.conv(g, v, width[-1], out, 3, dims=3))
            v = g.op("AveragePool", v, kernel_shape=[1, 2, 2], strides=[1, 2, 2])
            levels.append(v)
            width.append(out)
        cin = 1024
        for level, out in zip((4, 3, 2, 1, 0), (512, 256, 128, 64, 32)):
            v = g.op("Resize", v, "", g.floats([1, 1, 1, 2, 2]), mode="nearest")
            v = g.op("Relu", self.conv(g, v, cin, out, 3, dims=3))
            v = g.op("Concat", v, levels[level], axis=1)
            cin = out + width[level]
        mask = g.op("Softmax", self.conv(g, v, cin, 22, 7, dims=3), axis=1)        # 1,22,16,64,64
        mask = g.op("Reshape", mask, g.ints(22, 16, 64, 64, 1))
        flow = g.op("ReduceSum", g.op("Mul", flows, mask), g.ints(0), keepdims=1)
        v = g.op("GridSample", "feature_3d", flow, **mode)
        v = g.op("Relu", self.conv(g, g.op("Reshape", v, g.ints(1, 512, 64, 64)), 512, 256, 3))
        g.op("Conv", v, self.weight(g, 256, 256, 1, 1), kernel_shape=[1, 1], out="out")
        points = [1, POINTS, 3]
        g.save(self.folder, [("feature_3d", FLOAT, [1, 32, 16, 64, 64]), ("kp_source", FLOAT, points),
                             ("kp_driving", FLOAT, points)], [("out", FLOAT, [1, 256, 64, 64])])

    def decoder(self):
        g = Graph("decoder")

        def modulated(x, cin, side):
            seg = "feature" if side == 64 else g.op("Resize", "feature", "", g.floats([1, 1, side / 64, side / 64]),
                                                    mode="nearest")
            shared = g.op("Relu", self.conv(g, seg, 256, 128, 3))
            gamma, beta = self.conv(g, shared, 128, cin, 3), self.conv(g, shared, 128, cin, 3)
            x = g.op("InstanceNormalization", x, g.floats(np.ones(cin)), g.floats(np.zeros(cin)))
            return g.op("LeakyRelu", g.op("Add", g.op("Mul", x, g.op("Add", gamma, g.floats(1))), beta), alpha=0.2)

        def block(x, cin, cout, side):
            middle = min(cin, cout)
            r = self.conv(g, modulated(x, cin, side), cin, middle, 3)
            r = self.conv(g, modulated(r, middle, side), middle, cout, 3)
            return g.op("Add", x if cin == cout else self.conv(g, x, cin, cout, 1), r)

        x = self.conv(g, "feature", 256, 512, 3)
        for _ in range(6):
            x = block(x, 512, 512, 64)
        for cin, cout, side in ((512, 256, 128), (256, 64, 256)):
            x = block(g.op("Resize", x, "", g.floats([1, 1, 2, 2]), mode="nearest"), cin, cout, side)
        x = self.conv(g, g.op("LeakyRelu", x, alpha=0.2), 64, 12, 3)
        g.op("Sigmoid", g.op("DepthToSpace", x, blocksize=2, mode="CRD"), out="output")
        g.save(self.folder, [("feature", FLOAT, [1, 256, 64, 64])], [("output", FLOAT, [1, 3, 512, 512])])

    def hubert(self):
        g = Graph("hubert")
        x, cin = g.op("Unsqueeze", "input_values", g.ints(1)), 1
        for kernel, stride in ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)):
            x = g.op("Relu", self.conv(g, x, cin, 512, kernel, stride=stride, dims=1, pad=0))
            cin = 512
        x = self.linear(g, g.op("Transpose", x, perm=[0, 2, 1]), 512, 1024)
        for _ in range(24):
            n = self.norm(g, x, 1024)
            x = g.op("Add", x, self.attention(g, n, n, 1024, 16))
            x = g.op("Add", x, self.feed_forward(g, self.norm(g, x, 1024), 1024, 4096))
        g.op("Squeeze", self.norm(g, x, 1024), g.ints(0), out="encoding_out")
        g.save(self.folder, [("input_values", FLOAT, [1, "samples"])], [("encoding_out", FLOAT, ["rows", 1024])])

    def lmdm(self):
        g = Graph("lmdm_v0.4_hubert")
        # With the condition and without it, in one run of two.
        x = g.op("Expand", self.linear(g, "x", 265, 512), g.ints(2, 80, 512))
        cond = self.linear(g, "cond", 1103, 512)
        cond = g.op("Concat", cond, g.floats(np.zeros((1, 80, 512))), axis=0)
        time = g.op("Mul", g.op("Cast", "time_cond", to=FLOAT), g.floats(1e-3))
        start = g.op("Unsqueeze", self.linear(g, "cond_frame", 265, 512), g.ints(1))
        x = g.op("Add", g.op("Add", x, start), time)
        for _ in range(8):
            n = self.norm(g, x, 512)
            x = g.op("Add", x, self.attention(g, n, n, 512, 8))
            x = g.op("Add", x, self.attention(g, self.norm(g, x, 512), cond, 512, 8))
            x = g.op("Add", x, self.feed_forward(g, self.norm(g, x, 512), 512, 2048))
            x = g.op("Add", x, self.linear(g, self.norm(g, x, 512), 512, 512))
        x = self.linear(g, self.norm(g, x, 512), 512, 265)
        with_, without = (g.op("Slice", x, g.ints(i), g.ints(i + 1), g.ints(0)) for i in (0, 1))
        g.op("Add", without, g.op("Mul", g.op("Sub", with_, without), g.floats(2)), out="x_start")
        g.op("Sub", "x", "x_start", out="pred_noise")
        g.save(self.folder,
               [("x", FLOAT, [1, 80, 265]), ("cond_frame", FLOAT, [1, 265]), ("cond", FLOAT, [1, 80, 1103]),
                ("time_cond", INT64, [1])],
               [("pred_noise", FLOAT, [1, 80, 265]), ("x_start", FLOAT, [1, 80, 265])])

    def everything(self):
        for make in (self.appearance_extractor, self.motion_extractor, self.stitch_network, self.warp_network_ori,
                     self.decoder, self.hubert, self.lmdm):
            make()


def settings(rng, people=3):
    """The published settings file in small: the values that are read, in the shapes that they have."""
    def person():
        return {"pitch": rng.normal(size=(1, 66)), "yaw": rng.normal(size=(1, 66)), "roll": rng.normal(size=(1, 66)),
                "t": rng.normal(size=(1, 3)) / 50, "exp": rng.normal(size=(1, 63)) / 100,
                "scale": np.array([[1.2]]), "kp": rng.normal(size=(1, 63)) / 5}

    def narrow(info):
        return {k: v.astype(np.float32) for k, v in info.items()}

    emotions = np.full((600, 8), 0.000335, np.float32)
    emotions[:, 4] = 0.997657
    blink = 0.03 * np.sin(np.linspace(0, np.pi, 15))[:, None] * np.ones((1, 63))
    limits = np.zeros((4, 265), np.float32)
    limits[0], limits[1] = -100, 100
    kwargs = {
        "online_mode": True, "max_size": 1920, "crop_scale": 2.3, "crop_vx_ratio": 0, "crop_vy_ratio": -0.125,
        "crop_flag_do_rot": True, "emo": emotions, "overlap_v2": 70, "sampling_timesteps": 10, "smo_k_d": 3,
        "fix_kp_cond": 1, "fix_kp_cond_dim": [0, 202], "v_min_max_for_clip": limits,
        "delta_eye_arr": blink.astype(np.float32), "delta_eye_open_n": 0, "fade_type": "d0", "fade_out_keys": ["exp"],
        "overall_ctrl_info": {"delta_pitch": 2}, "use_d_keys": None, "relative_d": True, "flag_stitching": True,
        "ch_info": {"x_s_info_lst": [narrow(person()) for _ in range(people)],
                    "sc": (rng.normal(size=63) / 5).astype(np.float32),
                    "eye_open_lst": [np.full((1, 2), 0.9 + 0.01 * i, np.float32) for i in range(people)],
                    "eye_ball_lst": [np.full((1, 6), 0.1 * i, np.float32) for i in range(people)]}}
    return {"base_cfg": {"warp_network_cfg": {"model_path": "x.onnx", "device": "cuda", "force_ori_type": False}},
            "audio2motion_cfg": {"motion_feat_dim": 265, "audio_feat_dim": 1103, "seq_frames": 80, "use_emo": True,
                                 "use_sc": True, "use_eye_open": True, "use_eye_ball": True, "w2f_type": "hubert"},
            "default_kwargs": kwargs}


class Call:
    """Pickles as a call of `what`."""

    def __init__(self, what, *args):
        self.what, self.args = what, args

    def __reduce__(self):
        return self.what, self.args


def newer_names(data):
    """As numpy 2 writes it."""
    old, new = b"numpy.core.multiarray", b"numpy._core.multiarray"
    return data.replace(b"\x8c" + bytes([len(old)]) + old, b"\x8c" + bytes([len(new)]) + new).replace(
        b"c" + old, b"c" + new)


def pickles(folder, rng):
    """Cases for the reader of pickles: what it must read, and what it must refuse."""
    folder.mkdir(parents=True, exist_ok=True)
    table = np.array([[-1, 0, 1], [2, 3, 200]])
    values = {"small": -5, "large": -(1 << 40), "real": 0.1, "yes": True, "nothing": None, "text": "gr\u00fc\u00df",
              "scalar": np.float32(2.5), "list": [1, "two", (300, [])], "f4": table.astype("f4"),
              "f8": table.astype("f8"), "i4": table.astype("i4"), "i8": table.astype("i8"),
              "fortran": np.asfortranarray(table.astype("f4")), "b1": np.array([True, False]),
              "empty": np.zeros((0, 3), "f4"), "same": None}
    values["same"] = values["list"]
    for protocol in (2, 3, 4, 5):
        data = pickle.dumps(values, protocol=protocol)
        (folder / f"values_{protocol}.pkl").write_bytes(data)
        (folder / f"values_{protocol}_numpy2.pkl").write_bytes(newer_names(data))
    itself = []
    itself.append(itself)
    other = settings(rng)
    kwargs = other["default_kwargs"]
    kwargs["emo"] = kwargs["emo"][:, :7]
    kwargs["delta_eye_arr"] = kwargs["delta_eye_arr"][0]
    kwargs["v_min_max_for_clip"] = [1, 2]
    kwargs["ch_info"]["sc"][5] = np.nan
    for name, value in (("system", Call(os.system, "true")), ("eval", Call(eval, "1")), ("recursive", itself),
                        ("object_array", np.array([None, "x"], object)), ("big_endian", np.zeros(3, ">f4")),
                        ("other_shapes", other)):
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(value, protocol=4))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--batch", action="store_true")
    parser.add_argument("--half", action="store_true", help="the networks of each picture are float16")
    parser.add_argument("--full-size", action="store_true", help="as large as the published ones, for measuring: 2 GB")
    parser.add_argument("--cases", action="store_true", help="also what tests must see refused")
    args = parser.parse_args()
    networks, config = args.out / "ditto_onnx", args.out / "ditto_cfg"
    networks.mkdir(parents=True, exist_ok=True)
    config.mkdir(parents=True, exist_ok=True)
    if args.full_size:
        FullSize(networks, args.seed).everything()
        return
    Maker(networks, args.seed, args.batch, args.half).everything()
    values = settings(np.random.default_rng(args.seed))
    (config / "v0.4_hubert_cfg_trt_online.pkl").write_bytes(pickle.dumps(values, protocol=4))
    if args.cases:
        pickles(args.out / "pickles", np.random.default_rng(args.seed + 1))
        Maker(networks, args.seed, args.batch).warp("warp_network", "GridSample3D", "avatar.test")
        Maker(networks, args.seed, batch=True).decoder("decoder_of_one", one_inside=True)
        Maker(networks, args.seed, args.batch).decoder("decoder_small", block=4)
        Maker(networks, args.seed, args.batch).decoder("decoder_nan", bias=np.nan)
        Maker(networks, args.seed, args.batch).hubert("hubert_breaks", breaks_at=0.25)
        Maker(networks, args.seed, args.batch).hubert("hubert_fills_memory", fills_memory_at=0.25)
        Maker(networks, args.seed, args.batch).stitch_network("stitch_fills_memory", fills_memory_at=0.1)
        Maker(networks, args.seed, args.batch).warp("warp_plain", "GridSample", mean_by_product=True)


if __name__ == "__main__":
    main()
