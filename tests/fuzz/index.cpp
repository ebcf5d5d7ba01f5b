// A model.safetensors.index.json beside one shard.
#include "target.h"
#include "tensor/safetensors.h"

namespace eft {

void fuzz_one(std::string_view input) {
  const auto folder = scratch_folder();
  const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  const std::uint64_t length = header.size();
  write_text(folder / "shard.safetensors",
             std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + std::string(8, '\0'));
  write_text(folder / "model.safetensors.index.json", input);
  expect_errors_only([&] {
    const CheckpointFiles files(folder);
    for (const auto& [name, file] : files.tensors()) {
      expect(file->path().parent_path() == folder, "a file in the folder of the index");
      files.tensor(name);
    }
  });
}

}  // namespace eft
