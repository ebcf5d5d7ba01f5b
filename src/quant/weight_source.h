#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "tensor/packed_tensor.h"

namespace eft {

/// The weights of a checkpoint by their names: values as they are, or codes with all that belongs to them. Which
/// tensors of the files make up one weight is nobody else's business.
class WeightSource {
 public:
  /// What is known of a weight before it is read.
  struct Entry {
    Shape shape;  ///< of the values
    bool packed = false;
  };

  virtual ~WeightSource() = default;
  virtual const std::map<std::string, Entry>& entries() const = 0;
  /// The values of a weight that is not packed, on the host.
  virtual Tensor tensor(const std::string& name) const = 0;
  /// A packed weight, on the host.
  virtual PackedTensor packed(const std::string& name) const = 0;
  /// Whether values or codes lie in a mapped file.
  virtual bool is_mapped(const std::string& name) const = 0;

  bool contains(const std::string& name) const { return entries().contains(name); }
};

/// The weights of a folder in safetensors, packed as its config.json says: bitsandbytes and others (see the layouts of
/// src/quant). Throws FileError where files are missing or broken, ConfigError for a way of packing that eft does not
/// read, and where a packed weight lacks what belongs to it.
std::unique_ptr<WeightSource> open_weights(const std::filesystem::path& folder);

/// Throws ConfigError where config.json names a way of packing that eft does not read.
void check_quantization(const std::filesystem::path& folder);

/// "nf4", "bitsandbytes" or whatever config.json calls the way in which weights are packed; empty: not at all.
std::string quantization_of(const std::filesystem::path& folder);

}  // namespace eft
