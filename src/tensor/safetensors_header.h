#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tensor/shape.h"

namespace eft {

/// One tensor of a safetensors file.
struct SafetensorsEntry {
  std::string dtype;  ///< as the file writes it ("BF16")
  Shape shape;
  std::uint64_t begin;  ///< of the bytes, from the end of the header
  std::uint64_t end;
};

struct SafetensorsHeader {
  std::map<std::string, SafetensorsEntry> entries;
  std::map<std::string, std::string> metadata;
};

/// Reads a header as strictly as the safetensors library does: every name once, shapes of whole numbers, and bytes that
/// the tensors cover without gap, overlap or rest, up to `data_bytes`. Throws FileError that begins with `file` and the
/// tensor.
SafetensorsHeader read_safetensors_header(std::string_view text, const std::string& file, std::uint64_t data_bytes);

}  // namespace eft
