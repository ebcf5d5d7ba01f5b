#include "data/sources/files/row_file.h"

#include <array>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "data/sources/files/byte_reader.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, DatasetFileType>, 9> kEndings = {
    {{".json", DatasetFileType::json},
     {".jsonl", DatasetFileType::json},
     {".ndjson", DatasetFileType::json},
     {".csv", DatasetFileType::csv},
     {".tsv", DatasetFileType::csv},
     {".txt", DatasetFileType::text},
     {".parquet", DatasetFileType::parquet},
     {".geoparquet", DatasetFileType::parquet},
     {".arrow", DatasetFileType::arrow}}};

/// ".csv" of "A.CSV.gz".
std::string ending_of(const fs::path& file) {
  std::string ending = file.extension().string();
  if (ending == ".gz" || ending == ".zst") ending = file.stem().extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return ending;
}

/// The binary type that the first bytes tell.
std::optional<DatasetFileType> type_of_bytes(const fs::path& file) {
  std::array<char, 8> buffer{};
  const std::string_view magic(buffer.data(), open_bytes(file)->read(buffer.data(), buffer.size()));
  if (magic.starts_with("PAR1")) return DatasetFileType::parquet;
  if (magic.starts_with("ARROW1") || magic.starts_with("\xFF\xFF\xFF\xFF")) return DatasetFileType::arrow;
  return std::nullopt;
}

}  // namespace

std::int64_t RowFile::skip(std::int64_t rows) {
  std::int64_t passed = 0;
  while (passed < rows && next()) ++passed;
  return passed;
}

std::optional<DatasetFileType> type_of_name(const fs::path& file) {
  const std::string ending = ending_of(file);
  for (const auto& [known, type] : kEndings) {
    if (ending == known) return type;
  }
  return std::nullopt;
}

std::unique_ptr<RowFile> open_rows(const fs::path& file, std::optional<DatasetFileType> type) {
  const auto binary = type_of_bytes(file);
  if (binary && type && *type != *binary) {
    throw FileError("{}: is {} file; leave ds_type out or name the type it has", file.string(),
                    *binary == DatasetFileType::parquet ? "a Parquet" : "an Arrow");
  }
  if (!type) type = binary ? binary : type_of_name(file);
  switch (type.value_or(DatasetFileType::json)) {
    case DatasetFileType::csv:
      return open_csv(file, ending_of(file) == ".tsv" ? '\t' : ',');
    case DatasetFileType::text:
      return open_text(file);
    case DatasetFileType::parquet:
      return open_parquet(file);
    case DatasetFileType::arrow:
      return open_arrow(file);
    case DatasetFileType::json:
    case DatasetFileType::jsonl:
      break;
  }
  return open_json(file);
}

}  // namespace eft
