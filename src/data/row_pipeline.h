#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "data/example.h"
#include "data/format.h"
#include "data/source.h"

namespace eft {

/// What a row became: examples, or an error.
struct FormattedRow {
  std::vector<Example> examples;
  std::exception_ptr error;
};

/// Formats the rows of `source` on all threads, a bounded number of them at a time, and hands the results to `take` in
/// the order of the rows, on the calling thread. What the source or `take` throws comes through, once all earlier rows
/// were taken.
void format_rows(const std::function<std::optional<RawRow>()>& next, const RowFormat& format,
                 const std::function<void(FormattedRow row)>& take);

}  // namespace eft
