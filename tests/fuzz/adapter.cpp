// An adapter_config.json, read and applied to a small model.
#include "models/registry.h"
#include "nn/adapter_file.h"
#include "target.h"

namespace eft {

void fuzz_one(std::string_view input) {
  write_text(scratch_folder() / "adapter_config.json", input);
  expect_errors_only([&] {
    const AdapterOptions options = read_adapter_options(scratch_folder());
    BuiltModel built = build_model("tests/golden/data/gemma3/config.json", LinearPolicy(options), nullptr);
    built.model->policy().check_matched();
    write_adapter_config(built.model->parameters(), options, "base", scratch_folder());
    const AdapterOptions again = read_adapter_options(scratch_folder());
    expect(again.rank == options.rank && again.alpha == options.alpha, "what is written reads back the same");
  });
}

}  // namespace eft
