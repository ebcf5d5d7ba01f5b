#pragma once

#include <arrow/array.h>

#include <string>

namespace eft {

/// Appends value `row` of `array` as JSON, as a line of JSON would hold it: a null of a struct's field is left out, as
/// is a value that JSON cannot hold (bytes). Dates, times and decimals become text.
void append_json(const arrow::Array& array, std::int64_t row, std::string& json);

/// Whether JSON can hold the values of a type.
bool fits_json(const arrow::DataType& type);

}  // namespace eft
