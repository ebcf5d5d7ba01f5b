#include "tensor/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/file_kind.h"
#include "base/json.h"
#include "tensor/device_memory.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<DType, const char*> kDTypeNames[] = {
    {DType::f64, "F64"},    {DType::f32, "F32"},   {DType::f16, "F16"}, {DType::bf16, "BF16"},
    {DType::i64, "I64"},    {DType::i32, "I32"},   {DType::u8, "U8"},   {DType::u8, "I8"},
    {DType::u8, "F8_E4M3"}, {DType::u8, "F8_E8M0"}};  // as bytes; what they are says the entry

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

/// The names of the shards. Throws FileError when the index is none or leads out of its folder.
std::set<std::string> read_index(const std::filesystem::path& index) {
  constexpr std::size_t kMostTensors = 1'000'000;
  const std::string text = read_json_text(index);
  if (const std::string other = known_impostor(text); !other.empty())
    throw FileError("{}: is {}", index.string(), other);
  const std::string fault = fault_of_json_size(text, kMostTensors);
  if (!fault.empty()) throw FileError("{}: {}", index.string(), fault);
  nlohmann::json json;  // sorted: an ordered object would be searched through for every key
  try {
    json = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& error) {
    throw FileError("{}: {}", index.string(), describe_json_error(error, text));
  }
  const bool good = json.is_object() && json.contains("weight_map") && json["weight_map"].is_object();
  if (!good) throw FileError("{}: weight_map: missing; expected an object of tensors and their files", index.string());
  std::set<std::string> names;
  for (const auto& [tensor, file] : json["weight_map"].items()) {
    const std::string name = file.is_string() ? file.get<std::string>() : "";
    if (name.find('/') != std::string::npos || !name.ends_with(".safetensors")) {
      throw FileError("{}: weight_map: {}: {}, expected the name of a .safetensors file in the same folder",
                      index.string(), tensor, brief(file));
    }
    names.insert(name);
  }
  return names;
}

/// Says what a folder without weights has instead.
[[noreturn]] void refuse_folder(const std::filesystem::path& folder) {
  std::vector<std::string> shards, pickles, ggufs;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".safetensors") && !name.starts_with("adapter_")) shards.push_back(name);
    if (name.ends_with(".gguf")) ggufs.push_back(name);
    if (name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth")) pickles.push_back(name);
  }
  std::ranges::sort(shards);
  std::ranges::sort(pickles);
  if (!shards.empty()) {
    throw FileError(
        "{}: holds {}{} but neither model.safetensors nor model.safetensors.index.json, which lists the parts; is the "
        "download complete? run `hf download` again",
        folder.string(), shards[0], shards.size() > 1 ? fmt::format(" and {} more", shards.size() - 1) : "");
  }
  if (!ggufs.empty()) {
    throw FileError("{}: holds {}; GGUF files are not supported yet; {}", folder.string(), ggufs[0],
                    kSafetensorsInstead);
  }
  if (!pickles.empty()) {
    throw FileError(
        "{}: holds {}, which is pickled and can run code when it is read, but no safetensors; convert it: load the "
        "model with Transformers and call save_pretrained",
        folder.string(), pickles[0]);
  }
  throw FileError("{}: no model.safetensors and no model.safetensors.index.json; {}", folder.string(),
                  kSafetensorsInstead);
}

}  // namespace

Safetensors::Safetensors(const std::filesystem::path& path) : file_(std::make_shared<MappedFile>(path)) {
  read_header();
}

void Safetensors::read_header() {
  const auto bytes = file_->bytes();
  const std::string name = file_->path().string();
  if (bytes.size() < 8)
    throw FileError("{}: {} bytes, too short for safetensors; is it truncated?", name, bytes.size());
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const bool opens =
      length <= bytes.size() - 8 && all.substr(8).starts_with('{');  // a length may look like another file
  if (const std::string other = known_impostor(all); !other.empty() && !opens)
    throw FileError("{}: is {}", name, other);
  if (length > bytes.size() - 8) {
    throw FileError("{}: its header claims {} bytes, the file has {}; truncated or not safetensors", name, length,
                    bytes.size());
  }
  constexpr std::uint64_t kLongestHeader = 100'000'000;  // the library's bound
  if (length > kLongestHeader)
    throw FileError("{}: a header of {} bytes, expected at most {}", name, length, kLongestHeader);
  data_begin_ = 8 + length;
  const char* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  header_ = read_safetensors_header({text, length}, name, bytes.size() - data_begin_);
}

Tensor Safetensors::tensor(const std::string& name) const {
  const auto found = header_.entries.find(name);
  if (found == header_.entries.end()) throw FileError("{}: no tensor {}", path().string(), name);
  const Entry& entry = found->second;
  const auto dtype = dtype_of(entry.dtype);
  if (!dtype)
    throw FileError("{}: {}: dtype {} is not supported; expected F64, F32, F16 or BF16", path().string(), name,
                    entry.dtype);
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
  const Entry& entry = header_.entries.at(name);
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
    names = read_index(index);
  } else {
    refuse_folder(folder);
  }
  for (const std::string& name : names) {
    if (!std::filesystem::exists(folder / name)) {
      throw FileError("{}: missing, though {} names it; is the download complete? run `hf download` again",
                      (folder / name).string(), index.filename().string());
    }
    files_.push_back(std::make_unique<Safetensors>(folder / name));
    for (const auto& [tensor, entry] : files_.back()->entries()) {
      const auto [place, fresh] = tensors_.emplace(tensor, files_.back().get());
      if (fresh) continue;
      throw FileError("{}: {}: stands in {} too, expected in one file", (folder / name).string(), tensor,
                      place->second->path().filename().string());
    }
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
    sources.push_back(
        {.name = name, .dtype = tensor.dtype(), .shape = tensor.shape(), .make = [held = tensor] { return held; }});
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
    header[tensor.name] = {{"dtype", tensor.spelling.empty() ? spelling_of(tensor.dtype) : tensor.spelling},
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
