# SPDX-License-Identifier: Apache-2.0
"""own.onnx: a network of a user's own, as docs/hearing.md asks for; it says which of the lowest seven bands is loudest.
other.onnx: one of another shape."""
from pathlib import Path

import onnx
from onnx import TensorProto, helper


def write(name, frames):
    nodes = [helper.make_node("ReduceMean", ["frames"], ["mean"], axes=[1], keepdims=0),
             helper.make_node("Slice", ["mean", "from", "to", "axis"], ["seven"]),
             helper.make_node("Softmax", ["seven"], ["emotion"], axis=1)]
    numbers = [helper.make_tensor(n, TensorProto.INT64, [1], [v]) for n, v in (("from", 0), ("to", 7), ("axis", 1))]
    graph = helper.make_graph(nodes, name,
                              [helper.make_tensor_value_info("frames", TensorProto.FLOAT, [1, frames, 43])],
                              [helper.make_tensor_value_info("emotion", TensorProto.FLOAT, [1, 7])], numbers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(Path(__file__).parent / name))


write("own.onnx", 300)
write("other.onnx", 100)
