#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/packed_tensor.h"
#include "tensor/safetensors.h"

namespace eft {

/// The formats in which eft writes checkpoints: what a user calls them.
struct WrittenFormat {
  const char* name;
  Storage storage;
};
const std::vector<WrittenFormat>& written_formats();

/// Whether a weight of this shape can be written in a format; others stay as they are.
bool is_writable(const Storage& storage, const Shape& shape);

/// The tensors that hold the weight `name` in a checkpoint, as the owner of the format names them. `values` is called
/// once, when the first of them is written; all of them are gone after the last.
TensorSources packed_files(const std::string& name, const Shape& shape, const Storage& storage, DType dtype,
                           std::function<Tensor()> values);

/// The quantization_config with which Transformers reads such a checkpoint. dense: paths of modules that are not
/// packed.
nlohmann::ordered_json quantization_config(const Storage& storage, const std::vector<std::string>& dense);

}  // namespace eft
