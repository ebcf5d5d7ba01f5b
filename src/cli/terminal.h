#pragma once

#include "report/terminal.h"

namespace eft {

/// Standard output and standard error as they are now: a terminal or not, how wide, with colours unless NO_COLOR is set
/// or TERM is dumb.
Terminal standard_output();
Terminal standard_error();

}  // namespace eft
