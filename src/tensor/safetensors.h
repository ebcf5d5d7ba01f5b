#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "tensor/safetensors_header.h"
#include "tensor/tensor.h"

namespace eft {

/// A safetensors file, mapped: eight bytes of header length, a JSON header, then the tensors' bytes.
class Safetensors {
 public:
  using Entry = SafetensorsEntry;

  /// Throws FileError when the file is missing, truncated, or what the safetensors library would refuse (names file,
  /// tensor, got and expected).
  explicit Safetensors(const std::filesystem::path& path);

  const std::map<std::string, Entry>& entries() const { return header_.entries; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  bool contains(const std::string& name) const { return header_.entries.contains(name); }
  const std::filesystem::path& path() const { return file_->path(); }
  /// The tensor on the host, sharing the mapping. Throws FileError when absent or of a dtype eft does not read.
  Tensor tensor(const std::string& name) const;
  /// Whether `tensor` shares the mapping: its elements are aligned in the file.
  bool is_mapped(const std::string& name) const;

 private:
  void read_header();

  std::shared_ptr<MappedFile> file_;
  SafetensorsHeader header_;
  std::uint64_t data_begin_ = 0;
};

/// The weights of a model folder: model.safetensors, or the shards that model.safetensors.index.json lists.
class CheckpointFiles {
 public:
  /// Throws FileError when the folder has no weights (says what it has instead), a listed shard is missing or
  /// elsewhere, or two shards hold the same tensor.
  explicit CheckpointFiles(const std::filesystem::path& folder);

  /// All tensor names and where they are.
  const std::map<std::string, const Safetensors*>& tensors() const { return tensors_; }
  bool contains(const std::string& name) const { return tensors_.contains(name); }
  const Safetensors::Entry& entry(const std::string& name) const { return tensors_.at(name)->entries().at(name); }
  Tensor tensor(const std::string& name) const { return tensors_.at(name)->tensor(name); }
  bool is_mapped(const std::string& name) const { return tensors_.at(name)->is_mapped(name); }

 private:
  std::vector<std::unique_ptr<Safetensors>> files_;
  std::map<std::string, const Safetensors*> tensors_;
};

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// A host tensor to be written, made when its turn comes and dropped after it.
struct TensorSource {
  std::string name;
  DType dtype;
  Shape shape;
  std::function<Tensor()> make;
  /// Elements [begin, end) of the flat tensor, for one too large to be held; where it is set, `make` is not called.
  std::function<Tensor(std::int64_t begin, std::int64_t end)> part = {};
  /// What the file calls a dtype of one byte: "I8", "F8_E4M3"; empty: by `dtype`.
  std::string spelling = {};

  std::int64_t bytes() const { return shape.elements() * static_cast<std::int64_t>(size_of(dtype)); }
};
using TensorSources = std::vector<TensorSource>;
/// Tensors that exist already.
TensorSources sources_of(const NamedTensors& tensors);

/// Writes tensors atomically. Throws FileError (disk full) and leaves nothing behind then.
void write_safetensors(const std::filesystem::path& path, const TensorSources& tensors,
                       const std::map<std::string, std::string>& metadata);
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata);

inline constexpr std::int64_t kShardBytes = 5'000'000'000;

/// Writes model.safetensors, or numbered shards of at most `shard_bytes` with their index, into an existing folder.
/// Holds one tensor, or one part of it, at a time.
void write_checkpoint(const std::filesystem::path& folder, const TensorSources& tensors,
                      std::int64_t shard_bytes = kShardBytes);

}  // namespace eft
