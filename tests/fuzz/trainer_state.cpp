// The trainer_state.json of a checkpoint.
#include "target.h"
#include "train/checkpoints/checkpoint.h"
#include "train/checkpoints/checkpoint_files.h"

namespace eft {

void fuzz_one(std::string_view input) {
  const std::filesystem::path folder = scratch_folder() / "checkpoint-1";
  std::filesystem::create_directory(folder);
  write_text(folder / kStateFile, input);
  expect_errors_only([&] { list_checkpoints(scratch_folder()); });
  expect_errors_only([&] { changed_options(folder, TrainJob{}); });
  expect_errors_only([&] {
    const auto json = read_state(folder);
    require_intact(folder, json);
    const TrainerState state = trainer_state_in(json, folder);
    expect(to_json(trainer_state_in(to_json(state), folder)) == to_json(state), "what is written reads back the same");
  });
}

}  // namespace eft
