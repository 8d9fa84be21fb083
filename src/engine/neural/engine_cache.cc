// SPDX-License-Identifier: Apache-2.0
#include "engine/neural/engine_cache.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <span>

#include "infer/model.h"

namespace avatar::neural {
namespace {

// FNV-1a (Fowler, Noll, Vo; 64 bits), eight bytes a step: its constants, their wider words. It guards against mistaking
// one release for another, not against an enemy.
uint64_t with(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x100000001B3;
  return hash ^ hash >> 32;  // the product moves bits upward alone
}

uint64_t with(uint64_t hash, std::span<const std::byte> bytes) {
  hash = with(hash, bytes.size());
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<size_t>(8, bytes.size()))) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data(), std::min<size_t>(8, bytes.size()));
    hash = with(hash, word);
  }
  return hash;
}

}  // namespace

std::filesystem::path engine_cache(const std::filesystem::path& cache, const Gpu& gpu, const ModelFolder& folder,
                                   const std::string& tensorrt) {
  if (cache.empty()) return {};
  uint64_t hash = 0xCBF29CE484222325;
  for (const auto& file : folder.files) {
    auto mapped = file.empty() ? Result<MappedFile>(Error{}) : MappedFile::open(file);
    hash = mapped ? with(hash, mapped->bytes()) : with(hash, uint64_t{0});
  }
  std::string card = gpu.name;
  std::replace_if(
      card.begin(), card.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '-');
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return cache / "tensorrt" /
         (card + "-sm" + std::to_string(gpu.capability) + "-ort" + runtime_version() + "-trt" + tensorrt + "-" +
          digits);
}

}  // namespace avatar::neural
