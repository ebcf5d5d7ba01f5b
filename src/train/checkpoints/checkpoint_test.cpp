#include "train/checkpoints/checkpoint.h"

#include <fstream>

#include "base/error.h"
#include "train/checkpoints/checkpoint_files.h"
#include "train/checkpoints/output_folder.h"
#include "train/loop/tiny_run.h"

namespace eft::testing {
namespace {

/// A run that stopped after two steps, and its checkpoint.
struct Stopped {
  TestFolder folder;
  TinyRun run{folder.path() / "out"};
  fs::path checkpoint = folder.path() / "out" / "checkpoint-2";

  Stopped() { EXPECT_FALSE(train(run, 2).finished); }

  /// The message with which a continuation is refused.
  std::string refusal() const {
    try {
      train(run, -1, checkpoint);
    } catch (const Error& error) {
      return error.what();
    }
    return "it went on";
  }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void flip_byte(const fs::path& path, std::streamoff from_end) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-from_end, std::ios::end);
  const auto byte = static_cast<char>(file.get() ^ 1);
  file.seekp(-from_end, std::ios::end);
  file.put(byte);
}

TEST(Checkpoint, goes_on_with_the_same_run_only) {
  Stopped stopped;
  const auto refused = [&](const char* part, const std::function<void(TinyRun&)>& change) {
    const TinyRun before = stopped.run;
    change(stopped.run);
    EXPECT_TRUE(contains(stopped.refusal(), part)) << part << ": " << stopped.refusal();
    stopped.run = before;
  };
  refused("datasets: the rows of ", [](TinyRun& run) { std::ranges::reverse(run.train); });
  refused("datasets: the rows of ", [](TinyRun& run) { run.train[11].tokens[4] = 3; });
  refused("datasets: the rows of ", [](TinyRun& run) { run.train[5].labels.back() = kIgnoreLabel; });
  refused("chat_template: ", [](TinyRun& run) { run.job.chat_template = "{{ messages }}"; });
  refused("micro_batch_size: 2, got 4", [](TinyRun& run) { run.job.train.micro_batch_size = 4; });
  refused("gradient_accumulation_steps: 1, got 3", [](TinyRun& run) { run.job.train.gradient_accumulation_steps = 3; });
  refused("sample_packing: false, got true", [](TinyRun& run) { run.job.data.sample_packing = true; });
  refused("seed: 5, got 6", [](TinyRun& run) { run.job.train.seed = 6; });
  EXPECT_EQ(stopped.refusal(), "it went on");
}

TEST(Checkpoint, goes_on_with_the_same_base_and_tokenizer_only) {
  Stopped stopped;
  const fs::path model = stopped.folder.path() / "model";
  fs::copy("tests/golden/data/gemma3", model, fs::copy_options::recursive);
  write_text(model / "tokenizer.json", "{}");
  stopped.run.job.base_model = stopped.run.job.tokenizer = model;
  stopped.run.job.train.output_dir = stopped.folder.path() / "second";
  stopped.checkpoint = stopped.folder.path() / "second" / "checkpoint-2";
  train(stopped.run, 2);
  write_text(model / "tokenizer.json", "{ }");
  EXPECT_TRUE(contains(stopped.refusal(), "model: tokenizer.json is not the one")) << stopped.refusal();
  write_text(model / "tokenizer.json", "{}");
  flip_byte(model / "model.safetensors", 40);
  EXPECT_TRUE(contains(stopped.refusal(), "model: weights or config.json are not those")) << stopped.refusal();
}

TEST(Checkpoint, finds_a_flipped_bit_in_any_of_its_files) {
  const Stopped stopped;
  for (const char* name : {"adapter_model.safetensors", "optimizer.safetensors", "adapter_config.json"}) {
    flip_byte(stopped.checkpoint / name, 3);
    EXPECT_TRUE(contains(stopped.refusal(), std::string(name) + ": is not as it was written")) << stopped.refusal();
    flip_byte(stopped.checkpoint / name, 3);
  }
  const fs::path state = stopped.checkpoint / "trainer_state.json";
  std::string text = read_text(state);
  text.replace(text.find("\"global_step\": 2"), 16, "\"global_step\": 3");
  write_text(state, text);
  EXPECT_TRUE(contains(stopped.refusal(), "trainer_state.json: is not as it was written")) << stopped.refusal();
}

TEST(Checkpoint, of_another_trainer_is_named_as_such) {
  Stopped stopped;
  stopped.checkpoint = stopped.folder.path() / "foreign";
  fs::create_directories(stopped.checkpoint);
  EXPECT_TRUE(contains(stopped.refusal(), "is not a checkpoint of eft, it has no trainer_state.json; base_model: "));
  write_text(stopped.checkpoint / "trainer_state.json", R"({"global_step": 5, "epoch": 1.0, "log_history": []})");
  EXPECT_TRUE(contains(stopped.refusal(), "is not a checkpoint of eft")) << stopped.refusal();
  write_text(stopped.checkpoint / "adapter_config.json", "{}");
  EXPECT_TRUE(contains(stopped.refusal(), "lora_model_dir: " + stopped.checkpoint.string())) << stopped.refusal();
  write_text(stopped.checkpoint / "trainer_state.json", "[1");
  EXPECT_TRUE(contains(stopped.refusal(), "trainer_state.json: not JSON")) << stopped.refusal();
  stopped.checkpoint = stopped.folder.path() / "out";
  EXPECT_TRUE(contains(stopped.refusal(), "name one of them")) << stopped.refusal();
}

TEST(OutputFolder, wants_room_for_a_checkpoint) {
  const TestFolder folder;
  const OutputFolder output(folder.path() / "out");
  EXPECT_NO_THROW(output.require_space(1000));
  EXPECT_THROW(output.require_space(std::int64_t{1} << 60), FileError);
}

TEST(OutputFolder, counts_what_a_checkpoint_holds) {
  const Stopped stopped;
  Pool pool(Device::cpu);
  const MemoryFacts plan =
      plan_memory(stopped.run.job, largest_batch(Loader(stopped.run.train, train_loader_options(stopped.run.job))));
  std::int64_t written = 0;
  for (const auto& entry : fs::directory_iterator(stopped.checkpoint)) {
    if (entry.path().extension() == ".safetensors") written += static_cast<std::int64_t>(entry.file_size());
  }
  EXPECT_NEAR(static_cast<double>(checkpoint_bytes(stopped.run.job, plan)), static_cast<double>(written),
              0.25 * static_cast<double>(written));
}

}  // namespace
}  // namespace eft::testing
