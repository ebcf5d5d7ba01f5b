#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "config/keys.h"
#include "config/run_config.h"
#include "schema/read.h"

namespace eft {
namespace {

constexpr const char* kSmall =
    "base_model: model\n"
    "learning_rate: 2e-4\n"
    "datasets:\n"
    "  - path: rows.jsonl\n"
    "    type: chat_template\n";

struct Result {
  RunConfig config;
  Notes notes;
};

Result parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
  Result result;
  result.config = parse_config(text, "run.yaml", overrides, result.notes);
  return result;
}

/// The message for kSmall and these further lines (from line 6 on).
std::string error_of(const std::string& lines, const std::vector<std::string>& overrides = {}) {
  try {
    parse(kSmall + lines, overrides);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Config, DefaultsAreAxolotls) {
  const RunConfig config = parse(kSmall).config;
  EXPECT_EQ(config.base_model, "model");
  EXPECT_EQ(config.adapter.kind, AdapterKind::none);
  EXPECT_EQ(config.train.schedule.learning_rate, 2e-4);
  EXPECT_EQ(config.train.micro_batch_size, 1);
  EXPECT_EQ(config.train.num_epochs, 1);
  EXPECT_EQ(config.train.schedule.kind, ScheduleKind::cosine);
  EXPECT_EQ(config.train.optimizer.max_grad_norm, 1);
  EXPECT_EQ(config.train.seed, 42);
  EXPECT_EQ(config.train.output_dir, "model-out");
  EXPECT_EQ(config.train.precision(), Precision::bfloat16);
  EXPECT_EQ(config.data.sequence_len, 512);
  EXPECT_EQ(config.data.chat_template, "tokenizer_default");
  EXPECT_EQ(config.data.datasets.at(0).roles_to_train, std::vector<std::string>{"assistant"});
  EXPECT_TRUE(parse(kSmall).notes.empty());
}

TEST(Config, WarmUpFollowsAxolotl) {
  EXPECT_EQ(parse(kSmall).config.train.schedule.warmup(1000), 30);
  EXPECT_EQ(parse(kSmall).config.train.schedule.warmup(10000), 100);
  EXPECT_EQ(parse(std::string(kSmall) + "warmup_ratio: 0.1\n").config.train.schedule.warmup(25), 2);
  EXPECT_EQ(parse(std::string(kSmall) + "warmup_steps: 0\n").config.train.schedule.warmup(1000), 0);
}

TEST(Config, PrecisionKeysAgreeOrAreRefused) {
  const auto precision = [](const std::string& lines) { return parse(kSmall + lines).config.train.precision(); };
  EXPECT_EQ(precision("bf16: true\n"), Precision::bfloat16);
  EXPECT_EQ(precision("bf16: false\n"), Precision::float32);
  EXPECT_EQ(precision("float32: true\n"), Precision::float32);
  EXPECT_EQ(precision("bfloat16: true\n"), Precision::bfloat16);
  EXPECT_EQ(error_of("bf16: true\nfloat32: true\n"), "run.yaml:7 float32: contradicts bf16: true; remove one");
  EXPECT_EQ(
      error_of("fp16: true\n"),
      "run.yaml:6 fp16: not supported yet; use bf16: auto; Gemma's activations overflow 16-bit floats of the fp16 "
      "kind");
}

TEST(Config, MissingKeysAreNamed) {
  const auto error = [](const std::string& text) {
    try {
      parse(text);
    } catch (const ConfigError& thrown) {
      return std::string(thrown.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error(""),
            "3 things are wrong with the configuration:\n"
            "  run.yaml base_model: not set; it has no default\n"
            "  run.yaml learning_rate: not set; it has no default\n"
            "  run.yaml datasets: empty, expected at least one dataset");
  EXPECT_EQ(error("base_model:\nlearning_rate: 1\ndatasets:\n  - path: a\n    type: completion\n"),
            "run.yaml:1 base_model: not set; it has no default");
  EXPECT_EQ(error("base_model: x\nlearning_rate: 1\n"), "run.yaml datasets: empty, expected at least one dataset");
  EXPECT_EQ(error("base_model: x\nlearning_rate: 1\ndatasets: []\n"),
            "run.yaml:3 datasets: empty, expected at least one dataset");
  EXPECT_EQ(error("base_model: x\ndatasets:\n  - path: a\n    type: completion\n"),
            "run.yaml learning_rate: not set; it has no default");
  EXPECT_EQ(error("just text\n"), "run.yaml: \"just text\" at the top, expected a mapping of options");
}

TEST(Config, UnknownKeysNameTheNearest) {
  EXPECT_EQ(error_of("lora_rr: 8\n"), "run.yaml:6 lora_rr: unknown key; did you mean lora_r?");
  EXPECT_EQ(error_of("flash_atention: true\n"),
            "run.yaml:6 flash_atention: unknown key; did you mean flash_attention?");
  EXPECT_EQ(error_of("    field_mesages: x\n"),
            "run.yaml:6 datasets[0].field_mesages: unknown key; did you mean field_messages?");
  EXPECT_EQ(error_of("quite_something_else: 1\n"), "run.yaml:6 quite_something_else: unknown key");
}

TEST(Config, KnownKeysThatAreNotActedOnAreErrorsWithARemedy) {
  EXPECT_EQ(error_of("lora_fan_in_fan_out: true\n"),
            "run.yaml:6 lora_fan_in_fan_out: not supported yet; remove the key");
  EXPECT_EQ(error_of("load_in_4bit: true\n"),
            "run.yaml:6 load_in_4bit: not supported yet; remove the key; train adapter: lora on bf16 weights");
  EXPECT_EQ(error_of("wandb_project: gemma\n"),
            "run.yaml:6 wandb_project: not supported yet; remove the key; every step is in OUTPUT_DIR/metrics.jsonl");
  EXPECT_EQ(error_of("optimizer: stable_adamw\n"),
            "run.yaml:6 optimizer: stable_adamw is not supported yet; use adamw_torch_fused, the closest, or "
            "adamw_torch_8bit, which takes a quarter of its memory");
  EXPECT_EQ(error_of("optimizer: galore_adamw\n"),
            "run.yaml:6 optimizer: galore_adamw is not supported yet; train adapter: lora, or the whole model with "
            "optimizer: adamw_torch_8bit (2 bytes a parameter)");
  EXPECT_EQ(error_of("adapter: qlora\n"),
            "run.yaml:6 adapter: qlora is not supported yet; use adapter: lora without load_in_4bit");
  EXPECT_EQ(error_of("plugins:\n  - axolotl.integrations.liger.LigerPlugin\n  - axolotl.integrations.kd.KDPlugin\n"),
            "run.yaml:8 plugins[1]: axolotl.integrations.kd.KDPlugin is not supported yet; remove it");
  EXPECT_EQ(
      error_of("", {"datasets.0.type=context_qa.load_v2"}),
      "--set datasets[0].type: context_qa.load_v2 is not supported yet; use chat_template, alpaca, input_output or "
      "completion");
  EXPECT_EQ(error_of("rl: grpo\n"), "run.yaml:6 rl: grpo is not supported yet; use dpo, ipo, simpo, orpo or kto");
  EXPECT_EQ(error_of("save_safetensors: false\n"),
            "run.yaml:6 save_safetensors: not supported yet; remove the key; eft writes safetensors only");
}

TEST(Config, SgdTakesItsSettingsFromOptimArgs) {
  const std::string sgd = std::string(kSmall) + "optimizer: sgd\n";
  EXPECT_FALSE(parse(sgd).config.train.optimizer.args.momentum);
  for (const char* args : {"{momentum: 0.9, nesterov: true}", "momentum=0.9, nesterov=true"}) {
    const OptimizerOptions options = parse(sgd + "optim_args: " + args + "\n").config.train.optimizer;
    EXPECT_EQ(options.kind, OptimizerKind::sgd);
    EXPECT_EQ(options.args.momentum, 0.9);
    EXPECT_EQ(options.args.nesterov, true);
  }
  EXPECT_EQ(error_of("optim_args: momentum\noptimizer: sgd\n"),
            "run.yaml:6 optim_args: \"momentum\" is not a list like momentum=0.9,nesterov=true");
  EXPECT_EQ(error_of("optim_args: {momentum: 0.9}\n"),
            "run.yaml:6 optim_args: momentum and nesterov are for optimizer: sgd or muon; remove them");
  EXPECT_EQ(error_of("optim_args: {nesterov: true}\noptimizer: sgd\n"),
            "run.yaml:6 optim_args: nesterov needs momentum above 0 and dampening: 0, as in torch");
  EXPECT_EQ(error_of("optim_args: {momentum: 0.9, dampening: 0.1, nesterov: true}\noptimizer: sgd\n"),
            "run.yaml:6 optim_args: nesterov needs momentum above 0 and dampening: 0, as in torch");
  EXPECT_EQ(error_of("optim_args: {momentun: 0.9}\noptimizer: sgd\n"),
            "run.yaml:6 optim_args.momentun: unknown key; did you mean momentum?");
}

TEST(Config, OptimizersHaveAxolotlsNames) {
  const auto kind_of = [](const char* name) {
    return parse(std::string(kSmall) + "optimizer: " + name + "\n").config.train.optimizer.kind;
  };
  EXPECT_EQ(kind_of("adamw_bnb_8bit"), OptimizerKind::adamw_8bit);
  EXPECT_EQ(kind_of("paged_adamw_8bit"), OptimizerKind::adamw_8bit);
  EXPECT_EQ(kind_of("adamw_torch_8bit"), OptimizerKind::adamw_torch_8bit);
  EXPECT_EQ(kind_of("paged_adamw_32bit"), OptimizerKind::adamw);
  EXPECT_EQ(kind_of("paged_lion_8bit"), OptimizerKind::lion_8bit);
  EXPECT_EQ(kind_of("came_pytorch"), OptimizerKind::came);
  EXPECT_EQ(
      error_of("optimizer: muon\nembedding_lr: 1e-5\n"),
      "run.yaml:6 optimizer: muon takes one learning rate; remove embedding_lr, embedding_lr_scale, lr_groups and "
      "loraplus_lr_ratio");
  EXPECT_EQ(
      error_of("optimizer: adopt_adamw\nadam_beta1: 0.9\n"),
      "run.yaml:7 adam_beta1: this optimizer takes adam_beta1 and adam_beta2 only together, as in Axolotl; set both "
      "or none");
  EXPECT_EQ(error_of("adam_beta3: 0.9\n"), "run.yaml:6 adam_beta3: is for optimizer: came_pytorch; remove it");
  const Result paged = parse(std::string(kSmall) + "optimizer: paged_adamw_8bit\n");
  ASSERT_EQ(paged.notes.size(), 1U);
  EXPECT_EQ(paged.notes[0],
            "optimizer: paged_adamw_8bit computes what adamw_8bit does; eft pages nothing, the state stays in memory");
}

TEST(Config, GroupsOfParametersHaveRatesOfTheirOwn) {
  const RunConfig config =
      parse(std::string(kSmall) + "embedding_lr: 1e-5\nlr_groups:\n  - {name: up, modules: [up_proj], lr: 3e-4}\n")
          .config;
  EXPECT_EQ(config.train.optimizer.groups.embedding_lr, 1e-5);
  ASSERT_EQ(config.train.optimizer.groups.lr_groups.size(), 1U);
  EXPECT_EQ(config.train.optimizer.groups.lr_groups[0].learning_rate, 3e-4);
  EXPECT_EQ(error_of("embedding_lr: 1e-5\nembedding_lr_scale: 0.1\n"),
            "run.yaml:6 embedding_lr: set beside embedding_lr_scale, which goes before it; remove one");
  EXPECT_EQ(error_of("loraplus_lr_ratio: 16\n"),
            "run.yaml:6 loraplus_lr_ratio: set without adapter: lora; add it or remove loraplus_lr_ratio");
  EXPECT_EQ(error_of("lr_groups:\n  - {name: up, modules: [up_proj]}\n"),
            "run.yaml:7 lr_groups[0].lr: not set; it has no default");
}

TEST(Config, SchedulesTakeTheirOwnSettingsOnly) {
  const auto schedule_of = [](const std::string& lines) { return parse(kSmall + lines).config.train.schedule; };
  EXPECT_EQ(schedule_of("lr_scheduler: polynomial\nlr_scheduler_kwargs: {power: 2}\n").args.power, 2);
  EXPECT_EQ(schedule_of("cosine_min_lr_ratio: 0.1\ncosine_constant_lr_ratio: 0.8\n").cosine_constant_lr_ratio, 0.8);
  EXPECT_EQ(error_of("lr_scheduler_kwargs: {power: 2}\n"),
            "run.yaml:6 lr_scheduler_kwargs: power is no setting of cosine, which has num_cycles");
  EXPECT_EQ(error_of("lr_scheduler: rex\nlr_scheduler_kwargs: {power: 2}\n"),
            "run.yaml:7 lr_scheduler_kwargs: power is no setting of rex, which takes none");
  EXPECT_EQ(error_of("lr_scheduler_kwargs: {powr: 2}\n"),
            "run.yaml:6 lr_scheduler_kwargs.powr: unknown key; did you mean power?");
  EXPECT_EQ(error_of("cosine_constant_lr_ratio: 0.8\n"),
            "run.yaml:6 cosine_constant_lr_ratio: needs lr_scheduler: cosine and cosine_min_lr_ratio above 0, without "
            "which Axolotl ignores it; set them or remove it");
  EXPECT_EQ(error_of("lr_scheduler: constant\ncosine_min_lr_ratio: 0.1\n"),
            "run.yaml:7 cosine_min_lr_ratio: is for lr_scheduler: cosine or rex, or jagged_restart_steps; remove it");
  EXPECT_EQ(error_of("lr_scheduler: cosine_with_min_lr\n"),
            "run.yaml:6 lr_scheduler: needs min_lr or min_lr_rate, one of the two, in lr_scheduler_kwargs");
  EXPECT_EQ(error_of("lr_scheduler: reduce_lr_on_plateau\n"),
            "run.yaml:6 lr_scheduler: nothing is evaluated; set eval_steps, evals_per_epoch or eval_strategy, and "
            "val_set_size or test_datasets");
}

TEST(Config, KindsOfCheckpointingAreOne) {
  const Result result = parse(std::string(kSmall) + "gradient_checkpointing: offload\n");
  EXPECT_EQ(result.config.train.gradient_checkpointing, true);
  ASSERT_EQ(result.notes.size(), 1U);
  EXPECT_EQ(result.notes[0], "gradient_checkpointing: offload is true: eft keeps what enters each block in memory");
}

TEST(Config, UnfrozenParametersAreWhole) {
  EXPECT_EQ(parse(std::string(kSmall) + "unfrozen_parameters: [^lm_head.weight$]\n").config.train.unfrozen_parameters,
            (std::vector<std::string>{"^lm_head.weight$"}));
  EXPECT_EQ(
      error_of("unfrozen_parameters:\n  - ^model.embed_tokens.weight$[:32000]\n"),
      "run.yaml:6 unfrozen_parameters: ranges of rows, as in [:32000], are not supported; name the whole parameter");
}

TEST(Config, TypeMayBeBlankWhereRowsAreTokenised) {
  const RunConfig config =
      parse("base_model: m\nlearning_rate: 1\ndatasets:\n  - path: rows.jsonl\n    type:\n").config;
  EXPECT_EQ(config.data.datasets[0].type, DatasetType::untyped);
  Notes notes;
  EXPECT_EQ(parse_config(write_config(config), "again.yaml", {}, notes).data.datasets[0].type, DatasetType::untyped);
}

TEST(Config, AllFaultsAreToldAtOnce) {
  EXPECT_EQ(
      error_of("lerning_rate: 1\nmicro_batch_size: 0\nfp16: true\nnum_epochs: three\nwarmup_steps: 5\n"
               "warmup_ratio: 0.1\noptimizer: dion\n"),
      "6 things are wrong with the configuration:\n"
      "  run.yaml:6 lerning_rate: unknown key; did you mean learning_rate?\n"
      "  run.yaml:7 micro_batch_size: 0 is below 1\n"
      "  run.yaml:8 fp16: not supported yet; use bf16: auto; Gemma's activations overflow 16-bit floats of the fp16 "
      "kind\n"
      "  run.yaml:9 num_epochs: got \"three\", expected a number\n"
      "  run.yaml:11 warmup_ratio: set beside warmup_steps; remove one\n"
      "  run.yaml:12 optimizer: dion is not supported yet; use adamw_torch_fused, the closest, or adamw_torch_8bit, "
      "which takes a quarter of its memory");
  EXPECT_EQ(error_of("    roles_to_train: 3\n    splt: train\nplugins: [a.B, c.D]\n", {"seed=x"}),
            "5 things are wrong with the configuration:\n"
            "  --set seed: got \"x\", expected a whole number\n"
            "  run.yaml:6 datasets[0].roles_to_train: got 3, expected a list\n"
            "  run.yaml:7 datasets[0].splt: unknown key; did you mean split?\n"
            "  run.yaml:8 plugins[0]: a.B is not supported yet; remove it\n"
            "  run.yaml:8 plugins[1]: c.D is not supported yet; remove it");
}

TEST(Config, WhatFollowsFromAFaultIsNoFault) {
  EXPECT_EQ(error_of("adapter: lora\nlora_r: eight\nlora_alpha: 8\nlora_target_linear: true\n"),
            "run.yaml:7 lora_r: got \"eight\", expected a whole number");
  EXPECT_EQ(error_of("adapter: lroa\nlora_r: 8\n"), "run.yaml:6 adapter: got \"lroa\", expected none, lora");
  EXPECT_EQ(error_of("adapter: lora\nlora_rr: 8\nlora_alpha: 8\nlora_target_linear: true\n"),
            "run.yaml:7 lora_rr: unknown key; did you mean lora_r?");
}

TEST(Config, KeysThatAskForNothingAreNoted) {
  const auto notes = [](const std::string& lines) { return parse(kSmall + lines).notes; };
  EXPECT_EQ(
      notes("debug:\ngptq_groupsize:\nload_in_8bit: false\nwandb_log_model: \"false\"\nfsdp_config: {a: false}\n"),
      Notes{"left out, since they ask for nothing: debug, gptq_groupsize, load_in_8bit, wandb_log_model, fsdp_config"});
  EXPECT_EQ(notes("no_such_key:\nlearning_rat:\n"),
            Notes{"left out, since nobody knows them and they have no value: no_such_key, learning_rat (did you mean "
                  "learning_rate?)"});
  EXPECT_EQ(notes("embeddings_skip_upcast: true\n"), Notes{"without effect in eft: embeddings_skip_upcast"});
  EXPECT_EQ(notes("peft_init_lora_weights: true\n"), Notes{"eft does this anyway: peft_init_lora_weights"});
  EXPECT_NE(error_of("debug: true\n").find("not supported yet"), std::string::npos);
  EXPECT_NE(error_of("no_such_key: 0\n").find("unknown key"), std::string::npos);
}

TEST(Config, SpecialTokensAreKeptForTheTokenizer) {
  const RunConfig config =
      parse(std::string(kSmall) + "special_tokens: {pad_token: <pad>, eos_token: <eos>}\ntokens: [<a>]\n").config;
  EXPECT_EQ(config.tokens.special_tokens->eos_token, "<eos>");
  EXPECT_EQ(config.tokens.tokens, std::vector<std::string>{"<a>"});
  EXPECT_NE(error_of("special_tokens: {eos: <eos>}\n").find("special_tokens.eos: unknown key"), std::string::npos);
}

TEST(Config, AllLinearIsPeftsWordForEveryLinear) {
  for (const char* word : {"all-linear", "\"all-linear\"", "All-Linear"}) {
    const RunConfig config =
        parse(fmt::format("{}adapter: lora\nlora_r: 8\nlora_alpha: 8\nlora_target_modules: {}\n", kSmall, word)).config;
    EXPECT_TRUE(config.adapter.target_linear);
    EXPECT_TRUE(config.adapter.target_modules.empty());
  }
}

TEST(Config, CombinationsWithoutEffectAreNoted) {
  const Result result = parse(std::string(kSmall) + "evals_per_epoch: 2\nlr_scheduler: constant\nwarmup_steps: 3\n");
  EXPECT_EQ(result.notes,
            (Notes{"evals_per_epoch has no effect: neither val_set_size nor test_datasets is set",
                   "the warm-up has no effect with lr_scheduler: constant; constant_with_warmup has one"}));
}

TEST(Config, JinjaTextImpliesTheTemplate) {
  EXPECT_EQ(parse(std::string(kSmall) + "chat_template_jinja: t.jinja\n").config.data.chat_template, "jinja");
}

TEST(Config, WhatIsWrittenReadsBackTheSame) {
  const std::string text =
      std::string(kSmall) +
      "    message_property_mappings: {role: from, content: value}\n    split: train[:10%]\n"
      "adapter: lora\nlora_r: 8\nlora_alpha: 16\nlora_target_modules: '.*layers\\.\\d+\\.q_proj'\n"
      "chat_template_kwargs: {enable_thinking: true}\nmax_steps: 7\nbf16: false\nval_set_size: 0.05\n"
      "eval_steps: 0.25\nsave_strategy: no\n";
  const std::string once = write_config(parse(text).config);
  EXPECT_EQ(write_config(parse(once).config), once);
  EXPECT_NE(once.find("lora_r: 8\n"), std::string::npos) << once;
  EXPECT_NE(config_json(parse(text).config).find(R"("eval_steps":0.25)"), std::string::npos);
}

TEST(Config, AMissingFileIsAFileError) {
  Notes notes;
  EXPECT_THROW(read_config("no/such/run.yaml", {}, notes), FileError);
}

TEST(Config, NoKeyStandsInTwoPlaces) {
  std::vector<std::string> all = keys_of<RunConfig>();
  for (const KeyGroup& group : run_keys().groups) {
    for (std::string& key : words(group.keys)) all.push_back(std::move(key));
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end()) << *std::adjacent_find(all.begin(), all.end());
}

/// Axolotl's own examples, and the first thing in each that eft does not do yet ("" when it reads).
struct CompatCase {
  const char* file;
  const char* message;
};

constexpr const char* kFourBit = "load_in_4bit: not supported yet; remove the key; train adapter: lora on bf16 weights";

TEST(Config, AxolotlsExamplesReadOrSayWhatIsMissing) {
  const CompatCase cases[] = {
      {"gemma-3n-e2b-qlora.yml", kFourBit},
      {"gemma-3n-e2b-vision-qlora.yml", kFourBit},
      {"gemma-3n-e2b-vision-audio-qlora.yml", kFourBit},
      {"gemma-4-26b-a4b-moe-qlora.yaml", kFourBit},
      {"gemma-4-26b-a4b-moe-bnb-lora.yaml", kFourBit},
      {"gemma-4-26b-a4b-moe-nvfp4-lora.yaml", ""},
      {"gemma-4-31b-qlora.yaml", kFourBit},
      {"gemma-4-e2b-vision-lora.yaml", ""},
      {"gemma-4-12b-unified-lora.yaml", ""},
      {"gemma-4-12b-unified-vision-lora.yaml", ""},
  };
  for (const CompatCase& example : cases) {
    const std::string path = std::string("examples/compat/") + example.file;
    Notes notes;
    try {
      read_config(path, {}, notes);
      EXPECT_STREQ(example.message, "") << path << " reads; say so here";
    } catch (const ConfigError& error) {
      const bool is_told = std::string(error.what()).find(example.message) != std::string::npos;
      EXPECT_TRUE(example.message[0] != '\0' && is_told) << error.what();
    }
  }
}

TEST(Config, AxolotlsExamplesReadOnceThatIsTakenOut) {
  const std::vector<std::string> plain = {"load_in_4bit=", "adapter=lora",
                                          "quantize_moe_experts=", "bnb_config_kwargs="};
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("examples/compat")) {
    Notes notes;
    const RunConfig config = read_config(entry.path(), plain, notes);
    EXPECT_EQ(config.adapter.kind, AdapterKind::lora);
    EXPECT_EQ(config.train.schedule.learning_rate, 2e-4);
    EXPECT_TRUE(config.adapter.target_modules.is_string);
    EXPECT_EQ(config.data.eot_tokens.size(), 1U);
    EXPECT_FALSE(notes.empty());
    ++count;
  }
  EXPECT_EQ(count, 10);
}

TEST(Config, TheReferencePageIsUpToDate) {
  EXPECT_EQ(read_text("docs/options.md"), reference_page()) << "write it anew: eft config-reference > docs/options.md";
}

TEST(Config, TheJsonSchemaNamesEveryKey) {
  const std::string schema = json_schema();
  for (const std::string& key : keys_of<RunConfig>()) {
    EXPECT_NE(schema.find('"' + key + "\": {"), std::string::npos) << key;
  }
}

}  // namespace
}  // namespace eft
