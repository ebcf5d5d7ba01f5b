#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/dataset.h"
#include "data/store/example_store.h"
#include "media/image_layout.h"

namespace eft {

/// The name under which prepared rows are kept: a hash of all that they depend on, which is this program, the options
/// that change them, the files in `model` that make the tokenizer and its template, what `files` hold, and how the
/// model takes images, if it does.
std::string prepared_name(const DataOptions& options, const std::filesystem::path& model, std::int64_t vocabulary,
                          const std::vector<std::filesystem::path>& files, const ImageLayout* images = nullptr);

/// Counts and warnings as text that goes with the rows, and back; DataError for another text.
std::string notes_of(const DataReport& report);
DataReport report_of(std::string_view notes);

}  // namespace eft
