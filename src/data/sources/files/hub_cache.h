#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace eft {

/// "owner/name", and nothing that looks like a path of this machine.
bool looks_like_hub_name(const std::string& path);

/// Where `hf download` keeps what it fetched of a dataset, at a branch, tag or commit; nothing when it has not.
std::optional<std::filesystem::path> cached_snapshot(const std::string& name, const std::string& revision);

}  // namespace eft
