#include "tensor/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "tensor/device_memory.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<DType, const char*> kDTypeNames[] = {{DType::f64, "F64"},   {DType::f32, "F32"}, {DType::f16, "F16"},
                                                         {DType::bf16, "BF16"}, {DType::i64, "I64"}, {DType::i32, "I32"},
                                                         {DType::u8, "U8"}};

std::optional<DType> dtype_of(std::string_view name) {
  for (const auto& [dtype, spelling] : kDTypeNames) {
    if (name == spelling) return dtype;
  }
  return std::nullopt;
}

const char* spelling_of(DType dtype) {
  for (const auto& [candidate, spelling] : kDTypeNames) {
    if (candidate == dtype) return spelling;
  }
  return "";
}

Safetensors::Entry read_entry(const Json& json) {
  Safetensors::Entry entry;
  entry.dtype = json.at("dtype").get<std::string>();
  const auto extents = json.at("shape").get<std::vector<std::int64_t>>();
  if (extents.size() > Shape::kMaxRank) throw std::length_error("more than five axes");
  entry.shape = Shape(std::span<const std::int64_t>(extents));
  entry.begin = json.at("data_offsets").at(0).get<std::uint64_t>();
  entry.end = json.at("data_offsets").at(1).get<std::uint64_t>();
  return entry;
}

}  // namespace

Safetensors::Safetensors(const std::filesystem::path& path) : file_(std::make_shared<MappedFile>(path)) {
  read_header();
}

void Safetensors::read_header() {
  const auto bytes = file_->bytes();
  const std::string name = file_->path().string();
  if (bytes.size() < 8) throw FileError("{}: {} bytes, too short for safetensors; is it truncated?", name, bytes.size());
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  if (length > bytes.size() - 8) {
    throw FileError("{}: its header claims {} bytes, the file has {}; truncated or not safetensors", name, length,
                    bytes.size());
  }
  data_begin_ = 8 + length;
  const char* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  std::string current = "header";
  try {
    const Json header = Json::parse(text, text + length);
    for (const auto& [key, value] : header.items()) {
      current = key;
      if (key == "__metadata__") {
        metadata_ = value.get<std::map<std::string, std::string>>();
      } else {
        entries_.emplace(key, read_entry(value));
      }
    }
  } catch (const std::exception& error) {
    throw FileError("{}: {}: not a safetensors header: {}", name, current, error.what());
  }
  for (const auto& [key, entry] : entries_) {
    if (entry.end < entry.begin || entry.end > bytes.size() - data_begin_) {
      throw FileError("{}: {}: ends at byte {}, the file has {}; is it truncated?", name, key, data_begin_ + entry.end,
                      bytes.size());
    }
    const auto dtype = dtype_of(entry.dtype);
    const auto expected = dtype ? static_cast<std::uint64_t>(entry.shape.elements()) * size_of(*dtype) : 0;
    if (dtype && entry.end - entry.begin != expected) {
      throw FileError("{}: {}: {} bytes, expected {} for {} {}", name, key, entry.end - entry.begin, expected,
                      entry.dtype, to_string(entry.shape));
    }
  }
}

Tensor Safetensors::tensor(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) throw FileError("{}: no tensor {}", path().string(), name);
  const Entry& entry = found->second;
  const auto dtype = dtype_of(entry.dtype);
  if (!dtype) throw FileError("{}: {}: dtype {} is not supported; expected F64, F32, F16 or BF16", path().string(), name, entry.dtype);
  const std::byte* data = file_->bytes().data() + data_begin_ + entry.begin;
  if (is_mapped(name)) {
    std::shared_ptr<void> mapped(const_cast<std::byte*>(data), [owner = file_](void*) {});
    return {std::move(mapped), Device::cpu, *dtype, entry.shape};
  }
  // A header of odd length leaves the elements unaligned: only then is a copy needed.
  const auto size = entry.end - entry.begin;
  std::shared_ptr<std::byte[]> copy(new std::byte[size]);
  std::memcpy(copy.get(), data, size);
  return {std::shared_ptr<void>(copy, copy.get()), Device::cpu, *dtype, entry.shape};
}

bool Safetensors::is_mapped(const std::string& name) const {
  const Entry& entry = entries_.at(name);
  const auto dtype = dtype_of(entry.dtype);
  const auto begin = reinterpret_cast<std::uintptr_t>(file_->bytes().data()) + data_begin_ + entry.begin;
  return dtype && begin % size_of(*dtype) == 0;
}

CheckpointFiles::CheckpointFiles(const std::filesystem::path& folder) {
  std::set<std::string> names;
  const auto index = folder / "model.safetensors.index.json";
  if (std::filesystem::exists(folder / "model.safetensors")) {  // before an index, as Transformers does
    names.insert("model.safetensors");
  } else if (std::filesystem::exists(index)) {
    try {
      const Json json = Json::parse(read_text(index));
      for (const auto& [tensor, file] : json.at("weight_map").items()) names.insert(file.get<std::string>());
    } catch (const nlohmann::json::exception& error) {
      throw FileError("{}: not an index of shards: {}", index.string(), error.what());
    }
  } else {
    throw FileError("{}: no model.safetensors and no model.safetensors.index.json; expected a Hugging Face checkpoint folder",
                    folder.string());
  }
  for (const std::string& name : names) {
    files_.push_back(std::make_unique<Safetensors>(folder / name));
    for (const auto& [tensor, entry] : files_.back()->entries()) tensors_[tensor] = files_.back().get();
  }
}

namespace {

void write_elements(AtomicFile& file, const TensorSource& source) {
  constexpr std::int64_t kPart = std::int64_t{1} << 24;
  const auto write = [&](const Tensor& tensor, std::int64_t elements) {
    expect(tensor.dtype() == source.dtype && tensor.elements() == elements, "a tensor as it was announced");
    file.write(on_host(tensor).raw(), static_cast<std::size_t>(tensor.bytes()));
  };
  const std::int64_t all = source.shape.elements();
  if (!source.part) return write(source.make(), all);
  for (std::int64_t begin = 0; begin < all; begin += kPart) {
    const std::int64_t end = std::min(all, begin + kPart);
    write(source.part(begin, end), end - begin);
  }
}

}  // namespace

TensorSources sources_of(const NamedTensors& tensors) {
  TensorSources sources;
  for (const auto& [name, tensor] : tensors) {
    sources.push_back({.name = name, .dtype = tensor.dtype(), .shape = tensor.shape(), .make = [held = tensor] {
                         return held;
                       }});
  }
  return sources;
}

void write_safetensors(const std::filesystem::path& path, const TensorSources& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::int64_t offset = 0;
  for (const TensorSource& tensor : tensors) {
    const auto extents = tensor.shape.extents();
    header[tensor.name] = {{"dtype", spelling_of(tensor.dtype)},
                           {"shape", std::vector<std::int64_t>(extents.begin(), extents.end())},
                           {"data_offsets", {offset, offset + tensor.bytes()}}};
    offset += tensor.bytes();
  }
  std::string text = header.dump();
  text.resize((text.size() + 8 + 63) / 64 * 64 - 8, ' ');  // the data starts aligned
  const std::uint64_t length = text.size();
  AtomicFile file(path);
  file.write(&length, sizeof length);
  file.write(text);
  for (const TensorSource& source : tensors) write_elements(file, source);
  file.commit();
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  write_safetensors(path, sources_of(tensors), metadata);
}

void write_checkpoint(const std::filesystem::path& folder, const TensorSources& tensors, std::int64_t shard_bytes) {
  std::vector<TensorSources> shards(1);
  std::int64_t size = 0;
  std::int64_t total = 0;
  for (const TensorSource& tensor : tensors) {
    if (size > 0 && size + tensor.bytes() > shard_bytes) {
      shards.emplace_back();
      size = 0;
    }
    size += tensor.bytes();
    total += tensor.bytes();
    shards.back().push_back(tensor);
  }
  const std::map<std::string, std::string> metadata{{"format", "pt"}};
  if (shards.size() == 1) return write_safetensors(folder / "model.safetensors", tensors, metadata);
  Json index{{"metadata", {{"total_size", total}}}, {"weight_map", Json::object()}};
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::string name = fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, shards.size());
    write_safetensors(folder / name, shards[i], metadata);
    for (const TensorSource& tensor : shards[i]) index["weight_map"][tensor.name] = name;
  }
  write_text(folder / "model.safetensors.index.json", index.dump(2) + "\n");
}

}  // namespace eft
