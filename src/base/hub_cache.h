#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace eft {

/// What a name of the Hugging Face hub stands for; adapters and tokenizers lie in repositories of models.
enum class HubKind { model, dataset };

/// "owner/name", and nothing that looks like a path of this machine.
bool looks_like_hub_name(const std::string& path);

/// Where `hf download` keeps what it fetched, at a branch, tag or commit; nothing when it has not.
std::optional<std::filesystem::path> cached_snapshot(HubKind kind, const std::string& name,
                                                     const std::string& revision);

/// What is said about a hub name that is neither here nor in the cache: the command that fetches it. `revision` may be
/// empty.
std::string missing_from_hub_cache(HubKind kind, const std::string& name, const std::string& revision);

/// The folder of a model, adapter or tokenizer: `path` itself where something lies there, else its snapshot in the
/// hub's cache (`revision` empty: main). A hub name that the cache does not hold is a FileError with the command that
/// fetches it; any other path is given back as it is, for its reader to refuse.
std::filesystem::path local_model(const std::filesystem::path& path, const std::string& revision = "");

}  // namespace eft
