#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Convert MediaPipe's face networks from TFLite to ONNX, and its canonical face to a flat file.

usage: convert_models.py --packages DIR --out DIR

DIR holds the unpacked npm packages face_mesh, face_detection and selfie_segmentation (tools/fetch_packages.sh). Written:

  face_detection_short_range.onnx  image [1,3,128,128] RGB -1..1  ->  boxes [1,896,16], scores [1,896,1]
  face_detection_full_range.onnx   image [1,3,192,192] RGB -1..1  ->  boxes [1,2304,16], scores [1,2304,1]
  face_landmark_with_attention.onnx image [1,3,192,192] RGB 0..1  ->  landmarks [478,3] px of the image, z as x; flag [1]
  face_landmark.onnx               image [1,3,192,192] RGB 0..1   ->  landmarks [468,3], flag [1]; only for the checks
  selfie_segmentation.onnx         image [1,3,256,256] RGB 0..1   ->  person [256,256] 0..1
  canonical_face.bin               468 x (x, y, z) float32 cm, then 898 x 3 uint16, little endian

Inside TFLite a picture is [batch,row,column,channel], inside ONNX [batch,channel,row,column]: every tensor of rank 4 is
turned, and turned back where its order shows (reshape, outputs). Weights lie as float16 behind DEQUANTIZE; they
become float32, because that loads fastest. The three custom operators of the attention mesh (crop round a part of the
face, look there again, put the result back) are written in standard operators. Layout of the file: TFLite schema v3
(FlatBuffers), FlexBuffers for the options of custom operators.
"""
import argparse
import json
import os
import re
import struct

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# ------------------------------------------------------------------------------------------------ reading TFLite


class Table:
    """One FlatBuffers table. Fields are counted from 0 in the order of the schema."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.vtable = at - self.number(at, 'i')
        self.vtable_bytes = self.number(self.vtable, 'H')

    def number(self, at, kind):
        return struct.unpack_from('<' + kind, self.data, at)[0]

    def place(self, field):
        entry = 4 + 2 * field
        offset = self.number(self.vtable + entry, 'H') if entry < self.vtable_bytes else 0
        return self.at + offset if offset else None

    def get(self, field, kind, default=0):
        place = self.place(field)
        return default if place is None else self.number(place, kind)

    def vector(self, field):
        """(place of the first element, number of elements)"""
        place = self.place(field)
        if place is None:
            return 0, 0
        place += self.number(place, 'I')
        return place + 4, self.number(place, 'I')

    def ints(self, field):
        place, n = self.vector(field)
        return list(struct.unpack_from('<%di' % n, self.data, place))

    def bytes(self, field):
        place, n = self.vector(field)
        return self.data[place:place + n]

    def table(self, field):
        place = self.place(field)
        return Table(self.data, place + self.number(place, 'I')) if place is not None else None

    def tables(self, field):
        place, n = self.vector(field)
        return [Table(self.data, p + self.number(p, 'I')) for p in range(place, place + 4 * n, 4)]


def flexbuffer(data):
    """A FlexBuffers value: map, vector, typed vector, int, uint or float. Nothing else occurs in these networks."""

    def unsigned(at, width):
        return int.from_bytes(data[at:at + width], 'little')

    def scalar(at, width, kind):  # 1 int, 2 uint, 3 float
        if kind == 3:
            return struct.unpack_from({4: '<f', 8: '<d'}[width], data, at)[0]
        return int.from_bytes(data[at:at + width], 'little', signed=kind == 1)

    def value(at, width, packed):
        kind, child = packed >> 2, 1 << (packed & 3)
        if kind in (1, 2, 3):
            return scalar(at, width, kind)
        at -= unsigned(at, width)  # everything else lies elsewhere
        if 11 <= kind <= 13:  # vector of int, uint, float
            return [scalar(at + i * child, child, kind - 10) for i in range(unsigned(at - child, child))]
        if 16 <= kind <= 24:  # 2, 3 or 4 numbers without a count
            return [scalar(at + i * child, child, (kind - 16) % 3 + 1) for i in range((kind - 16) // 3 + 2)]
        n = unsigned(at - child, child)
        items = [value(at + i * child, child, data[at + n * child + i]) for i in range(n)]
        if kind == 10:
            return items
        if kind != 9:
            raise ValueError('FlexBuffers type %d is not expected here' % kind)
        keys_at = at - 3 * child - unsigned(at - 3 * child, child)
        key_width = unsigned(at - 2 * child, child)
        names = []
        for i in range(n):
            start = keys_at + i * key_width
            start -= unsigned(start, key_width)
            names.append(data[start:data.index(b'\0', start)].decode())
        return dict(zip(names, items))

    width = data[-1]
    return value(len(data) - 2 - width, width, data[-2])


BUILTIN = {0: 'ADD', 1: 'AVERAGE_POOL', 2: 'CONCAT', 3: 'CONV', 4: 'DEPTHWISE_CONV', 6: 'DEQUANTIZE', 14: 'LOGISTIC',
           17: 'MAX_POOL', 18: 'MUL', 19: 'RELU', 22: 'RESHAPE', 23: 'RESIZE_BILINEAR', 34: 'PAD', 45: 'STRIDED_SLICE',
           54: 'PRELU', 117: 'HARD_SWISH'}
CUSTOM = 32
DTYPE = {0: np.float32, 1: np.float16, 2: np.int32}


class Operator:
    def __init__(self, code, table):
        self.code, self.inputs, self.outputs = code, table.ints(1), table.ints(2)
        self.options, self.custom = table.table(4), table.bytes(5)


class TFLite:
    """shape[i], constant[i] (if it is one), inputs, outputs, operators: subgraph 0 of the file."""

    def __init__(self, data):
        model = Table(data, struct.unpack_from('<I', data, 0)[0])
        codes = []
        for c in model.tables(1):
            number = max(c.get(0, 'b'), c.get(3, 'i'))
            codes.append(c.bytes(1).decode() if number == CUSTOM else BUILTIN.get(number, 'operator %d' % number))
        graph, buffers = model.tables(2)[0], model.tables(4)
        self.shape, self.name, self.constant = [], [], {}
        for i, t in enumerate(graph.tables(0)):
            self.shape.append(t.ints(0))
            self.name.append(t.bytes(3).decode())
            place, n = buffers[t.get(2, 'I')].vector(0)
            if n:
                kind = np.dtype(DTYPE[t.get(1, 'b')])
                self.constant[i] = np.frombuffer(data, kind, n // kind.itemsize, place).reshape(t.ints(0))
        self.inputs, self.outputs = graph.ints(1), graph.ints(2)
        self.operators = [Operator(codes[o.get(0, 'I')], o) for o in graph.tables(3)]


# ------------------------------------------------------------------------------------------------ writing ONNX

TO_ONNX, TO_TFLITE = [0, 3, 1, 2], [0, 2, 3, 1]  # NHWC -> NCHW and back


class Graph:
    """An ONNX graph under construction. Values are named by strings; constants are shared by name."""

    def __init__(self):
        self.nodes, self.initializers = [], {}

    def constant(self, array, name=None):
        name = name or 'const_%d' % len(self.initializers)
        self.initializers[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def floats(self, values):
        return self.constant(np.array(values, np.float32))

    def ints(self, values):
        return self.constant(np.array(values, np.int64))

    def add(self, operator, inputs, output=None, **attributes):
        output = output or 'v%d' % len(self.nodes)
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def model(self, name, inputs, outputs):
        info = [[helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in values] for values in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, name, info[0], info[1], list(self.initializers.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 16)], producer_name='convert_models')
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model


class Converter:
    """Walks a TFLite network in its order and writes the same sum in ONNX. value[i] names tensor i in the ONNX graph;
    a tensor of rank 4 is NCHW there."""

    def __init__(self, net):
        self.net, self.g, self.value = net, Graph(), {net.inputs[0]: 'image'}
        self.weights = dict(net.constant)
        for o in net.operators:
            getattr(self, self.method(o.code))(o)

    @staticmethod
    def method(code):
        name = 'on_' + re.sub(r'\W', '_', code).lower()
        if not hasattr(Converter, name):
            raise ValueError('the network uses %s, which this converter does not know' % code)
        return name

    # -- small helpers
    def floats_of(self, i):
        return self.weights[i].astype(np.float32)

    def input(self, i):
        """Tensor i as a value: an activation, or a constant in ONNX order."""
        if i not in self.value:
            array = self.floats_of(i)
            self.value[i] = self.g.constant(array.transpose(TO_ONNX) if array.ndim == 4 else array, 't%d' % i)
        return self.value[i]

    def finish(self, o, value, activation=0):
        if activation == 1:
            value = self.g.add('Relu', [value])
        elif activation != 0:
            raise ValueError('fused activation %d is not expected here' % activation)
        self.value[o.outputs[0]] = value

    def plain(self, i):
        """Tensor i in TFLite's own order."""
        value = self.input(i)
        shape = self.net.shape[i]
        if len(shape) != 4 or shape[1] == shape[2] == 1:
            return value
        return self.g.add('Transpose', [value], perm=TO_TFLITE)

    @staticmethod
    def padding(code):
        return 'SAME_UPPER' if code == 0 else 'VALID'

    # -- operators, options in the order of the schema
    def on_dequantize(self, o):
        self.weights[o.outputs[0]] = self.weights[o.inputs[0]]

    def on_conv(self, o):  # padding, stride w, stride h, activation, dilation w, dilation h
        x, w, b = o.inputs
        weight = self.floats_of(w).transpose(0, 3, 1, 2)
        self.conv(o, x, weight, b, 1, activation=o.options.get(3, 'b'), dilation=[o.options.get(5, 'i', 1), o.options.get(4, 'i', 1)])

    def on_depthwise_conv(self, o):  # padding, stride w, stride h, multiplier, activation, dilation w, dilation h
        x, w, b = o.inputs
        weight = self.floats_of(w).transpose(3, 0, 1, 2)
        self.conv(o, x, weight, b, self.net.shape[x][3], activation=o.options.get(4, 'b'),
                  dilation=[o.options.get(6, 'i', 1), o.options.get(5, 'i', 1)])

    def conv(self, o, x, weight, bias, group, activation, dilation):
        value = self.g.add('Conv', [self.input(x), self.g.constant(weight), self.g.constant(self.floats_of(bias))],
                           kernel_shape=list(weight.shape[2:]), group=group, dilations=dilation,
                           strides=[o.options.get(2, 'i', 1), o.options.get(1, 'i', 1)],
                           auto_pad=self.padding(o.options.get(0, 'b')))
        self.finish(o, value, activation)

    def on_convolution2dtransposebias(self, o):  # raw struct: padding, stride w, stride h
        x, w, b = o.inputs
        _, stride_w, stride_h = struct.unpack('<3i', o.custom)
        weight = self.floats_of(w).transpose(3, 0, 1, 2)  # out, row, column, in -> in, out, row, column
        if list(weight.shape[2:]) != [stride_h, stride_w]:
            raise ValueError('a transposed convolution whose windows overlap is not expected here')
        self.finish(o, self.g.add('ConvTranspose', [self.input(x), self.g.constant(weight),
                                                    self.g.constant(self.floats_of(b))], strides=[stride_h, stride_w]))

    def pool(self, o, operator):  # padding, stride w, stride h, filter w, filter h, activation
        f = o.options
        kernel = [f.get(4, 'i'), f.get(3, 'i')]
        if operator == 'AveragePool' and kernel == self.net.shape[o.inputs[0]][1:3]:
            value = self.g.add('GlobalAveragePool', [self.input(o.inputs[0])])
        else:
            value = self.g.add(operator, [self.input(o.inputs[0])], kernel_shape=kernel,
                               strides=[f.get(2, 'i', 1), f.get(1, 'i', 1)], auto_pad=self.padding(f.get(0, 'b')))
        self.finish(o, value, f.get(5, 'b'))

    def on_max_pool(self, o):
        self.pool(o, 'MaxPool')

    def on_average_pool(self, o):
        self.pool(o, 'AveragePool')

    def on_add(self, o):
        self.finish(o, self.g.add('Add', [self.input(i) for i in o.inputs]), o.options.get(0, 'b') if o.options else 0)

    def on_mul(self, o):
        self.finish(o, self.g.add('Mul', [self.input(i) for i in o.inputs]), o.options.get(0, 'b') if o.options else 0)

    def on_relu(self, o):
        self.finish(o, self.g.add('Relu', [self.input(o.inputs[0])]))

    def on_prelu(self, o):
        slope = self.floats_of(o.inputs[1])  # [1, 1, C] -> [C, 1, 1]
        self.finish(o, self.g.add('PRelu', [self.input(o.inputs[0]), self.g.constant(slope.transpose(2, 0, 1))]))

    def on_logistic(self, o):
        self.finish(o, self.g.add('Sigmoid', [self.input(o.inputs[0])]))

    def on_hard_swish(self, o):
        self.finish(o, self.g.add('HardSwish', [self.input(o.inputs[0])]))

    def on_pad(self, o):
        pads = self.weights[o.inputs[1]][TO_ONNX]
        self.finish(o, self.g.add('Pad', [self.input(o.inputs[0]), self.g.ints(pads.T.ravel())]))

    def on_resize_bilinear(self, o):  # two unused fields, align corners, half pixel centres
        sizes = [self.net.shape[o.outputs[0]][k] for k in TO_ONNX]
        mode = 'align_corners' if o.options.get(2, 'b') else 'half_pixel' if o.options.get(3, 'b') else 'asymmetric'
        self.finish(o, self.g.add('Resize', [self.input(o.inputs[0]), '', '', self.g.ints(sizes)], mode='linear',
                                  coordinate_transformation_mode=mode))

    def on_reshape(self, o):
        shape = self.net.shape[o.outputs[0]]
        if len(shape) == 4 and not shape[1] == shape[2] == 1:
            raise ValueError('a reshape to a picture is not expected here')
        order = TO_ONNX if len(shape) == 4 else range(len(shape))
        self.finish(o, self.g.add('Reshape', [self.plain(o.inputs[0]), self.g.ints([shape[k] for k in order])]))

    def on_concat(self, o):  # axis, activation
        axis, shape = o.options.get(0, 'i'), self.net.shape[o.outputs[0]]
        axis %= len(shape)
        axis = TO_ONNX.index(axis) if len(shape) == 4 else axis
        self.finish(o, self.g.add('Concat', [self.input(i) for i in o.inputs], axis=axis), o.options.get(1, 'b'))

    def on_strided_slice(self, o):
        if self.net.shape[o.inputs[0]] != self.net.shape[o.outputs[0]]:
            raise ValueError('a slice that cuts something off is not expected here')
        self.finish(o, self.input(o.inputs[0]))

    # -- the attention mesh: where is this part of the face, cut it out of the features, bring its points back
    def on_landmarks2transformmatrix(self, o):
        """[1,468,3] -> [1,4,4]: pixels of the crop -> pixels of the feature map. The crop is the box of a subset of the
        points, after turning the line between two of them level, times a scale."""
        g, f = self.g, flexbuffer(o.custom)
        if f['target_rotation_radians'] != 0:
            raise ValueError('a tilted crop is not expected here')
        points = g.add('Squeeze', [self.input(o.inputs[0]), g.ints([0])])
        points = g.add('Gather', [points, g.ints([0, 1])], axis=1)
        ends = [g.add('Gather', [points, g.ints([f[k]])]) for k in ('left_rotation_idx', 'right_rotation_idx')]
        along = g.add('Sub', [ends[1], ends[0]])  # [1, 2]
        along = g.add('Div', [along, g.add('ReduceL2', [along], axes=[1], keepdims=1)])  # (cos, sin)
        across = g.add('MatMul', [along, g.floats([[0, 1], [-1, 0]])])  # (-sin, cos)
        turn = g.add('Concat', [along, across], axis=0)  # rows: the crop's axes in the picture
        subset = np.array(f['subset_idxs']).ravel()
        part = g.add('MatMul', [g.add('Gather', [points, g.ints(subset)]), g.add('Transpose', [turn], perm=[1, 0])])
        low, high = (g.add(k, [part], axes=[0], keepdims=1) for k in ('ReduceMin', 'ReduceMax'))
        centre = g.add('MatMul', [g.add('Mul', [g.add('Add', [low, high]), g.floats(0.5)]), turn])  # [1, 2]
        # Size of the box, and of one pixel of the crop; axes of the crop in columns, scaled to that pixel.
        size = g.add('Mul', [g.add('Sub', [high, low]), g.floats([f['scale_x'], f['scale_y']])])
        pixel = g.add('Div', [size, g.floats([f['output_width'], f['output_height']])])
        axes = g.add('Mul', [g.add('Transpose', [turn], perm=[1, 0]), pixel])
        start = g.add('Sub', [centre, g.add('MatMul', [g.add('Mul', [size, g.floats(0.5)]), turn])])
        rows = g.add('Concat', [axes, g.floats([[0], [0]]), g.add('Transpose', [start], perm=[1, 0])], axis=1)
        whole = g.add('Concat', [rows, g.floats([[0, 0, 1, 0], [0, 0, 0, 1]])], axis=0)
        self.finish(o, g.add('Unsqueeze', [whole, g.ints([0])]))

    def on_transformtensorbilinear(self, o):
        """Samples the features at (matrix x crop pixel centre), bilinear, nothing outside."""
        g, shape = self.g, self.net.shape
        rows, columns = shape[o.outputs[0]][1:3]
        height, width = shape[o.inputs[0]][1:3]
        y, x = np.mgrid[0:rows, 0:columns] + 0.5
        centres = np.stack([x, y, 0 * x, 0 * x + 1], -1).reshape(-1, 4).astype(np.float32)
        matrix = g.add('Squeeze', [self.input(o.inputs[1]), g.ints([0])])
        at = g.add('MatMul', [g.constant(centres), g.add('Transpose', [matrix], perm=[1, 0])])
        at = g.add('Gather', [at, g.ints([0, 1])], axis=1)
        # GridSample counts -1..1 from edge to edge.
        at = g.add('Sub', [g.add('Mul', [at, g.floats([2 / width, 2 / height])]), g.floats(1)])
        grid = g.add('Reshape', [at, g.ints([1, rows, columns, 2])])
        self.finish(o, g.add('GridSample', [self.input(o.inputs[0]), grid], mode='bilinear', padding_mode='zeros',
                             align_corners=0))

    def on_transformlandmarks(self, o):
        g = self.g
        matrix = g.add('Squeeze', [self.input(o.inputs[1]), g.ints([0])])
        turn = g.add('Slice', [matrix, g.ints([0, 0]), g.ints([2, 2])])
        shift = g.add('Slice', [matrix, g.ints([0, 3]), g.ints([2, 4])])
        points = g.add('MatMul', [self.input(o.inputs[0]), g.add('Transpose', [turn], perm=[1, 0])])
        self.finish(o, g.add('Add', [points, g.add('Transpose', [shift], perm=[1, 0])]))

    # -- the whole
    def model(self, name, outputs):
        """outputs: [(name, value, shape)]"""
        for output, value, _ in outputs:
            self.g.add('Identity', [value], output)
        shape = self.net.shape[self.net.inputs[0]]
        return self.g.model(name, [('image', [shape[k] for k in TO_ONNX])], [(n, s) for n, _, s in outputs])

    def output(self, i, shape):
        return self.g.add('Reshape', [self.plain(i), self.g.ints(shape)])

    def output_named(self, name, shape):
        return self.output(next(i for i in self.net.outputs if self.net.name[i] == name), shape)


# ------------------------------------------------------------------------------------------------ the five networks


def detector(data, name):
    c = Converter(TFLite(data))
    outputs = [('boxes' if c.net.shape[i][2] == 16 else 'scores', c.value[i], c.net.shape[i]) for i in c.net.outputs]
    return c.model(name, sorted(outputs))


def mesh(data, name):
    c = Converter(TFLite(data))
    points, flag = sorted(c.net.outputs, key=lambda i: -c.net.shape[i][3])
    return c.model(name, [('landmarks', c.output(points, [468, 3]), [468, 3]), ('flag', c.output(flag, [1]), [1])])


def attention_mesh(data, name):
    """Joins the mesh and its refined parts to 478 points. Which points a part refines is in its crop's subset, in the
    same order. x and y of lips and eyes come from the parts, z from the mesh; an iris has the mean z of its eye's rim,
    the first 16 points of the eye's part (as in MediaPipe's own graph)."""
    c = Converter(TFLite(data))
    g, net = c.g, c.net
    flag = next(i for i in net.outputs if net.name[i] == 'conv_faceflag')
    whole = c.output_named('output_mesh_identity', [468, 3])
    subsets = [np.array(flexbuffer(o.custom)['subset_idxs']).ravel() for o in net.operators
               if o.code == 'Landmarks2TransformMatrix']
    parts = [('output_lips', 61), ('output_left_eye', 33), ('output_right_eye', 263)]  # "left": of the picture
    source = np.arange(478)
    xy, z = [g.add('Gather', [whole, g.ints([0, 1])], axis=1)], [g.add('Gather', [whole, g.ints([2])], axis=1)]
    count = 468
    for part, first in parts:
        subset = next(s for s in subsets if s[0] == first)
        source[subset] = count + np.arange(len(subset))
        xy.append(c.output_named(part, [len(subset), 2]))
        count += len(subset)
    for k, (iris, first) in enumerate((('output_left_iris', 33), ('output_right_iris', 263))):
        subset = next(s for s in subsets if s[0] == first)
        source[468 + 5 * k:473 + 5 * k] = count + np.arange(5)
        xy.append(c.output_named(iris, [5, 2]))
        count += 5
        depth = g.add('ReduceMean', [g.add('Gather', [z[0], g.ints(subset[:16])])], axes=[0], keepdims=1)
        z.append(g.add('Expand', [depth, g.ints([5, 1])]))
    xy = g.add('Gather', [g.add('Concat', xy, axis=0), g.ints(source)])
    points = g.add('Concat', [xy, g.add('Concat', z, axis=0)], axis=1)
    return c.model(name, [('landmarks', points, [478, 3]), ('flag', c.output(flag, [1]), [1])])


def segmentation(data, name):
    c = Converter(TFLite(data))
    size = c.net.shape[c.net.outputs[0]][1:3]
    return c.model(name, [('person', c.output(c.net.outputs[0], size), size)])


# ------------------------------------------------------------------------------------------------ the canonical face


def protobuf_fields(data):
    """(field number, value) of one message: ints, or bytes for fields of 4 bytes and of given length."""

    def varint(i):
        value = shift = 0
        while True:
            value |= (data[i] & 127) << shift
            shift += 7
            i += 1
            if data[i - 1] < 128:
                return value, i

    i = 0
    while i < len(data):
        key, i = varint(i)
        if key & 7 == 0:
            value, i = varint(i)
        elif key & 7 == 2:
            n, i = varint(i)
            value, i = data[i:i + n], i + n
        elif key & 7 == 5:
            value, i = data[i:i + 4], i + 4
        else:
            raise ValueError('protobuf wire type %d is not expected here' % (key & 7))
        yield key >> 3, value


def repeated(data, field, fmt):
    """A repeated number: packed into one field, or as many single ones."""
    raw = [v for k, v in protobuf_fields(data) if k == field]
    if fmt == 'f':
        return np.frombuffer(b''.join(raw), '<f4')
    out = []
    for v in raw:
        if isinstance(v, int):
            out.append(v)
            continue
        value = shift = 0
        for byte in v:
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                out.append(value)
                value = shift = 0
    return np.array(out)


def canonical_face(data):
    """GeometryPipelineMetadata.canonical_mesh (field 1) is a Mesh3d: vertices in field 3 (x, y, z, u, v), triangles in 4."""
    mesh3d = dict(protobuf_fields(data))[1]
    vertices = repeated(mesh3d, 3, 'f').reshape(468, 5)[:, :3]
    triangles = repeated(mesh3d, 4, 'i').reshape(898, 3)
    return vertices.astype('<f4').tobytes() + triangles.astype('<u2').tobytes()


# ------------------------------------------------------------------------------------------------ files


class Packages:
    def __init__(self, folder):
        self.folder = folder

    def file(self, package, name):
        with open(os.path.join(self.folder, package, name), 'rb') as f:
            return f.read()

    def asset(self, name):
        """A file inside the packed assets of face_mesh; the loader beside them lists name, start and end as JSON."""
        loader = self.file('face_mesh', 'face_mesh_solution_packed_assets_loader.js').decode()
        listed = json.loads(re.search(r'"files":\s*(\[[^\]]*\])', loader).group(1))
        entry = next(e for e in listed if e['filename'].endswith('/' + name))
        return self.file('face_mesh', 'face_mesh_solution_packed_assets.data')[entry['start']:entry['end']]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--packages', required=True)
    parser.add_argument('--out', required=True)
    args = parser.parse_args()
    packages = Packages(args.packages)
    os.makedirs(args.out, exist_ok=True)

    def write(name, content):
        path = os.path.join(args.out, name)
        with open(path + '.part', 'wb') as f:
            f.write(content)
        os.replace(path + '.part', path)

    for name, convert, data in (
            ('face_detection_short_range', detector, packages.file('face_detection', 'face_detection_short_range.tflite')),
            ('face_detection_full_range', detector, packages.file('face_detection', 'face_detection_full_range.tflite')),
            ('face_landmark_with_attention', attention_mesh, packages.asset('face_landmark_with_attention.tflite')),
            ('face_landmark', mesh, packages.asset('face_landmark.tflite')),
            ('selfie_segmentation', segmentation, packages.file('selfie_segmentation', 'selfie_segmentation.tflite'))):
        write(name + '.onnx', convert(data, name).SerializeToString())
    write('canonical_face.bin', canonical_face(packages.asset('geometry_pipeline_metadata_landmarks.binarypb')))


if __name__ == '__main__':
    main()
