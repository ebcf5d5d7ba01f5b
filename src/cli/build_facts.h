#pragma once

#include <string>

namespace eft {

/// "0.1.0".
std::string version();

/// What `eft --version` says: the version, the commit, what compiled it, and which kernels and readers are in it.
std::string version_page();

}  // namespace eft
