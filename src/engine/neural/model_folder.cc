// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/model_folder.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/neural/motion_vector.h"
#include "engine/neural/settings.h"
#include "infer/onnx_file.h"

namespace avatar::neural {
namespace {

namespace fs = std::filesystem;
using Element = TensorSpec::Element;

TensorSpec floats(const char* name, std::vector<int64_t> shape) { return {name, Element::float32, std::move(shape)}; }

// Published beside the networks and not used; what is in [0] is not to be used at all.
constexpr std::string_view kNotOurs[] = {"insightface_det.onnx", "landmark106.onnx"};
constexpr std::string_view kNotNeeded[] = {"blaze_face.onnx", "face_mesh.onnx", "warp_network.onnx"};

constexpr std::string_view kSettings[] = {"v0.4_hubert_cfg_trt_online.pkl", "v0.4_hubert_cfg_trt.pkl",
                                          "v0.4_hubert_cfg_pytorch.pkl"};
constexpr const char* kFolders[] = {"ditto_onnx", "ditto_cfg", "ditto_pytorch/aux_models", ""};

fs::path find_file(const fs::path& root, std::string_view name) {
  for (const char* folder : kFolders) {
    const fs::path path = root / folder / name;
    std::error_code ignored;
    if (fs::is_regular_file(path, ignored)) return path;
  }
  return {};
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t d : shape) {
    if (!text.empty()) text += 'x';
    text += d < 0 ? "?" : std::to_string(d);
  }
  return text.empty() ? "a number" : text;
}
std::string spec_text(const TensorSpec& s) {
  constexpr const char* kElements[] = {"float32", "int64", "float16", "another type"};
  return kElements[static_cast<size_t>(s.element)] + std::string(" ") + shape_text(s.shape);
}

// A graph may be given in half precision.
bool is_of_type(const TensorSpec& published, const TensorSpec& found) {
  return published.element == found.element ||
         (published.element == Element::float32 && found.element == Element::float16);
}

// A free size fits every size. Leading sizes of 1 may be missing or more.
bool fits(const TensorSpec& published, const TensorSpec& found) {
  if (!is_of_type(published, found)) return false;
  const auto core = [](const std::vector<int64_t>& shape) {
    size_t first = 0;
    while (first < shape.size() && shape[first] == 1) ++first;
    return std::vector<int64_t>(shape.begin() + static_cast<std::ptrdiff_t>(first), shape.end());
  };
  const auto same = [](const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](int64_t x, int64_t y) { return x == y || x < 0 || y < 0; });
  };
  return same(published.shape, found.shape) || same(core(published.shape), core(found.shape));
}

// What is wrong with a network's file; empty: nothing.
std::string complaint(const NetworkFacts& facts, std::span<const std::byte> bytes, const std::string& file) {
  constexpr std::string_view kPointer = "version https://git-lfs";
  if (bytes.size() < 1024 && bytes.size() >= kPointer.size() &&
      std::memcmp(bytes.data(), kPointer.data(), kPointer.size()) == 0) {
    return "is only a pointer to the file; run `git lfs pull` where it was cloned";
  }
  const auto onnx = read_onnx(bytes);
  if (!onnx) return "is no ONNX file, or is cut short; fetch it again, it should be " + std::string(facts.size);
  if (has_operator(*onnx, "GridSample3D")) {
    return "needs a TensorRT plugin (GridSample3D): this is warp_network.onnx, warp_network_ori.onnx is needed";
  }
  for (const auto& [published, found, what] :
       {std::tuple{&facts.inputs, &onnx->inputs, "input"}, std::tuple{&facts.outputs, &onnx->outputs, "output"}}) {
    for (size_t i = 0; i < published->size(); ++i) {
      const TensorSpec& right = (*published)[i];
      const std::string called = find_tensor(*published, i, *found);
      const auto spec = std::find_if(found->begin(), found->end(), [&](const auto& s) { return s.name == called; });
      if (spec == found->end()) {
        return "has no " + std::string(what) + " " + right.name + " (" + spec_text(right) +
               "); it is not the published " + file;
      }
      if (!fits(right, *spec)) {
        return "has an " + std::string(what) + " " + right.name + " of " + spec_text(*spec) + " where " +
               spec_text(right) + " is published";
      }
    }
  }
  return {};
}

bool is_half(std::span<const std::byte> bytes) {
  const auto onnx = read_onnx(bytes);
  return onnx && has_half_rim(*onnx);
}

Error file_problem(const fs::path& path, int code) {
  return {ErrorKind::unavailable, path.string() + " cannot be read: " + std::strerror(code)};
}

}  // namespace

const std::array<NetworkFacts, kNetworks>& published_networks() {
  static const std::array<NetworkFacts, kNetworks> kFacts{{
      {Network::appearance,
       {"appearance_extractor.onnx"},
       "3.4 MB",
       true,
       {floats("image", {1, 3, 256, 256})},
       {floats("pred", {1, 32, 16, 64, 64})}},
      {Network::motion,
       {"motion_extractor.onnx"},
       "113 MB",
       true,
       {floats("image", {1, 3, 256, 256})},
       {floats("pitch", {1, 66}), floats("yaw", {1, 66}), floats("roll", {1, 66}), floats("t", {1, 3}),
        floats("exp", {1, 63}), floats("scale", {1, 1}), floats("kp", {1, 63})}},
      {Network::stitch,
       {"stitch_network.onnx"},
       "0.2 MB",
       true,
       {floats("kp_source", {1, 21, 3}), floats("kp_driving", {1, 21, 3})},
       {floats("out", {1, 21, 3})}},
      {Network::warp,
       {"warp_network_ori.onnx"},
       "200 MB",
       true,
       {floats("feature_3d", {1, 32, 16, 64, 64}), floats("kp_source", {1, 21, 3}), floats("kp_driving", {1, 21, 3})},
       {floats("out", {1, 256, 64, 64})}},
      {Network::decoder,
       {"decoder.onnx"},
       "222 MB",
       true,
       {floats("feature", {1, 256, 64, 64})},
       {floats("output", {1, 3, 512, 512})}},
      {Network::hubert,
       {"hubert.onnx", "hubert_streaming_fix_kv.onnx"},
       "1.46 GB",
       true,
       {floats("input_values", {1, -1})},
       {floats("encoding_out", {-1, 1024})}},
      {Network::diffusion,
       {"lmdm_v0.4_hubert.onnx"},
       "192 MB",
       true,
       {floats("x", {1, kClipFrames, kMotionNumbers}),
        floats("cond_frame", {1, kMotionNumbers}),
        floats("cond", {1, kClipFrames, kConditionNumbers}),
        {"time_cond", Element::int64, {1}}},
       {floats("pred_noise", {1, kClipFrames, kMotionNumbers}), floats("x_start", {1, kClipFrames, kMotionNumbers})}},
      {Network::landmarks,
       {"landmark203.onnx"},
       "115 MB",
       false,
       {floats("input", {1, 3, 224, 224})},
       {floats("landmarks", {1, 406})}},
  }};
  return kFacts;
}

std::string_view name(Network network) {
  constexpr std::string_view kNames[kNetworks] = {"appearance", "motion", "stitch",    "warp",
                                                  "decoder",    "hubert", "diffusion", "landmarks"};
  return kNames[static_cast<size_t>(network)];
}

std::string find_tensor(std::span<const TensorSpec> published, size_t index, std::span<const TensorSpec> found) {
  for (const TensorSpec& s : found) {
    if (s.name == published[index].name) return s.name;
  }
  const auto is_a_known_name = [&](const std::string& n) {
    return std::any_of(published.begin(), published.end(), [&](const TensorSpec& p) { return p.name == n; });
  };
  // Called otherwise: the one in its place, or else the first, that has its size.
  if (index < found.size() && !is_a_known_name(found[index].name) && fits(published[index], found[index])) {
    return found[index].name;
  }
  const auto count = [](const TensorSpec& s) { return s.is_fixed() ? s.size() : 0; };
  for (const TensorSpec& s : found) {
    if (!is_a_known_name(s.name) && is_of_type(published[index], s) && count(s) != 0 &&
        count(s) == count(published[index])) {
      return s.name;
    }
  }
  return {};
}

bool ModelFolder::is_complete() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& f) { return f.kind == Finding::Kind::wrong; });
}

Error ModelFolder::refusal() const {
  const auto is_wrong = [](const Finding& f) { return f.kind == Finding::Kind::wrong; };
  const auto first = std::find_if(findings.begin(), findings.end(), is_wrong);
  const auto more = std::count_if(findings.begin(), findings.end(), is_wrong) - 1;
  std::string words = "the models in " + path.string() + " cannot be used: " +
                      (first == findings.end() ? "nothing is wrong" : first->file + " " + first->words);
  if (more > 0) words += " (and " + std::to_string(more) + " more; see avatar-worker models check)";
  return {ErrorKind::invalid, words};
}

ModelFolder look_into(const fs::path& path) {
  ModelFolder folder;
  folder.path = path;
  const auto say = [&](Finding::Kind kind, std::string_view file, std::string words) {
    folder.findings.push_back({kind, std::string(file), std::move(words)});
  };
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    say(Finding::Kind::wrong, path.string(), "is no folder; make one with avatar-worker models fetch");
    return folder;
  }
  for (const NetworkFacts& facts : published_networks()) {
    const std::string first_name(facts.files[0]);
    fs::path file;
    for (const std::string_view called : facts.files) {
      if (file.empty()) file = find_file(path, called);
    }
    if (file.empty()) {
      if (facts.network == Network::warp && !find_file(path, "warp_network.onnx").empty()) {
        say(Finding::Kind::wrong, first_name,
            "is missing (" + std::string(facts.size) + "); warp_network.onnx beside it needs a TensorRT plugin");
      } else if (facts.is_needed) {
        say(Finding::Kind::wrong, first_name,
            "is missing (" + std::string(facts.size) + "); get it with avatar-worker models fetch");
      } else {
        say(Finding::Kind::note, first_name, "is missing: faces are cut out by our own landmarks");
      }
      continue;
    }
    auto mapped = MappedFile::open(file);
    const std::string wrong = mapped ? complaint(facts, mapped->bytes(), first_name)
                                     : std::string("cannot be read: ") + mapped.error().message;
    if (wrong.empty()) {
      folder.files[static_cast<size_t>(facts.network)] = file;
      say(Finding::Kind::good, file.filename().string(),
          std::to_string((mapped->bytes().size() + 999'999) / 1'000'000) + " MB, names and shapes as published" +
              (is_half(mapped->bytes()) ? ", in half precision" : ""));
    } else {
      say(facts.is_needed ? Finding::Kind::wrong : Finding::Kind::note, file.filename().string(), wrong);
    }
  }
  for (const std::string_view called : kSettings) {
    const fs::path file = find_file(path, called);
    if (file.empty() || !folder.settings.empty()) continue;
    auto mapped = MappedFile::open(file);
    const auto settings = mapped ? read_settings(mapped->bytes()) : Result<Settings>(mapped.error());
    if (!settings) {
      say(Finding::Kind::note, called, "is left out: " + settings.error().message);
      continue;
    }
    folder.settings = file;
    if (settings->lost.empty()) say(Finding::Kind::good, called, "settings and reference character");
    for (const std::string& lost : settings->lost) say(Finding::Kind::note, called, "lacks " + lost);
  }
  if (folder.settings.empty()) {
    say(Finding::Kind::note, kSettings[0], "is missing: motion is conditioned on the picture itself, eyes are ours");
  }
  for (const std::string_view called : kNotOurs) {
    if (!find_file(path, called).empty()) {
      say(Finding::Kind::note, called, "is not used and may go: its licence is for research only");
    }
  }
  for (const std::string_view called : kNotNeeded) {
    if (!find_file(path, called).empty()) say(Finding::Kind::note, called, "is not needed");
  }
  return folder;
}

Result<MappedFile> MappedFile::open(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_problem(path, errno);
  struct stat info {};
  const bool known = ::fstat(fd, &info) == 0;
  const auto size = static_cast<size_t>(info.st_size);
  void* data = known && size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : nullptr;
  const int code = errno;
  ::close(fd);
  if (!known || data == MAP_FAILED) return file_problem(path, code);
  return MappedFile({static_cast<const std::byte*>(data), data == nullptr ? 0 : size});
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace avatar::neural
