#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "models/adapter.h"
#include "train/loop/tiny_run.h"
#include "train/objectives/kto.h"

namespace eft::testing {
namespace {

using Json = nlohmann::json;

constexpr const char* kGemma3 = "tests/golden/data/gemma3";

template <class Enum>
Enum named(const std::string& name, Enum any) {
  for (const auto& one : enum_names(any)) {
    if (one.name == name) return one.value;
  }
  ADD_FAILURE() << name;
  return any;
}

/// The keys that the cases have.
void set_options(TrainJob& job, const Json& options) {
  PreferenceOptions& to = job.train.preference;
  const auto number = [&](const char* key, std::optional<double>& value) {
    if (options.contains(key)) value = options[key].get<double>();
  };
  job.data.rl = named(options["rl"], Objective::dpo);
  number("rl_beta", to.rl_beta);
  number("orpo_alpha", to.orpo_alpha);
  number("dpo_label_smoothing", to.dpo_label_smoothing);
  number("kto_desirable_weight", to.kto_desirable_weight);
  number("kto_undesirable_weight", to.kto_undesirable_weight);
  number("simpo_gamma", to.simpo_gamma);
  number("cpo_alpha", to.cpo_alpha);
  number("cpo_label_smoothing", to.cpo_label_smoothing);
  for (const auto& loss : options.value("dpo_loss_type", Json::array())) {
    to.dpo_loss_type.push_back(named(loss, PairLoss::sigmoid));
  }
  to.dpo_loss_weights = options.value("dpo_loss_weights", std::vector<double>());
  to.dpo_use_weighting = options.value("dpo_use_weighting", false);
  if (options.contains("cpo_loss_type")) to.cpo_loss_type = named(options["cpo_loss_type"], CpoLoss::sigmoid);
}

Example sequence(const std::vector<std::int32_t>& prompt, const std::vector<std::int32_t>& answer, PreferenceRole role,
                 std::size_t row) {
  Example example{.tokens = prompt,
                  .labels = std::vector<std::int32_t>(prompt.size(), kIgnoreLabel),
                  .source = "rows.jsonl:" + std::to_string(row),
                  .role = role};
  example.tokens.insert(example.tokens.end(), answer.begin(), answer.end());
  example.labels.insert(example.labels.end(), answer.begin(), answer.end());
  return example;
}

std::vector<Example> rows_of(const Json& rows, bool single) {
  std::vector<Example> examples;
  for (const Json& row : rows) {
    const std::size_t number = examples.size() + 1;
    if (single) {
      const PreferenceRole role = row["label"].get<bool>() ? PreferenceRole::good : PreferenceRole::bad;
      examples.push_back(sequence(row["prompt"], row["chosen"], role, number));
    } else {
      examples.push_back(sequence(row["prompt"], row["chosen"], PreferenceRole::chosen, number));
      examples.push_back(sequence(row["prompt"], row["rejected"], PreferenceRole::rejected, number));
    }
  }
  return examples;
}

const Json& golden() {
  static const Json data = Json::parse(read_text("tests/golden/data/preference_losses.json"));
  return data;
}

/// A run over the golden rows, in their order. With adapters the policy starts with that of the golden tests.
struct PreferenceRun : TinyRun {
  PreferenceRun(const fs::path& output, const Json& options, bool adapter) : TinyRun(output) {
    set_options(job, options);
    train = rows_of(golden()["rows"], options["rl"] == "kto");
    job.adapter = adapter ? read_adapter_options(fs::path(kGemma3) / "adapter") : AdapterOptions();
    job.data.curriculum_sampling = true;
    job.train.schedule.kind = ScheduleKind::constant;
    job.train.schedule.learning_rate = golden()["learning_rate"];
    job.train.micro_batch_size = golden()["micro_batch_size"];
    job.train.gradient_accumulation_steps = golden()["gradient_accumulation_steps"];
    job.train.max_steps = 3;
  }
};

Json dpo() { return {{"rl", "dpo"}, {"rl_beta", 0.3}}; }

void expect_near(const Json& got, double wanted, double relative, double absolute, const std::string& what) {
  ASSERT_TRUE(got.is_number()) << what;
  EXPECT_NEAR(got.get<double>(), wanted, relative * std::abs(wanted) + absolute) << what;
}

TEST(Preferences, are_learnt_as_with_TRL) {
  ASSERT_GE(golden()["cases"].size(), 25U);
  for (const Json& one : golden()["cases"]) {
    const std::string what = one["options"].dump() + (one["adapter"].get<bool>() ? " adapter" : " all weights");
    const TestFolder folder;
    const PreferenceRun run(folder.path(), one["options"], one["adapter"]);
    const Outcome outcome = train(run);
    ASSERT_EQ(outcome.metrics.size(), one["steps"].size()) << what;
    for (std::size_t step = 0; step < outcome.metrics.size(); ++step) {
      const Json &got = outcome.metrics[step], &wanted = one["steps"][step];
      const std::string where = what + " step " + std::to_string(step + 1) + " ";
      expect_near(got["loss"], wanted["loss"], 2e-5, 0, where + "loss");
      // In float32, of which Adam makes more from step to step.
      expect_near(got["grad_norm"], wanted["grad_norm"], step == 0 ? 2e-5 : 2e-4, 0, where + "grad_norm");
      for (const auto& [name, value] : wanted["metrics"].items()) {
        ASSERT_TRUE(got.contains(name)) << where + name;
        expect_near(got[name], value, 1e-3, 2e-6, where + name);  // rewards are small differences
      }
    }
  }
}

/// A fresh adapter changes nothing yet, whatever the family: its policy is the reference.
TEST(Preferences, begin_at_the_logarithm_of_two) {
  for (const char* family : {"gemma3", "gemma3n", "gemma4_e", "gemma4_dense", "gemma4_moe"}) {
    const TestFolder folder;
    PreferenceRun run(folder.path(), dpo(), false);
    run.job.base_model = run.job.tokenizer = fs::path("tests/golden/data") / family;
    run.job.adapter = TinyRun(folder.path()).job.adapter;
    run.job.train.max_steps = 1;
    const Outcome outcome = train(run);
    EXPECT_NEAR(outcome.losses().at(0), std::log(2), 1e-12) << family;
    EXPECT_EQ(outcome.metrics.at(0)["rewards/margins"], 0.0) << family;
    EXPECT_GT(outcome.metrics.at(0)["grad_norm"], 0.0) << family;
  }
}

/// Everything that supervised runs can do.
class PreferenceRuns : public ::testing::TestWithParam<std::string> {
 protected:
  PreferenceRun make(bool adapter = true) const {
    return {folder_.path() / "run", {{"rl", GetParam()}, {"rl_beta", 0.3}}, adapter};
  }
  TestFolder folder_;
};

INSTANTIATE_TEST_SUITE_P(All, PreferenceRuns, ::testing::Values("dpo", "kto", "orpo", "simpo"),
                         [](const auto& info) { return info.param; });

TEST_P(PreferenceRuns, recomputing_changes_no_bit) {
  PreferenceRun run = make();
  const Outcome plain = train(run);
  run.job.train.gradient_checkpointing = true;
  EXPECT_EQ(distance(plain, train(run)), 0);
}

TEST_P(PreferenceRuns, resume_bit_for_bit) {
  PreferenceRun run = make();
  run.job.data.curriculum_sampling = false;
  run.job.train.max_steps = 5;  // into the second epoch
  const Outcome whole = train(run);
  EXPECT_FALSE(train(run, 3).finished);
  EXPECT_EQ(distance(whole, train(run, -1, run.job.train.output_dir / "checkpoint-3")), 0);
}

/// Rows of several units are the same sequences in other micro batches.
TEST_P(PreferenceRuns, can_be_packed) {
  PreferenceRun run = make();
  run.job.train.max_steps = 1;
  run.job.train.micro_batch_size = 18;
  run.job.train.gradient_accumulation_steps = 1;
  const Outcome apart = train(run);
  run.job.data.sample_packing = true;
  run.job.data.sequence_len = 1024;
  run.job.train.micro_batch_size = 1;
  EXPECT_LE(distance(apart.losses(), train(run).losses()), 1e-6);
}

TEST_P(PreferenceRuns, evaluate_and_stop_early) {
  PreferenceRun run = make();
  run.eval = run.train;
  run.job.train.eval_steps = 1;
  run.job.train.save_strategy.reset();
  run.job.train.max_steps = 4;
  run.job.train.schedule.learning_rate = 1e-30;  // so that nothing is gained
  run.job.train.early_stopping_patience = 2;
  const Outcome outcome = train(run);
  std::vector<Json> evaluations;
  std::ranges::copy_if(outcome.metrics, std::back_inserter(evaluations),
                       [](const Json& line) { return line.contains("eval_loss"); });
  EXPECT_LE(evaluations.size(), 4U);
  EXPECT_TRUE(evaluations.at(0).contains("eval_rewards/margins"));
}

TEST(Preferences, are_compared_with_the_starting_adapter_where_one_is_given) {
  const TestFolder folder;
  PreferenceRun run(folder.path(), dpo(), true);
  run.job.reference_adapter = run.job.adapter;
  run.job.train.max_steps = 2;
  const std::vector<double> losses = train(run).losses();
  EXPECT_NEAR(losses.at(0), std::log(2), 1e-12);
  EXPECT_NE(losses.at(1), losses.at(0));
}

/// What is trained as a whole beside an adapter is no term that could be left off.
TEST(Preferences, are_compared_with_the_base_beside_saved_modules) {
  const TestFolder folder;
  PreferenceRun run(folder.path(), dpo(), false);
  run.job.adapter = TinyRun(folder.path()).job.adapter;
  run.job.adapter.modules_to_save = {"embed_tokens"};
  run.job.train.schedule.learning_rate = 0.05;
  const Outcome outcome = train(run);
  EXPECT_NEAR(outcome.losses().at(0), std::log(2), 1e-12);
  EXPECT_GT(std::abs(outcome.metrics.at(1)["rewards/chosen"].get<double>()), 1e-3);
}

TEST(Preferences, reference_may_be_computed_before_the_first_step) {
  for (const char* objective : {"dpo", "kto"}) {
    for (const bool adapter : {false, true}) {
      const TestFolder folder;
      PreferenceRun run(folder.path(), {{"rl", objective}, {"rl_beta", 0.3}}, adapter);
      run.eval = run.train;
      run.job.train.eval_steps = 2;
      const Outcome plain = train(run);
      run.job.train.preference.precompute_ref_log_probs = true;
      EXPECT_LE(distance(plain, train(run)), 1e-8) << objective << adapter;
    }
  }
}

TEST(Preferences, plan_counts_a_second_model) {
  const TestFolder folder;
  PreferenceRun run(folder.path(), dpo(), false);
  run.job.train.float32 = false;  // the checkpoint's float32 is made bfloat16, so nothing stays mapped
  run.job.train.bfloat16 = true;
  const PackedRow largest = largest_batch(Loader(run.train, train_loader_options(run.job)));
  const MemoryFacts with = plan_memory(run.job, largest);
  run.job.data.rl = Objective::simpo;
  const MemoryFacts without = plan_memory(run.job, largest);
  const auto weights = [](const MemoryFacts& facts) {
    return std::ranges::find(facts.peak_by_category, std::string("weights"), [](const auto& one) { return one.first; })
        ->second;
  };
  EXPECT_EQ(weights(with), 2 * weights(without));
}

/// Memory that a run needs is what was planned.
TEST_P(PreferenceRuns, plan_is_the_peak) {
  for (const bool adapter : {false, true}) {
    PreferenceRun run = make(adapter);
    run.job.train.max_steps = 3;
    const PackedRow largest = largest_batch(Loader(run.train, train_loader_options(run.job)));
    const std::int64_t planned = plan_memory(run.job, largest).peak;
    std::int64_t most = 0;
    for (const Json& line : train(run).metrics) most = std::max(most, line["memory"].get<std::int64_t>());
    EXPECT_NEAR(static_cast<double>(most), static_cast<double>(planned), 0.03 * static_cast<double>(planned))
        << adapter;
  }
}

TEST(Kto, pairs_prompts_with_the_answers_before_them) {
  const std::vector<Example> rows = {sequence({5, 6}, {7}, PreferenceRole::good, 1),
                                     sequence({8}, {9, 10}, PreferenceRole::bad, 2),
                                     sequence({11, 12, 13}, {14, 15, 16}, PreferenceRole::good, 3)};
  const PackedRow row = Loader(rows, {.sequence_len = 8, .micro_batch_size = 3, .shuffle = false}).next();
  const PackedRow shifted = with_shifted_answers(row, 4);
  EXPECT_EQ(shifted.tokens, (std::vector<std::int32_t>{5, 6, 14, 15, 8, 7, 11, 12, 13, 9}));
  EXPECT_EQ(shifted.starts, (std::vector<std::int64_t>{0, 4, 6, 10}));
  EXPECT_EQ(shifted.targets, (std::vector<std::int32_t>{-100, 14, 15, -100, 7, -100, -100, -100, 9, -100}));
  EXPECT_EQ(shifted.positions, (std::vector<std::int32_t>{0, 1, 2, 3, 0, 1, 0, 1, 2, 3}));
}

TEST(Kto, says_which_weights_would_balance_the_kinds) {
  EXPECT_EQ(weights_hint(10, 9, {}), "");
  EXPECT_EQ(weights_hint(10, 0, {}), "");
  const std::string hint = weights_hint(10, 40, {});
  EXPECT_NE(hint.find("kto_desirable_weight from 4.00 to 5.33"), std::string::npos) << hint;
  EXPECT_NE(hint.find("kto_undesirable_weight from 0.19 to 0.25"), std::string::npos) << hint;
}

}  // namespace
}  // namespace eft::testing
