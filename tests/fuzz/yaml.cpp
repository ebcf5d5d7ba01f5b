// The YAML file of a run.
#include "config/run_config.h"
#include "target.h"

namespace eft {

void fuzz_one(std::string_view input) {
  expect_errors_only([&] {
    Notes notes;
    const RunConfig config = parse_config(std::string(input), "run.yaml", {}, notes);
    config_json(config);
    Notes again;
    const std::string written = write_config(config);
    expect(write_config(parse_config(written, "written.yaml", {}, again)) == written,
           "what is written reads back the same");
  });
}

}  // namespace eft
