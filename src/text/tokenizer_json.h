#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "text/merge_texts.h"

namespace eft {

/// A tokenizer.json as it stands: its two long lists apart, because a tree of them would take seconds and gigabytes.
struct TokenizerJson {
  std::vector<std::string> pieces;  ///< model.vocab by id, holes empty
  MergeTexts merges;                ///< model.merges
  nlohmann::json rest;              ///< all other members
};

/// Throws FileError when the file cannot be read, DataError when it is broken JSON or the lists have another form.
TokenizerJson read_tokenizer_json(const std::filesystem::path& path);

}  // namespace eft
