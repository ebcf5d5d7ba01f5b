#include "base/error.h"
#include "data/sources/files/row_file.h"

namespace eft {
namespace {

/// In place of the readers when the build has no Arrow library.
[[noreturn]] void refuse(const std::filesystem::path& file, const char* type) {
  throw FileError(
      "{0}: this build does not read {1} files; build it with -DEFT_ARROW=FOLDER (docs/data.md, \"Parquet and "
      "Arrow\"), "
      "or convert the file to JSON lines, for instance with python -c \"from datasets import Dataset; "
      "Dataset.from_{2}('{0}').to_json('rows.jsonl')\"",
      file.string(), type, type[0] == 'P' ? "parquet" : "file");
}

}  // namespace

std::unique_ptr<RowFile> open_parquet(const std::filesystem::path& file) { refuse(file, "Parquet"); }

std::unique_ptr<RowFile> open_arrow(const std::filesystem::path& file) { refuse(file, "Arrow"); }

}  // namespace eft
