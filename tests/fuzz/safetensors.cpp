// The bytes of a safetensors file; behind the first byte, which may make it the header of one that is whole.
#include "tensor/safetensors.h"

#include "target.h"

namespace eft {

void fuzz_one(std::string_view input) {
  const auto path = scratch_folder() / "model.safetensors";
  std::string file;
  if (take_choice(input, 2) == 0) {  // only a header: the length and 64 bytes of data come from here
    const std::uint64_t length = input.size();
    file.assign(reinterpret_cast<const char*>(&length), sizeof length);
    file.append(input).append(64, '\1');
  } else {
    file = input;
  }
  write_text(path, file);
  expect_errors_only([&] {
    const Safetensors opened(path);
    for (const auto& [name, entry] : opened.entries()) {
      expect_errors_only([&] {
        const Tensor tensor = opened.tensor(name);
        expect(tensor.bytes() == static_cast<std::int64_t>(entry.end - entry.begin), "a tensor of the bytes it claims");
      });
    }
  });
}

}  // namespace eft
