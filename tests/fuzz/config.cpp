// A config.json, from which a model is built without weights.
#include "models/registry.h"
#include "target.h"

namespace eft {

void fuzz_one(std::string_view input) {
  const auto path = scratch_folder() / "config.json";
  write_text(path, input);
  expect_errors_only([&] {
    const BuiltModel built = build_model(path, LinearPolicy(), nullptr);
    for (const Parameter& parameter : built.model->parameters()) {
      expect(parameter.shape.elements() > 0, "a parameter with elements: " + parameter.name);
    }
  });
}

}  // namespace eft
