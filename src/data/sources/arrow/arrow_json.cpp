#include "data/sources/arrow/arrow_json.h"

#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <fmt/format.h>

#include <cmath>
#include <string_view>

#include "base/error.h"
#include "data/sources/files/json_text.h"

namespace eft {
namespace {

template <class Array>
void append_number(const arrow::Array& array, std::int64_t row, std::string& json) {
  fmt::format_to(std::back_inserter(json), "{}", static_cast<const Array&>(array).Value(row));
}

/// With a point or an exponent, so that it stays a number with a fraction; JSON has no infinity.
void append_real(double value, std::string& json) {
  if (!std::isfinite(value)) {
    json += "null";
    return;
  }
  const std::string text = fmt::format("{}", value);
  json += text;
  if (text.find_first_of(".e") == std::string::npos) json += ".0";
}

template <class Array>
void append_string(const arrow::Array& array, std::int64_t row, std::string& json) {
  append_json_string(static_cast<const Array&>(array).GetView(row), json);
}

template <class Array>
void append_list(const arrow::Array& array, std::int64_t row, std::string& json) {
  const auto& list = static_cast<const Array&>(array);
  const arrow::Array& values = *list.values();
  const std::int64_t begin = list.value_offset(row);
  json += '[';
  for (std::int64_t i = 0; i < list.value_length(row); ++i) {
    if (i > 0) json += ", ";
    append_json(values, begin + i, json);
  }
  json += ']';
}

void append_struct(const arrow::StructArray& array, std::int64_t row, std::string& json) {
  json += '{';
  bool first = true;
  for (int i = 0; i < array.num_fields(); ++i) {
    // `field` has the offset of the struct applied.
    const arrow::Array& field = *array.field(i);
    if (field.IsNull(row) || !fits_json(*field.type())) continue;
    if (!first) json += ", ";
    first = false;
    append_json_string(array.struct_type()->field(i)->name(), json);
    json += ": ";
    append_json(field, row, json);
  }
  json += '}';
}

/// Text of the "arrow.json" type is JSON already; other extensions are what they are stored as.
void append_extension(const arrow::ExtensionArray& array, std::int64_t row, std::string& json) {
  const auto& type = static_cast<const arrow::ExtensionType&>(*array.type());
  const arrow::Array& storage = *array.storage();
  if (type.extension_name() != "arrow.json" || storage.type_id() != arrow::Type::STRING) {
    append_json(storage, row, json);
    return;
  }
  json += static_cast<const arrow::StringArray&>(storage).GetView(row);
}

void append_other(const arrow::Array& array, std::int64_t row, std::string& json) {
  const auto scalar = array.GetScalar(row);
  if (!scalar.ok()) throw DataError("an Arrow value of type {} cannot be read", array.type()->ToString());
  append_json_string((*scalar)->ToString(), json);
}

}  // namespace

bool fits_json(const arrow::DataType& type) {
  return !arrow::is_base_binary_like(type.id()) || arrow::is_string(type.id());
}

void append_json(const arrow::Array& array, std::int64_t row, std::string& json) {
  using arrow::Type;
  if (array.IsNull(row) || !fits_json(*array.type())) {
    json += "null";
    return;
  }
  switch (array.type_id()) {
    case Type::BOOL:
      json += static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
      return;
    case Type::INT8:
      return append_number<arrow::Int8Array>(array, row, json);
    case Type::INT16:
      return append_number<arrow::Int16Array>(array, row, json);
    case Type::INT32:
      return append_number<arrow::Int32Array>(array, row, json);
    case Type::INT64:
      return append_number<arrow::Int64Array>(array, row, json);
    case Type::UINT8:
      return append_number<arrow::UInt8Array>(array, row, json);
    case Type::UINT16:
      return append_number<arrow::UInt16Array>(array, row, json);
    case Type::UINT32:
      return append_number<arrow::UInt32Array>(array, row, json);
    case Type::UINT64:
      return append_number<arrow::UInt64Array>(array, row, json);
    case Type::FLOAT:
      return append_real(static_cast<const arrow::FloatArray&>(array).Value(row), json);
    case Type::DOUBLE:
      return append_real(static_cast<const arrow::DoubleArray&>(array).Value(row), json);
    case Type::STRING:
      return append_string<arrow::StringArray>(array, row, json);
    case Type::LARGE_STRING:
      return append_string<arrow::LargeStringArray>(array, row, json);
    case Type::STRING_VIEW:
      return append_string<arrow::StringViewArray>(array, row, json);
    case Type::LIST:
    case Type::MAP:
      return append_list<arrow::ListArray>(array, row, json);
    case Type::LARGE_LIST:
      return append_list<arrow::LargeListArray>(array, row, json);
    case Type::FIXED_SIZE_LIST:
      return append_list<arrow::FixedSizeListArray>(array, row, json);
    case Type::STRUCT:
      return append_struct(static_cast<const arrow::StructArray&>(array), row, json);
    case Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return append_json(*dictionary.dictionary(), dictionary.GetValueIndex(row), json);
    }
    case Type::EXTENSION:
      return append_extension(static_cast<const arrow::ExtensionArray&>(array), row, json);
    default:
      return append_other(array, row, json);
  }
}

}  // namespace eft
