#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tensor/safetensors.h"

namespace eft {

/// The tensors of an adapter's folder by the names that PEFT gives them today. What Transformers before 4.52 called
/// base_model.model.language_model.model.… in a multimodal container is base_model.model.model.language_model.… now.
class AdapterWeights {
 public:
  /// Throws FileError.
  explicit AdapterWeights(const std::filesystem::path& folder);

  /// Today's names → the file's.
  const std::map<std::string, std::string>& names() const { return names_; }
  bool contains(const std::string& name) const { return names_.contains(name); }
  Tensor tensor(const std::string& name) const { return file_.tensor(names_.at(name)); }
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  Safetensors file_;
  std::map<std::string, std::string> names_;
};

/// Whether the adapter in `folder` has tensors for a vision tower or its projector. Throws FileError.
bool adapts_vision(const std::filesystem::path& folder);

}  // namespace eft
