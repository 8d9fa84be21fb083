// SPDX-License-Identifier: Apache-2.0
#include "infer/onnx_file.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>

namespace avatar {
namespace {

using Bytes = std::string_view;
using Buffer = std::string;

// Field numbers of onnx.proto.
enum ModelField : uint32_t { kModelIr = 1, kModelGraph = 7, kModelOpset = 8 };
enum GraphField : uint32_t { kGraphNode = 1, kGraphName = 2, kGraphWeight = 5, kGraphInput = 11, kGraphOutput = 12 };
enum NodeField : uint32_t {
  kNodeInput = 1,
  kNodeOutput = 2,
  kNodeName = 3,
  kNodeType = 4,
  kNodeAttribute = 5,
  kNodeDomain = 7
};
enum AttributeField : uint32_t {
  kAttributeName = 1,
  kAttributeInt = 3,
  kAttributeText = 4,
  kAttributeGraph = 6,
  kAttributeInts = 8,
  kAttributeGraphs = 11,
  kAttributeType = 20
};
enum TensorField : uint32_t { kTensorDims = 1, kTensorType = 2, kTensorName = 8, kTensorRaw = 9 };
enum OpsetField : uint32_t { kOpsetDomain = 1, kOpsetVersion = 2 };
enum ElementType : uint32_t { kFloat = 1, kInt64 = 7, kFloat16 = 10 };
enum AttributeKind : uint32_t { kKindInt = 2, kKindText = 3, kKindInts = 7 };

struct Field {
  uint32_t number = 0;
  uint32_t wire = 0;     // 0: number, 1: 8 bytes, 2: bytes, 5: 4 bytes
  uint64_t integer = 0;  // wire 0
  Bytes bytes;           // wire 2
  Bytes whole;           // with its head, as it stands in the file
};

// Walks the fields of one message.
class Fields {
 public:
  explicit Fields(Bytes message) : rest_(message) {}

  bool next(Field& f) {
    if (rest_.empty() || broken_) return false;
    const Bytes start = rest_;
    uint64_t key = 0, length = 0;
    if (!varint(key)) return fail();
    f = {};
    f.number = static_cast<uint32_t>(key >> 3);
    f.wire = static_cast<uint32_t>(key & 7);
    if (f.wire == 0) {
      if (!varint(f.integer)) return fail();
    } else {
      if (f.wire == 2) {
        if (!varint(length)) return fail();
      } else if (f.wire == 1 || f.wire == 5) {
        length = f.wire == 1 ? 8 : 4;
      } else {
        return fail();
      }
      if (length > rest_.size()) return fail();
      f.bytes = rest_.substr(0, static_cast<size_t>(length));
      rest_.remove_prefix(static_cast<size_t>(length));
    }
    f.whole = start.substr(0, start.size() - rest_.size());
    return f.number != 0 || fail();
  }
  [[nodiscard]] bool is_broken() const { return broken_; }

 private:
  bool fail() {
    broken_ = true;
    return false;
  }
  bool varint(uint64_t& out) {
    out = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      rest_.remove_prefix(1);
      out |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }
  Bytes rest_;
  bool broken_ = false;
};

// ---- writing ----
void put_varint(Buffer& to, uint64_t n) {
  for (; n >= 0x80; n >>= 7) to += static_cast<char>(n | 0x80);
  to += static_cast<char>(n);
}
void put_int(Buffer& to, uint32_t field, uint64_t n) {
  put_varint(to, field << 3);
  put_varint(to, n);
}
void put_bytes(Buffer& to, uint32_t field, Bytes bytes) {
  put_varint(to, field << 3 | 2);
  put_varint(to, bytes.size());
  to += bytes;
}

Error broken() { return {ErrorKind::invalid, "it is no ONNX file, or is cut short"}; }

struct Node {
  Bytes type, domain;
  std::vector<Bytes> inputs, outputs;
  std::vector<Bytes> attributes;  // whole messages

  [[nodiscard]] bool parse(Bytes message) {
    Fields fields(message);
    for (Field f; fields.next(f);) {
      if (f.number == kNodeType) type = f.bytes;
      if (f.number == kNodeDomain) domain = f.bytes;
      if (f.number == kNodeInput) inputs.push_back(f.bytes);
      if (f.number == kNodeOutput) outputs.push_back(f.bytes);
      if (f.number == kNodeAttribute) attributes.push_back(f.bytes);
    }
    return !fields.is_broken();
  }
  struct Attribute {
    Bytes name, text;
    uint64_t integer = 0;
  };
  [[nodiscard]] std::optional<Attribute> attribute(Bytes name) const {
    for (const Bytes message : attributes) {
      Attribute a;
      Fields fields(message);
      for (Field f; fields.next(f);) {
        if (f.number == kAttributeName) a.name = f.bytes;
        if (f.number == kAttributeText) a.text = f.bytes;
        if (f.number == kAttributeInt) a.integer = f.integer;
      }
      if (a.name == name) return a;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool is(Bytes wanted) const { return type == wanted && (domain.empty() || domain == "ai.onnx"); }
};

std::optional<TensorSpec> tensor_spec(Bytes value_info) {
  TensorSpec spec{{}, TensorSpec::Element::other, {}};
  Fields info(value_info);
  for (Field f; info.next(f);) {
    if (f.number == 1) spec.name = f.bytes;
    if (f.number != 2) continue;
    Fields type(f.bytes);
    for (Field t; type.next(t);) {
      if (t.number != 1) continue;  // tensor_type
      Fields tensor(t.bytes);
      for (Field e; tensor.next(e);) {
        if (e.number == 1 && e.integer == kFloat) spec.element = TensorSpec::Element::float32;
        if (e.number == 1 && e.integer == kFloat16) spec.element = TensorSpec::Element::float16;
        if (e.number == 1 && e.integer == kInt64) spec.element = TensorSpec::Element::int64;
        if (e.number != 2) continue;
        Fields shape(e.bytes);
        for (Field d; shape.next(d);) {
          int64_t size = -1;
          Fields dim(d.bytes);
          for (Field v; dim.next(v);) {
            if (v.number == 1) size = static_cast<int64_t>(v.integer);
          }
          spec.shape.push_back(size);
          if (dim.is_broken()) return std::nullopt;
        }
        if (shape.is_broken()) return std::nullopt;
      }
      if (tensor.is_broken()) return std::nullopt;
    }
    if (type.is_broken()) return std::nullopt;
  }
  if (info.is_broken()) return std::nullopt;
  return spec;
}

Bytes as_bytes(std::span<const std::byte> file) { return {reinterpret_cast<const char*>(file.data()), file.size()}; }
std::vector<std::byte> as_vector(const Buffer& b) {
  std::vector<std::byte> out(b.size());
  std::memcpy(out.data(), b.data(), b.size());
  return out;
}

// Copies the model, with each node and the opset of ONNX's own operators changed. `change` appends nodes to the graph,
// or says why not.
using ChangeNode = std::function<std::optional<Error>(const Node& node, Bytes whole, Buffer& graph)>;
Result<std::vector<std::byte>> rewritten(std::span<const std::byte> file, const ChangeNode& change, int64_t opset,
                                         const Buffer& weights) {
  Buffer out;
  out.reserve(file.size() + weights.size() + (size_t{1} << 16));
  Fields model(as_bytes(file));
  for (Field f; model.next(f);) {
    if (f.number == kModelOpset && opset > 0) {
      Fields set(f.bytes);
      bool is_own = true;
      for (Field s; set.next(s);)
        is_own = is_own && (s.number != kOpsetDomain || s.bytes.empty() || s.bytes == "ai.onnx");
      if (is_own) {
        Buffer own;
        put_int(own, kOpsetVersion, static_cast<uint64_t>(opset));
        put_bytes(out, kModelOpset, own);
        continue;
      }
    }
    if (f.number != kModelGraph) {
      out += f.whole;
      continue;
    }
    Buffer graph;
    graph.reserve(f.bytes.size() + weights.size());
    Fields fields(f.bytes);
    for (Field g; fields.next(g);) {
      if (g.number != kGraphNode) {
        graph += g.whole;
        continue;
      }
      Node node;
      if (!node.parse(g.bytes)) return broken();
      if (auto error = change(node, g.whole, graph)) return *error;
    }
    if (fields.is_broken()) return broken();
    graph += weights;
    put_bytes(out, kModelGraph, graph);
  }
  if (model.is_broken()) return broken();
  return as_vector(out);
}

// The message with the number at `path` (field numbers, from outside in) replaced.
Buffer with_number(Bytes message, std::span<const uint32_t> path, uint64_t n) {
  Buffer out;
  Fields fields(message);
  for (Field f; fields.next(f);) {
    if (f.number != path[0]) {
      out += f.whole;
    } else if (path.size() == 1) {
      put_int(out, f.number, n);
    } else {
      put_bytes(out, f.number, with_number(f.bytes, path.subspan(1), n));
    }
  }
  return out;
}

bool has_graph(Bytes attribute) {
  Fields fields(attribute);
  for (Field f; fields.next(f);) {
    if (f.number == kAttributeGraph || f.number == kAttributeGraphs) return true;
  }
  return false;
}

// Builds nodes of rewrite B, of the rim and the probe.
class Writer {
 public:
  explicit Writer(std::string prefix) : prefix_(std::move(prefix)) {}

  struct Attribute {
    std::string name;
    std::optional<int64_t> integer;
    std::string text;
    std::vector<int64_t> integers;
  };
  std::string node(Buffer& graph, Bytes type, const std::vector<std::string>& inputs,
                   const std::vector<Attribute>& attributes = {}, std::string output = {}) {
    if (output.empty()) output = prefix_ + std::to_string(++count_);
    Buffer n;
    for (const auto& input : inputs) put_bytes(n, kNodeInput, input);
    put_bytes(n, kNodeOutput, output);
    put_bytes(n, kNodeName, output);
    put_bytes(n, kNodeType, type);
    for (const Attribute& a : attributes) {
      Buffer message;
      put_bytes(message, kAttributeName, a.name);
      if (a.integer) put_int(message, kAttributeInt, static_cast<uint64_t>(*a.integer));
      if (!a.text.empty()) put_bytes(message, kAttributeText, a.text);
      for (const int64_t i : a.integers) put_int(message, kAttributeInts, static_cast<uint64_t>(i));
      put_int(message, kAttributeType, a.integer ? kKindInt : a.integers.empty() ? kKindText : kKindInts);
      put_bytes(n, kNodeAttribute, message);
    }
    put_bytes(graph, kGraphNode, n);
    return output;
  }

  std::string floats(const std::vector<float>& numbers, bool is_scalar) {
    return weight(kFloat, numbers.data(), numbers.size() * sizeof(float), is_scalar ? 0 : numbers.size());
  }
  std::string scalar(float number) { return floats({number}, true); }
  std::string ints(const std::vector<int64_t>& numbers) {
    return weight(kInt64, numbers.data(), numbers.size() * sizeof(int64_t), numbers.size());
  }
  [[nodiscard]] const Buffer& weights() const { return weights_; }

 private:
  std::string weight(uint64_t type, const void* data, size_t bytes, size_t count) {
    std::string name = prefix_ + "w" + std::to_string(++count_);
    Buffer t;
    if (count > 0) put_int(t, kTensorDims, count);
    put_int(t, kTensorType, type);
    put_bytes(t, kTensorName, name);
    put_bytes(t, kTensorRaw, {static_cast<const char*>(data), bytes});
    put_bytes(weights_, kGraphWeight, t);
    return name;
  }
  std::string prefix_;
  int count_ = 0;
  Buffer weights_;
};

// X [N,C,D,H,W], grid [N,d,h,w,3] -> [N,C,d,h,w]. Sizes are read from the tensors, so any will do.
void put_flat_sample(Writer& w, Buffer& g, const std::string& x, const std::string& grid, const std::string& y) {
  const auto op = [&](Bytes type, const std::vector<std::string>& in, const std::vector<Writer::Attribute>& a = {},
                      const std::string& out = {}) { return w.node(g, type, in, a, out); };
  const auto to_float = [&](const std::string& v) { return op("Cast", {v}, {{"to", 1, {}, {}}}); };
  const auto part = [&](const std::string& v, int64_t from, int64_t to, int64_t axis) {
    return op("Slice", {v, w.ints({from}), w.ints({to}), w.ints({axis})});
  };
  const std::string one = w.scalar(1), half = w.scalar(0.5F), two = w.scalar(2), zero = w.scalar(0);
  const std::string minus = w.scalar(-1);

  const std::string shape = op("Shape", {x});
  const std::string nc = part(shape, 0, 2, 0);
  const std::string depth_i = part(shape, 2, 3, 0), height_i = part(shape, 3, 4, 0), width_i = part(shape, 4, 5, 0);
  const std::string depth = to_float(depth_i), height = to_float(height_i);  // [1]
  const std::string padded = op("Add", {height, two});                       // rows of one layer

  // The layers below each other, a row of zeros above and below each.
  const std::string with_rows = op("Pad", {x, w.ints({0, 0, 0, 1, 0, 0, 0, 0, 1, 0})});
  const std::string rows_i = op("Mul", {depth_i, op("Add", {height_i, w.ints({2})})});
  const std::string flat = op("Reshape", {with_rows, op("Concat", {nc, rows_i, width_i}, {{"axis", 0, {}, {}}})});
  const std::string rows = to_float(rows_i);

  const std::string gx = part(grid, 0, 1, -1), gy = part(grid, 1, 2, -1), gz = part(grid, 2, 3, -1);
  const auto to_index = [&](const std::string& v, const std::string& size) {  // ((v + 1) size - 1) / 2
    return op("Mul", {op("Sub", {op("Mul", {op("Add", {v, one}), size}), one}), half});
  };
  const std::string z = to_index(gz, depth);
  const std::string z0 = op("Floor", {z});
  const std::string share1 = op("Sub", {z, z0}), share0 = op("Sub", {one, share1});
  // Beyond the rows of zeros there are only zeros.
  const std::string yy = op("Min", {op("Max", {to_index(gy, height), minus}), height});
  const std::string last = op("Sub", {depth, one});

  const std::string grid_shape = op("Shape", {grid});
  // [N,d,h,w,2] -> [N, d h, w, 2] for the 4-D sample, and back.
  const std::string n_i = part(grid_shape, 0, 1, 0), w_i = part(grid_shape, 3, 4, 0);
  const std::string flat_grid = op("Concat", {n_i, w.ints({-1}), w_i, w.ints({2})}, {{"axis", 0, {}, {}}});
  const std::string out_shape = op("Concat", {nc, part(grid_shape, 1, 4, 0)}, {{"axis", 0, {}, {}}});
  const std::string share_shape = op("Concat", {n_i, w.ints({1}), part(grid_shape, 1, 4, 0)}, {{"axis", 0, {}, {}}});

  const auto layer = [&](const std::string& k, const std::string& share) {
    const std::string kc = op("Min", {op("Max", {k, zero}), last});
    const std::string is_inside = to_float(op("Equal", {k, kc}));
    const std::string row = op("Add", {op("Add", {op("Mul", {kc, padded}), one}), yy});
    const std::string gy2 = op("Sub", {op("Div", {op("Add", {op("Mul", {row, two}), one}), rows}), one});
    const std::string at = op("Reshape", {op("Concat", {gx, gy2}, {{"axis", -1, {}, {}}}), flat_grid});
    const std::string seen =
        op("GridSample", {flat, at},
           {{"mode", {}, "bilinear", {}}, {"padding_mode", {}, "zeros", {}}, {"align_corners", 0, {}, {}}});
    const std::string weight = op("Reshape", {op("Mul", {share, is_inside}), share_shape});
    return op("Mul", {op("Reshape", {seen, out_shape}), weight});
  };
  op("Add", {layer(z0, share0), layer(op("Add", {z0, one}), share1)}, {}, y);
}

}  // namespace

Result<OnnxFile> read_onnx(std::span<const std::byte> bytes) {
  OnnxFile file;
  bool has_graph = false;
  std::vector<std::string> weights;
  Fields model(as_bytes(bytes));
  for (Field f; model.next(f);) {
    if (f.number == kModelOpset && f.wire == 2) {
      std::pair<std::string, int64_t> opset{"", 0};
      Fields set(f.bytes);
      for (Field s; set.next(s);) {
        if (s.number == kOpsetDomain) opset.first = s.bytes == "ai.onnx" ? Bytes() : s.bytes;
        if (s.number == kOpsetVersion) opset.second = static_cast<int64_t>(s.integer);
      }
      file.opsets.push_back(std::move(opset));
    }
    if (f.number != kModelGraph || f.wire != 2) continue;
    has_graph = true;
    Fields graph(f.bytes);
    for (Field g; graph.next(g);) {
      if (g.number == kGraphNode) {
        Node node;
        if (!node.parse(g.bytes)) return broken();
        std::string type = (node.domain.empty() || node.domain == "ai.onnx" ? "" : std::string(node.domain) + ":") +
                           std::string(node.type);
        if (std::find(file.operators.begin(), file.operators.end(), type) == file.operators.end()) {
          file.operators.push_back(std::move(type));
        }
      } else if (g.number == kGraphInput || g.number == kGraphOutput) {
        auto spec = tensor_spec(g.bytes);
        if (!spec) return broken();
        (g.number == kGraphInput ? file.inputs : file.outputs).push_back(std::move(*spec));
      } else if (g.number == kGraphWeight) {
        Fields tensor(g.bytes);
        for (Field t; tensor.next(t);) {
          if (t.number == kTensorName) weights.emplace_back(t.bytes);
        }
      }
    }
    if (graph.is_broken()) return broken();
  }
  if (model.is_broken() || !has_graph || file.operators.empty()) return broken();
  std::erase_if(file.inputs, [&](const TensorSpec& s) {
    return std::find(weights.begin(), weights.end(), s.name) != weights.end();
  });
  return file;
}

bool has_operator(const OnnxFile& file, std::string_view type) {
  return std::any_of(file.operators.begin(), file.operators.end(), [type](const std::string& o) {
    return o == type || (o.size() > type.size() && o.ends_with(type) && o[o.size() - type.size() - 1] == ':');
  });
}

Result<std::vector<std::byte>> with_opset_20(std::span<const std::byte> bytes) {
  auto file = read_onnx(bytes);
  if (!file) return file.error();
  for (const auto& [domain, version] : file->opsets) {
    if (domain.empty() && version >= 20) return std::vector<std::byte>(bytes.begin(), bytes.end());
    if (domain.empty() && version < 16) return Error{ErrorKind::invalid, "its opset is older than 16"};
  }
  const auto change = [](const Node& node, Bytes whole, Buffer& graph) -> std::optional<Error> {
    // Since 18 the axes of these are an input, and Split must be told into how many.
    const bool has_new_axes = node.type.starts_with("Reduce") && node.type != "ReduceSum" && node.attribute("axes");
    const bool has_new_split = node.is("Split") && node.inputs.size() < 2;
    if (has_new_axes || has_new_split) {
      return Error{ErrorKind::invalid, "its operator " + std::string(node.type) + " is written otherwise in opset 20"};
    }
    const auto mode = node.attribute("mode");
    if (!node.is("GridSample") || !mode || mode->text != "bilinear") {
      graph += whole;
      return {};
    }
    Buffer changed;
    Field head;
    Fields outer(whole);
    outer.next(head);
    Fields fields(head.bytes);
    for (Field f; fields.next(f);) {
      const bool is_mode = f.number == kNodeAttribute && f.bytes.find("bilinear") != Bytes::npos;
      if (!is_mode) {
        changed += f.whole;
        continue;
      }
      Buffer attribute;
      put_bytes(attribute, kAttributeName, "mode");
      put_bytes(attribute, kAttributeText, "linear");
      put_int(attribute, kAttributeType, kKindText);
      put_bytes(changed, kNodeAttribute, attribute);
    }
    put_bytes(graph, kGraphNode, changed);
    return {};
  };
  return rewritten(bytes, change, 20, {});
}

Result<std::vector<std::byte>> with_flat_samples(std::span<const std::byte> bytes) {
  auto file = read_onnx(bytes);
  if (!file) return file.error();
  Buffer weights;
  int count = 0;
  const auto change = [&](const Node& node, Bytes whole, Buffer& graph) -> std::optional<Error> {
    if (!node.is("GridSample")) {
      graph += whole;
      return {};
    }
    const auto mode = node.attribute("mode"), padding = node.attribute("padding_mode"),
               aligned = node.attribute("align_corners");
    const bool is_linear = !mode || mode->text == "bilinear" || mode->text == "linear";
    if (!is_linear || (padding && padding->text != "zeros") || (aligned && aligned->integer != 0) ||
        node.inputs.size() != 2 || node.outputs.size() != 1) {
      return Error{ErrorKind::invalid, "its GridSample is not linear with zeros outside"};
    }
    Writer writer("flat" + std::to_string(++count) + "_");
    put_flat_sample(writer, graph, std::string(node.inputs[0]), std::string(node.inputs[1]),
                    std::string(node.outputs[0]));
    weights += writer.weights();
    return {};
  };
  // Two passes: the weights are known after the first.
  auto first = rewritten(bytes, change, 0, {});
  if (!first) return first;
  const Buffer all = std::move(weights);
  weights.clear();
  count = 0;
  return rewritten(bytes, change, 0, all);
}

bool has_half_rim(const OnnxFile& file) {
  const auto is_half = [](const TensorSpec& s) { return s.element == TensorSpec::Element::float16; };
  return std::any_of(file.inputs.begin(), file.inputs.end(), is_half) ||
         std::any_of(file.outputs.begin(), file.outputs.end(), is_half);
}

Result<std::vector<std::byte>> with_float32_rim(std::span<const std::byte> bytes) {
  auto file = read_onnx(bytes);
  if (!file) return file.error();
  std::vector<std::string> inputs, outputs;
  for (auto& [specs, names] : {std::pair{&file->inputs, &inputs}, std::pair{&file->outputs, &outputs}}) {
    for (const TensorSpec& s : *specs) {
      if (s.element == TensorSpec::Element::float16) names->push_back(s.name);
    }
  }
  const auto has = [](const std::vector<std::string>& names, Bytes name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  const auto inside = [](Bytes name) { return std::string(name) + "_in_float16"; };
  Writer writer("rim");
  Buffer first, last;
  for (const std::string& name : inputs) {
    writer.node(first, "Cast", {name}, {{"to", kFloat16, {}, {}}}, inside(name));
  }
  for (const std::string& name : outputs) {
    writer.node(last, "Cast", {inside(name)}, {{"to", kFloat, {}, {}}}, name);
  }

  Buffer out;
  out.reserve(bytes.size() + (size_t{1} << 16));
  Fields model(as_bytes(bytes));
  for (Field f; model.next(f);) {
    if (f.number != kModelGraph) {
      out += f.whole;
      continue;
    }
    Buffer graph = first;  // nodes stand in the order in which they run
    graph.reserve(f.bytes.size() + first.size() + last.size());
    Fields fields(f.bytes);
    for (Field g; fields.next(g);) {
      const bool is_rim = g.number == kGraphInput || g.number == kGraphOutput;
      if (is_rim) {
        const auto spec = tensor_spec(g.bytes);
        if (spec && has(g.number == kGraphInput ? inputs : outputs, spec->name)) {
          constexpr uint32_t kElementType[] = {2, 1, 1};  // type, tensor_type, elem_type
          put_bytes(graph, g.number, with_number(g.bytes, kElementType, kFloat));
          continue;
        }
      }
      if (g.number != kGraphNode) {
        graph += g.whole;
        continue;
      }
      Buffer node;
      Fields parts(g.bytes);
      for (Field p; parts.next(p);) {
        const bool is_name = p.number == kNodeInput || p.number == kNodeOutput;
        if (p.number == kNodeAttribute && has_graph(p.bytes)) {
          return Error{ErrorKind::invalid, "it is in half precision and has branches; export it without them"};
        }
        if (is_name && (has(outputs, p.bytes) || (p.number == kNodeInput && has(inputs, p.bytes)))) {
          put_bytes(node, p.number, inside(p.bytes));
        } else {
          node += p.whole;
        }
      }
      put_bytes(graph, kGraphNode, node);
    }
    graph += last;
    put_bytes(out, kModelGraph, graph);
  }
  return as_vector(out);
}

namespace {

// A whole model of one node, whose tensors are float32.
using Sizes = std::vector<int64_t>;
std::vector<std::byte> one_node_model(Bytes name, Buffer graph, int64_t opset,
                                      const std::vector<std::pair<Bytes, Sizes>>& inputs, Bytes output,
                                      const Sizes& output_sizes) {
  put_bytes(graph, kGraphName, name);
  const auto tensor = [&](uint32_t field, Bytes called, const Sizes& sizes) {
    Buffer shape;
    for (const int64_t size : sizes) {
      Buffer dim;
      put_int(dim, 1, static_cast<uint64_t>(size));
      put_bytes(shape, 1, dim);
    }
    Buffer element, type, info;
    put_int(element, 1, kFloat);
    put_bytes(element, 2, shape);
    put_bytes(type, 1, element);
    put_bytes(info, 1, called);
    put_bytes(info, 2, type);
    put_bytes(graph, field, info);
  };
  for (const auto& [called, sizes] : inputs) tensor(kGraphInput, called, sizes);
  tensor(kGraphOutput, output, output_sizes);
  Buffer model, set;
  put_int(model, kModelIr, 8);
  put_bytes(model, kModelGraph, graph);
  put_int(set, kOpsetVersion, static_cast<uint64_t>(opset));
  put_bytes(model, kModelOpset, set);
  return as_vector(model);
}

}  // namespace

std::vector<std::byte> sample_probe() {
  Buffer graph;
  Writer("probe").node(graph, "GridSample", {"x", "grid"},
                       {{"mode", {}, "linear", {}}, {"padding_mode", {}, "zeros", {}}, {"align_corners", 0, {}, {}}},
                       "y");
  return one_node_model("probe", std::move(graph), 20, {{"x", {1, 1, 2, 2, 2}}, {"grid", {1, 1, 1, 1, 3}}}, "y",
                        {1, 1, 1, 1, 1});
}

std::vector<std::byte> join_network(int count, const std::vector<int64_t>& sizes) {
  std::vector<std::string> names(static_cast<size_t>(count));
  std::vector<std::pair<Bytes, Sizes>> inputs(names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    names[i] = "x" + std::to_string(i);
    inputs[i] = {names[i], sizes};
  }
  Sizes joined = sizes;
  joined[0] *= count;
  Buffer graph;
  Writer("join").node(graph, "Concat", names, {{"axis", 0, {}, {}}}, "y");
  return one_node_model("join", std::move(graph), 17, inputs, "y", joined);
}

}  // namespace avatar
