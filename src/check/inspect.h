#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace eft {

/// How many tensors and elements belong to one part of a model, or have one dtype.
struct TensorCount {
  std::string name;
  std::int64_t tensors = 0;
  std::int64_t elements = 0;
};

/// What a folder holds, from its headers and JSON files alone. Parts that it lacks are empty.
struct Inspection {
  std::filesystem::path path;
  std::vector<std::string> kinds;  ///< "model", "adapter", "training state"
  std::vector<std::pair<std::string, std::string>> facts;  ///< model_type, rank, step …, in the order to show them
  std::vector<TensorCount> parts;
  std::vector<TensorCount> dtypes;
  std::vector<std::string> notes;  ///< what a run on it would not read, and why
};

/// Looks at a model folder, an adapter folder, a checkpoint of a run, or one safetensors file. Throws FileError when there
/// is nothing that eft knows, and as open_model where weights do not fit config.json.
Inspection inspect(const std::filesystem::path& path);

/// For a reader, and as one JSON object.
std::string to_text(const Inspection& inspection);
std::string to_json(const Inspection& inspection);

}  // namespace eft
