# SPDX-License-Identifier: Apache-2.0
"""own.onnx: a network of a user's own, as docs/hearing.md asks for; each articulator is how loud one of the lowest ten bands
is at the moment that is asked for. other.onnx: one of another shape."""
from pathlib import Path

import onnx
from onnx import TensorProto, helper


def write(name, frames):
    nodes = [helper.make_node("Slice", ["frames", "from", "to", "axes"], ["now"]),
             helper.make_node("Squeeze", ["now", "time"], ["bands"]),
             helper.make_node("Add", ["bands", "silence"], ["above"]),
             helper.make_node("Mul", ["above", "scale"], ["articulation"])]
    ints = {"from": [frames - 7, 0], "to": [frames - 6, 10], "axes": [1, 2], "time": [1]}
    numbers = [helper.make_tensor(n, TensorProto.INT64, [len(v)], v) for n, v in ints.items()]
    numbers += [helper.make_tensor(n, TensorProto.FLOAT, [1], [v]) for n, v in (("silence", 23.03), ("scale", 0.04))]
    graph = helper.make_graph(nodes, name,
                              [helper.make_tensor_value_info("frames", TensorProto.FLOAT, [1, frames, 43])],
                              [helper.make_tensor_value_info("articulation", TensorProto.FLOAT, [1, 10])], numbers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(Path(__file__).parent / name))


write("own.onnx", 100)
write("other.onnx", 50)
