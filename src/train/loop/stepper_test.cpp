#include "train/objectives/sft.h"
#include "train/loop/stepper.h"

#include "train/loop/tiny_run.h"

namespace eft::testing {
namespace {

constexpr double kSameInFloat32 = 1e-6;

TEST(Stepper, accumulation_equals_a_larger_batch) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.train.optimizer.adam_epsilon = 1e-4;  // else the rounding of a gradient near zero makes a step of full size
  run.job.train.schedule.learning_rate = 1e-3;
  const Outcome together = train(run);
  run.job.train.micro_batch_size = 1;
  run.job.train.gradient_accumulation_steps = 2;
  const Outcome apart = train(run);
  EXPECT_EQ(together.losses().size(), 4U);
  EXPECT_LT(distance(together, apart), kSameInFloat32);
}

TEST(Stepper, packed_equals_separate) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.data.curriculum_sampling = true;  // both in the order of the rows
  run.train = random_examples(8, 251, 3);
  for (Example& example : run.train) {
    example.tokens.resize(5);
    example.labels.resize(5);
  }
  const Outcome separate = train(run);
  run.job.train.micro_batch_size = 1;
  run.job.data.sample_packing = true;
  run.job.data.sequence_len = 10;
  const Outcome packed = train(run);
  EXPECT_LT(distance(separate, packed), kSameInFloat32);
}

TEST(Stepper, recomputed_equals_plain_bit_for_bit) {
  for (const char* model : {"gemma3", "gemma3n", "gemma4_e", "gemma4_dense", "gemma4_moe"}) {
    for (const bool full : {false, true}) {
      const TestFolder folder;
      TinyRun run(folder.path());
      run.job.base_model = run.job.tokenizer = fs::path("tests/golden/data") / model;
      run.job.adapter.kind = full ? AdapterKind::none : AdapterKind::lora;
      run.job.adapter.dropout = 0.2;
      run.job.train.max_steps = 2;
      const Outcome plain = train(run);
      run.job.train.gradient_checkpointing = true;
      EXPECT_EQ(distance(plain, train(run)), 0.0) << model << full;
    }
  }
}

TEST(Stepper, dropout_depends_on_the_seed_only) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.adapter.dropout = 0.2;
  const Outcome first = train(run);
  EXPECT_EQ(distance(first, train(run)), 0.0);
  run.job.train.seed = 6;
  EXPECT_NE(distance(first, train(run)), 0.0);
}

TEST(Stepper, full_training_lowers_the_loss) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.adapter.kind = AdapterKind::none;
  run.job.train.max_steps = 30;
  const std::vector<double> losses = train(run).losses();
  EXPECT_LT(losses.back(), 0.8 * losses.front());
}

/// A stepper on the tiny model, with what it needs.
struct Bench {
  explicit Bench(const TrainJob& job)
      : opened(open_for_training(job, pool)),
        optimizer(
            make_optimizer(opened.model->parameters(), pool, job.train.optimizer, job.train.schedule.learning_rate)),
        stepper(*opened.model, pool, *objective, *optimizer, job.train) {}

  Pool pool{Device::cpu};
  OpenedModel opened;
  std::unique_ptr<TrainingObjective> objective = std::make_unique<Sft>();
  std::unique_ptr<Optimizer> optimizer;
  Stepper stepper;
};

TEST(Stepper, weight_decay_leaves_norms_alone) {
  const TestFolder folder;
  TinyRun run(folder.path());
  run.job.adapter.kind = AdapterKind::none;
  run.job.train.max_steps = 1;
  const Outcome plain = train(run);
  run.job.train.optimizer.weight_decay = 0.5;
  const Outcome decayed = train(run);
  Pool pool(Device::cpu);
  const OpenedModel opened = open_for_training(run.job, pool);
  std::size_t index = 0;
  for (const Parameter& parameter : opened.model->parameters()) {
    const bool norm = parameter.shape.rank() == 1;  // all vectors of this family are
    EXPECT_EQ(is_norm(parameter.name), norm) << parameter.name;
    EXPECT_EQ(plain.weights[index] == decayed.weights[index], norm) << parameter.name;
    ++index;
  }
}

TEST(Stepper, knows_norms_by_their_names) {
  for (const char* name :
       {"model.norm.weight", "base_model.model.model.norm.weight", "model.layers.0.altup.router_norm.weight",
        "model.layers.0.post_feedforward_layernorm_2.weight", "model.per_layer_projection_norm.weight"}) {
    EXPECT_TRUE(is_norm(name)) << name;
  }
  for (const char* name : {"model.layers.0.altup.correct_output_scale", "model.layers.0.router.scale", "",
                           "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight", "model.normal.weight"}) {
    EXPECT_FALSE(is_norm(name)) << name;
  }
}

TEST(Stepper, live_memory_after_200_steps_is_that_after_10) {
  const TestFolder folder;
  const TinyRun run(folder.path());
  Bench bench(run.job);
  Loader loader(run.train, train_loader_options(run.job));
  const PackedRow row = loader.next();
  std::int64_t live = 0;
  for (std::int64_t step = 1; step <= 200; ++step) {
    const PackedRow next = loader.next();
    bench.stepper.step({&next, 1}, 1e-3, step);
    if (step == 10) live = bench.pool.live().total;
  }
  EXPECT_EQ(bench.pool.live().total, live);
  EXPECT_EQ(bench.pool.live()[Category::saved], 0);
}

TEST(Stepper, planned_memory_is_the_measured_one) {
  const TestFolder folder;
  TinyRun run(folder.path());
  for (const bool full : {false, true}) {
    for (const bool recompute : {false, true}) {
      run.job.adapter.kind = full ? AdapterKind::none : AdapterKind::lora;
      run.job.train.gradient_checkpointing = recompute;
      Bench bench(run.job);
      Loader loader(run.train, train_loader_options(run.job));
      const PackedRow row = largest_batch(loader);
      for (int step = 0; step < 3; ++step) bench.stepper.step({&row, 1}, 1e-3, step);
      const MemoryFacts planned = plan_memory(run.job, row);
      const auto peak = static_cast<double>(bench.pool.peak().total);
      const auto reserved = static_cast<double>(bench.pool.reserved_peak());
      EXPECT_NEAR(static_cast<double>(planned.peak), peak, 0.01 * peak) << full << recompute;
      EXPECT_NEAR(static_cast<double>(planned.peak + planned.kept), reserved, 0.03 * reserved) << full << recompute;
    }
  }
}

TEST(Stepper, recomputes_when_memory_demands_it_and_says_so) {
  const TestFolder folder;
  const TinyRun run(folder.path());
  const PackedRow row = largest_batch(Loader(run.train, train_loader_options(run.job)));
  const auto decide = [&](std::optional<bool> asked, std::int64_t available) {
    TrainJob job = run.job;
    job.train.gradient_checkpointing = asked;
    const MemoryFit fit = fit_memory(job, row, available);
    EXPECT_EQ(fit.memory.recompute, fit.recompute);
    return std::pair(fit.recompute, !fit.note.empty());
  };
  const std::int64_t plain = plan_memory(run.job, row).peak;
  using Decision = std::pair<bool, bool>;
  EXPECT_EQ(decide({}, 0), Decision(false, false));
  EXPECT_EQ(decide({}, plain), Decision(false, false));
  EXPECT_EQ(decide({}, plain - 1), Decision(true, true));
  EXPECT_EQ(decide(true, plain - 1), Decision(true, false));
  EXPECT_EQ(decide(false, plain - 1), Decision(false, true));
}

TEST(Stepper, evaluation_is_the_mean_over_all_label_tokens) {
  const TestFolder folder;
  const TinyRun run(folder.path());
  Bench bench(run.job);
  const auto loss_with = [&](std::int64_t batch, bool packing) {
    const Loader loader(run.train,
                        {.sequence_len = 64, .micro_batch_size = batch, .packing = packing, .shuffle = false});
    return evaluate(*bench.opened.model, bench.pool, *bench.objective, loader, {})->loss;
  };
  const double all_at_once = loss_with(12, false);
  EXPECT_NEAR(loss_with(1, false), all_at_once, kSameInFloat32);
  EXPECT_NEAR(loss_with(2, true), all_at_once, kSameInFloat32);
}

TEST(Stepper, changes_nothing_when_the_loss_is_not_finite) {
  const TestFolder folder;
  const TinyRun run(folder.path());
  Bench bench(run.job);
  Parameter& weight = *bench.opened.model->parameters().find("model.norm.weight");
  weight.value = Tensor(bench.pool, Category::weights, DType::f32, weight.shape);
  from_doubles(weight.value, std::vector<double>(static_cast<std::size_t>(weight.shape.elements()), NAN));
  Loader loader(run.train, train_loader_options(run.job));
  const PackedRow row = loader.next();
  EXPECT_FALSE(bench.stepper.step({&row, 1}, 1e-3, 0).updated);
  EXPECT_EQ(bench.optimizer->steps(), 0);
}

}  // namespace
}  // namespace eft::testing
