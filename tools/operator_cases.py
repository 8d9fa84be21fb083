#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make small networks and their right answers, to test convert_models.py with (src/infer/conversion_test.cc runs them).

usage: operator_cases.py --packages DIR --out DIR [--shared DIR]

Each case is NAME.onnx, as the converter writes it, and NAME.case: the number of inputs, the inputs, the number of
outputs, the right outputs, the tolerance (int32 and float32, little endian). A case of one operator is random numbers
through that operator, the right answer computed here by plain loops over TFLite's own layout, with nothing of the
converter's. With --shared (a folder that has tools/talkscore.py and data/portraits, which not every checkout has) the
whole face mesh and face detector run on portraits as well, the answer computed by talkscore's independent numpy runner.
"""
import argparse
import glob
import math
import os
import struct
import sys

import numpy as np

import convert_models as cm

rng = np.random.default_rng(1)


def random(*shape):
    return rng.uniform(-1, 1, shape).astype(np.float32)


class Options(dict):
    """Stands for a table of operator options: {field: value}."""

    def get(self, field, kind, default=0):
        return dict.get(self, field, default)


class Op:
    def __init__(self, code, inputs, output, options=None, custom=b''):
        self.code, self.inputs, self.outputs = code, inputs, [output]
        self.options, self.custom = Options(options or {}), custom


class Net:
    """Stands for a TFLite file: tensor 0 is the input, tensor 1 the output; the others are given."""

    def __init__(self, in_shape, out_shape, constants, operators, between=()):
        self.shape = [list(in_shape), list(out_shape)] + [list(c.shape) for c in constants] + [list(b) for b in between]
        self.constant = {2 + i: c for i, c in enumerate(constants)}
        self.inputs, self.outputs, self.operators = [0], [1], operators


# -- right answers, in TFLite's layout [batch][row][column][channel]

def windows(x, kernel, stride, same, fill):
    """For each output place: the window [row][column][channel], `fill` beyond the edge."""
    (_, h, w, c), (kh, kw), (sh, sw) = x.shape, kernel, stride
    rows, columns = (-(-h // sh), -(-w // sw)) if same else ((h - kh) // sh + 1, (w - kw) // sw + 1)
    top = max((rows - 1) * sh + kh - h, 0) // 2 if same else 0
    left = max((columns - 1) * sw + kw - w, 0) // 2 if same else 0
    for y in range(rows):
        for z in range(columns):
            window = np.full((kh, kw, c), fill, np.float32)
            for i in range(kh):
                for j in range(kw):
                    sy, sx = y * sh + i - top, z * sw + j - left
                    if 0 <= sy < h and 0 <= sx < w:
                        window[i, j] = x[0, sy, sx]
            yield y, z, rows, columns, window


def place_each(x, kernel, stride, same, fill, channels, f):
    out = None
    for y, z, rows, columns, window in windows(x, kernel, stride, same, fill):
        out = np.zeros((1, rows, columns, channels), np.float32) if out is None else out
        out[0, y, z] = f(window)
    return out


def bilinear_resize(x, rows, columns, mode):
    _, h, w, c = x.shape
    out = np.zeros((1, rows, columns, c), np.float32)
    for y in range(rows):
        for z in range(columns):
            if mode == 'half_pixel':
                sy, sx = (y + .5) * h / rows - .5, (z + .5) * w / columns - .5
            elif mode == 'align_corners':
                sy, sx = y * (h - 1) / (rows - 1), z * (w - 1) / (columns - 1)
            else:
                sy, sx = y * h / rows, z * w / columns
            sy, sx = min(max(sy, 0), h - 1), min(max(sx, 0), w - 1)
            y0, x0 = int(sy), int(sx)
            y1, x1 = min(y0 + 1, h - 1), min(x0 + 1, w - 1)
            fy, fx = sy - y0, sx - x0
            out[0, y, z] = ((1 - fy) * ((1 - fx) * x[0, y0, x0] + fx * x[0, y0, x1]) +
                            fy * ((1 - fx) * x[0, y1, x0] + fx * x[0, y1, x1]))
    return out


def cases():
    """(name, net, input, right output, tolerance)"""
    for same in (0, 1):
        for stride in (1, 2):
            for size in (6, 7):
                x, w, b = random(1, size, size, 3), random(4, 3, 3, 3), random(4)
                right = np.maximum(place_each(x, (3, 3), (stride, stride), same == 0, 0, 4,
                                              lambda v: [(v * w[k]).sum() + b[k] for k in range(4)]), 0)
                op = Op('CONV', [0, 2, 3], 1, {0: same, 1: stride, 2: stride, 3: 1})
                yield 'conv_%d_%d_%d' % (same, stride, size), Net(x.shape, right.shape, [w, b], [op]), x, right, 1e-5
                w, b = random(1, 5, 5, 3), random(3)
                right = place_each(x, (5, 5), (stride, stride), same == 0, 0, 3, lambda v: (v * w[0]).sum((0, 1)) + b)
                op = Op('DEPTHWISE_CONV', [0, 2, 3], 1, {0: same, 1: stride, 2: stride, 3: 1, 4: 0})
                yield 'depthwise_%d_%d_%d' % (same, stride, size), Net(x.shape, right.shape, [w, b], [op]), x, right, 1e-5
    x = random(1, 6, 8, 3)
    pool = {0: 0, 1: 2, 2: 2, 3: 2, 4: 2}
    right = place_each(x, (2, 2), (2, 2), True, -9, 3, lambda v: v.max((0, 1)))
    yield 'max_pool', Net(x.shape, right.shape, [], [Op('MAX_POOL', [0], 1, pool)]), x, right, 1e-6
    right = place_each(x, (2, 2), (2, 2), True, 0, 3, lambda v: v.mean((0, 1)))
    yield 'average_pool', Net(x.shape, right.shape, [], [Op('AVERAGE_POOL', [0], 1, pool)]), x, right, 1e-6
    right = x.mean((1, 2), keepdims=True)
    yield ('global_pool', Net(x.shape, right.shape, [], [Op('AVERAGE_POOL', [0], 1, {0: 1, 1: 8, 2: 6, 3: 8, 4: 6})]), x, right,
           1e-6)
    other, channel = random(1, 6, 8, 3), random(1, 1, 1, 3)
    yield 'add', Net(x.shape, x.shape, [other], [Op('ADD', [0, 2], 1, {0: 1})]), x, np.maximum(x + other, 0), 1e-6
    yield 'mul', Net(x.shape, x.shape, [channel], [Op('MUL', [0, 2], 1)]), x, x * channel, 1e-6
    yield 'relu', Net(x.shape, x.shape, [], [Op('RELU', [0], 1)]), x, np.maximum(x, 0), 1e-6
    slope = random(1, 1, 3)
    yield 'prelu', Net(x.shape, x.shape, [slope], [Op('PRELU', [0, 2], 1)]), x, np.where(x > 0, x, x * slope), 1e-6
    yield 'logistic', Net(x.shape, x.shape, [], [Op('LOGISTIC', [0], 1)]), x, 1 / (1 + np.exp(-x)), 1e-5
    wide = 5 * x
    yield ('hard_swish', Net(x.shape, x.shape, [], [Op('HARD_SWISH', [0], 1)]), wide,
           wide * np.clip(wide + 3, 0, 6) / 6, 1e-5)
    pads = np.array([[0, 0], [1, 2], [0, 1], [0, 4]], np.int32)
    right = np.pad(x, pads.tolist())
    yield 'pad', Net(x.shape, right.shape, [pads], [Op('PAD', [0, 2], 1)]), x, right, 0
    for mode, options in (('asymmetric', {}), ('align_corners', {2: 1}), ('half_pixel', {3: 1})):
        right = bilinear_resize(x, 12, 16, mode)
        size = np.array([12, 16], np.int32)
        yield 'resize_' + mode, Net(x.shape, right.shape, [size], [Op('RESIZE_BILINEAR', [0, 2], 1, options)]), x, right, 1e-5
    yield 'reshape', Net(x.shape, (1, 24, 6), [], [Op('RESHAPE', [0], 1)]), x, x.reshape(1, 24, 6), 0
    for axis in (1, 2, 3):
        right = np.concatenate([x, other], axis)
        yield 'concat_%d' % axis, Net(x.shape, right.shape, [other], [Op('CONCAT', [0, 2], 1, {0: axis})]), x, right, 0
    w, b = random(1, 2, 2, 3), random(1)
    right = np.zeros((1, 12, 16, 1), np.float32)
    for y in range(12):
        for z in range(16):
            right[0, y, z, 0] = x[0, y // 2, z // 2] @ w[0, y % 2, z % 2] + b[0]
    op = Op('Convolution2DTransposeBias', [0, 2, 3], 1, custom=struct.pack('<3i', 1, 2, 2))
    yield 'transposed_conv', Net(x.shape, right.shape, [w, b], [op]), x, right, 1e-5

    matrix = np.eye(4, dtype=np.float32)[None]
    matrix[0, :2] = [[.5, -.2, 0, 2], [.2, .4, 0, 1]]
    points = random(1, 1, 1, 20)
    moved = np.array([matrix[0, :2, :2] @ p + matrix[0, :2, 3] for p in points.reshape(10, 2)])
    ops = [Op('RESHAPE', [0], 3), Op('TransformLandmarks', [3, 2], 1)]
    yield 'transform_landmarks', Net(points.shape, (1, 10, 2), [matrix], ops, [(1, 10, 2)]), points, moved, 1e-5

    right = np.zeros((1, 5, 5, 3), np.float32)
    for y in range(5):
        for z in range(5):
            sx, sy = matrix[0, :2] @ [z + .5, y + .5, 0, 1] - .5
            x0, y0 = math.floor(sx), math.floor(sy)
            for j, i, part in ((x0, y0, (1 - sx + x0) * (1 - sy + y0)), (x0 + 1, y0, (sx - x0) * (1 - sy + y0)),
                               (x0, y0 + 1, (1 - sx + x0) * (sy - y0)), (x0 + 1, y0 + 1, (sx - x0) * (sy - y0))):
                if 0 <= j < 8 and 0 <= i < 6:
                    right[0, y, z] += part * x[0, i, j]
    ops = [Op('TransformTensorBilinear', [0, 2], 1)]
    yield 'transform_tensor', Net(x.shape, right.shape, [matrix], ops), x, right, 1e-4


def crop_case(packages):
    """The crop of the attention mesh, with the options as they lie in the real file."""
    real = cm.TFLite(packages.asset('face_landmark_with_attention.tflite'))
    for n, o in enumerate(o for o in real.operators if o.code == 'Landmarks2TransformMatrix'):
        x = 40 * random(1, 1, 1, 1404)
        p, f = x.reshape(468, 3)[:, :2].astype(np.float64), cm.flexbuffer(o.custom)
        a, b = p[f['left_rotation_idx']], p[f['right_rotation_idx']]
        turn = math.atan2(b[1] - a[1], b[0] - a[0])
        level = lambda q, r: np.array([q[0] * math.cos(r) - q[1] * math.sin(r), q[0] * math.sin(r) + q[1] * math.cos(r)])
        part = np.array([level(p[i], -turn) for i in np.ravel(f['subset_idxs'])])
        low, high = part.min(0), part.max(0)
        size = (high - low) * [f['scale_x'], f['scale_y']]
        matrix = np.eye(4)
        for axis in (0, 1):  # where a step of one pixel of the crop leads
            step = [0, 0]
            step[axis] = size[axis] / (f['output_width'], f['output_height'])[axis]
            matrix[:2, axis] = level(step, turn)
        matrix[:2, 3] = level((low + high) / 2 - size / 2, turn)
        ops = [Op('RESHAPE', [0], 2), Op('Landmarks2TransformMatrix', [2], 1, custom=o.custom)]
        yield 'crop_matrix_%d' % n, Net(x.shape, (1, 4, 4), [], ops, [(1, 468, 3)]), x, matrix, 1e-3


def portrait_cases(packages, shared):
    """(name, converted network, input, right output, tolerance): whole networks on portraits."""
    sys.path.insert(0, os.path.join(shared, 'tools'))
    import cv2
    import talkscore
    mesh_file = packages.asset('face_landmark.tflite')
    detector_file = packages.file('face_detection', 'face_detection_short_range.tflite')
    mesh, detector = talkscore.Network(mesh_file), talkscore.Network(detector_file)
    for path in sorted(glob.glob(os.path.join(shared, 'data', 'portraits', '*_0.jpg'))):
        name = os.path.splitext(os.path.basename(path))[0]
        picture = cv2.imread(path)[:, :, ::-1]
        middle = picture[128:896, 128:896]
        x = cv2.resize(middle, (192, 192), interpolation=cv2.INTER_AREA)[None].astype(np.float32) / 255
        yield 'mesh_' + name, cm.mesh(mesh_file, 'mesh'), x, mesh.run(x)[0].reshape(-1), 0.05
        x = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)[None].astype(np.float32) / 127.5 - 1
        yield 'boxes_' + name, cm.detector(detector_file, 'detector'), x, detector.run(x)[0].reshape(-1), 0.01


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--packages', required=True)
    parser.add_argument('--out', required=True)
    parser.add_argument('--shared')
    args = parser.parse_args()
    packages = cm.Packages(args.packages)
    os.makedirs(args.out, exist_ok=True)

    def write(name, model, x, right, tolerance):
        x = np.ascontiguousarray(x.transpose(cm.TO_ONNX), '<f4').ravel()
        right = np.ascontiguousarray(right, '<f4').ravel()
        with open(os.path.join(args.out, name + '.onnx'), 'wb') as f:
            f.write(model.SerializeToString())
        with open(os.path.join(args.out, name + '.case'), 'wb') as f:
            for numbers in (x, right):
                f.write(struct.pack('<i', len(numbers)) + numbers.tobytes())
            f.write(struct.pack('<f', tolerance))

    for name, net, x, right, tolerance in [*cases(), *crop_case(packages)]:
        converter = cm.Converter(net)
        write(name, converter.model(name, [('out', converter.plain(1), net.shape[1])]), x, right, tolerance)
    if args.shared:
        try:
            for case in portrait_cases(packages, args.shared):
                write(*case)
        except ImportError as missing:
            print('operator_cases: no whole networks, because', missing)


if __name__ == '__main__':
    main()
