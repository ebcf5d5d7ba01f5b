#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "config/keys.h"
#include "config/run_config.h"
#include "config/test_config.h"
#include "schema/read.h"

namespace eft {
namespace {

using testing::error_of;
using testing::kSmall;
using testing::parse;
using testing::Result;

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
  EXPECT_EQ(error_of("gptq: true\n"),
            "run.yaml:6 gptq: not supported yet; remove the key; train adapter: lora on bf16 weights");
  EXPECT_EQ(error_of("wandb_project: gemma\n"),
            "run.yaml:6 wandb_project: not supported yet; remove the key; every step is in OUTPUT_DIR/metrics.jsonl");
  EXPECT_EQ(error_of("optimizer: stable_adamw\n"),
            "run.yaml:6 optimizer: stable_adamw is not supported yet; use adamw_torch_fused, the closest, or "
            "adamw_torch_8bit, which takes a quarter of its memory");
  EXPECT_EQ(error_of("optimizer: galore_adamw\n"),
            "run.yaml:6 optimizer: galore_adamw is not supported yet; train adapter: lora, or the whole model with "
            "optimizer: adamw_torch_8bit (2 bytes a parameter)");
  EXPECT_EQ(error_of("adapter: llama-adapter\n"),
            "run.yaml:6 adapter: llama-adapter is not supported yet; use adapter: lora");
  EXPECT_EQ(error_of("plugins:\n  - axolotl.integrations.liger.LigerPlugin\n  - axolotl.integrations.kd.KDPlugin\n"),
            "run.yaml:8 plugins[1]: axolotl.integrations.kd.KDPlugin is not supported yet; remove it");
  EXPECT_EQ(
      error_of("", {"datasets.0.type=context_qa.load_v2"}),
      "--set datasets[0].type: context_qa.load_v2 is not supported yet; use chat_template, alpaca, input_output or "
      "completion");
  EXPECT_EQ(error_of("rl: grpo\n"), "run.yaml:6 rl: grpo is not supported yet; use dpo, ipo, simpo, orpo, cpo or kto");
  EXPECT_EQ(error_of("save_safetensors: false\n"),
            "run.yaml:6 save_safetensors: not supported yet; remove the key; eft writes safetensors only");
}

TEST(Config, ATypeMayBeAMapping) {
  const std::string lines =
      "  - path: b.jsonl\n    type:\n      field_instruction: ask\n      format: '{instruction}|{input}'\n";
  const RunConfig config = parse(kSmall + lines).config;
  EXPECT_EQ(config.data.datasets.at(1).type, DatasetType::user_defined);
  EXPECT_EQ(config.data.datasets.at(1).type.fields.format, "{instruction}|{input}");
  EXPECT_FALSE(config.data.datasets.at(1).type.fields.no_input_format);
  EXPECT_EQ(write_config(parse(write_config(config)).config), write_config(config));
  EXPECT_EQ(error_of("  - path: b.jsonl\n    type: {fromat: x}\n"),
            "run.yaml:7 datasets[1].type.fromat: unknown key; did you mean format?");
}

TEST(Config, PretrainingStreams) {
  const std::string run = "base_model: x\nlearning_rate: 1\npretraining_dataset:\n  - path: a.jsonl\n";
  const auto error = [&](const std::string& lines) {
    try {
      parse(run + lines);
    } catch (const ConfigError& thrown) {
      return std::string(thrown.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error("max_steps: 5\nstreaming: true\n"), "no error");
  EXPECT_EQ(parse("base_model: x\nlearning_rate: 1\npretraining_dataset: b.txt\nmax_steps: 5\n")
                .config.data.pretraining_dataset.at(0)
                .path,
            "b.txt");
  EXPECT_EQ(error(""), "run.yaml:3 pretraining_dataset: has no end; set max_steps");
  EXPECT_EQ(error("max_steps: 5\nval_set_size: 2\n"),
            "run.yaml:3 pretraining_dataset: does not go with val_set_size; use test_datasets");
  EXPECT_EQ(error_of("streaming: true\n"),
            "run.yaml:6 streaming: not supported yet for datasets, which are prepared before training; remove it");
}

TEST(Config, PreferencesNeedTheirOwnTypes) {
  EXPECT_EQ(error_of("rl: dpo\n"), "no error");
  EXPECT_EQ(error_of("rl: kto\nmicro_batch_size: 2\n"),
            "run.yaml:5 datasets[0].type: no rows for rl: kto; use chatml.argilla, chatml.intel or a mapping");
  EXPECT_EQ(error_of("", {"datasets.0.type=chatml.intel"}),
            "--set datasets[0].type: rows of preferences; set rl to dpo, ipo, simpo, orpo, cpo or kto");
}

TEST(Config, PreferencesHaveKeysOfTheirOwn) {
  EXPECT_EQ(error_of("rl_beta: 0.1\n"), "run.yaml:6 rl_beta: set without rl; add that or remove it");
  EXPECT_EQ(error_of("rl: ipo\ndpo_loss_type: [hinge]\n"),
            "run.yaml:7 dpo_loss_type: set without rl: dpo; add that or remove it");
  EXPECT_EQ(error_of("rl: dpo\ndpo_loss_type: [sigmoid, sft]\ndpo_loss_weights: [1]\n"),
            "run.yaml:8 dpo_loss_weights: 1 weights for 2 losses of dpo_loss_type; give each one");
  EXPECT_NE(error_of("rl: dpo\ndpo_loss_type: [exo_pair]\n").find("takes its logarithm"), std::string::npos);
  EXPECT_NE(error_of("rl: dpo\nrpo_alpha: 1\n").find("use dpo_loss_type: [sigmoid, sft]"), std::string::npos);
  EXPECT_NE(error_of("rl: kto\n", {"datasets.0.type=chatml.argilla"}).find("set 2 or more"), std::string::npos);
  EXPECT_EQ(error_of("rl: dpo\nmax_prompt_len: 512\ndpo_padding_free: true\n"), "no error");
  const auto notes = parse(std::string(kSmall) + "rl: dpo\ndpo_label_smoothing: 0.1\n").notes;
  EXPECT_TRUE(std::ranges::any_of(
      notes, [](const std::string& note) { return note.starts_with("dpo_label_smoothing has no effect"); }));
}

TEST(Config, PreferencesChooseBetaAsAxolotlDoes) {
  PreferenceOptions options;
  EXPECT_EQ(options.beta(), 0.1);
  options.orpo_alpha = 0.2;
  EXPECT_EQ(options.beta(), 0.2);
  options.dpo_beta = 0.3;
  options.rl_beta = 0.4;
  EXPECT_EQ(options.beta(), 0.4);
}

TEST(Config, PackedWeightsBelongToAdapters) {
  const auto first = [](const std::string& lines) {
    const std::string all = error_of(lines);
    return all.substr(0, all.find('\n'));
  };
  const std::string lora = "lora_r: 8\nlora_alpha: 16\nlora_target_linear: true\n";
  EXPECT_EQ(first("load_in_4bit: true\n"),
            "run.yaml:6 load_in_4bit: needs adapter: qlora, since weights in 4 bits are frozen");
  EXPECT_EQ(first("load_in_8bit: true\nadapter: qlora\nload_in_4bit: true\n" + lora),
            "run.yaml:6 load_in_8bit: needs adapter: lora, since weights in 8 bits are frozen");
  EXPECT_EQ(first("adapter: qlora\n" + lora),
            "run.yaml:6 adapter: qlora needs load_in_4bit: true; add it or use adapter: lora");
  EXPECT_EQ(first("adapter: lora\nquantize_moe_experts: true\n" + lora),
            "run.yaml:7 quantize_moe_experts: needs load_in_4bit or load_in_8bit");
  const Result four = parse(kSmall + ("adapter: qlora\nload_in_4bit: true\n" + lora));
  EXPECT_EQ(four.config.quant.bnb.type, FourBitType::nf4);
  EXPECT_TRUE(four.config.quant.bnb.double_quant);
  const Result plain = parse(kSmall + ("adapter: qlora\nload_in_4bit: true\nbnb_config_kwargs:\n"
                                       "  bnb_4bit_quant_type: fp4\n  bnb_4bit_use_double_quant: false\n"
                                       "  bnb_4bit_quant_storage: bfloat16\n" +
                                       lora));
  EXPECT_EQ(plain.config.quant.bnb.type, FourBitType::fp4);
  EXPECT_FALSE(plain.config.quant.bnb.double_quant);
  EXPECT_EQ(plain.notes.size(), 1U) << "says what has no effect";
}

TEST(Config, KeysThatAskForNothingAreAccepted) {
  const Result result = parse(std::string(kSmall) +
                              "load_in_4bit: false\nwandb_project:\nneftune_noise_alpha: 0\nspecial_tokens: {}\n"
                              "lora_modules_to_save: []\nhub_model_id: ''\nfp16: null\ntensor_parallel_size: 1\n");
  EXPECT_TRUE(std::ranges::any_of(result.notes, [](const std::string& note) {
    return note.starts_with("left out, since they ask for nothing: ");
  }));
}

TEST(Config, KeysThatCannotChangeResultsAreNotedOnce) {
  const Result result = parse(std::string(kSmall) +
                              "plugins: [axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin]\n"
                              "flash_attention: true\nsdp_attention: false\nliger_rope: true\ntf32: true\n"
                              "pad_to_sequence_len: true\nstrict: false\n");
  EXPECT_EQ(result.notes, (Notes{"eft does this anyway: plugins, flash_attention, liger_rope",
                                 "without effect in eft: tf32, pad_to_sequence_len",
                                 "left out, since they ask for nothing: sdp_attention, strict"}));
}

TEST(Config, OldSpellingsAreRenamedWithANote) {
  const Result result = parse(std::string(kSmall) + "    message_field_role: from\nevaluation_strategy: no\n");
  EXPECT_EQ(result.config.data.datasets.at(0).message_property_mappings.value_or("role", ""), "from");
  EXPECT_EQ(result.config.train.eval_strategy, Interval::no);
  EXPECT_EQ(
      result.notes,
      (Notes{"evaluation_strategy is the old spelling of eval_strategy",
             "datasets[0].message_field_role is the old spelling of datasets[0].message_property_mappings.role"}));
  EXPECT_EQ(error_of("    message_field_role: from\n    message_property_mappings: {role: who}\n"),
            "run.yaml:6 datasets[0].message_field_role: \"from\" contradicts message_property_mappings.role, \"who\"; "
            "remove it");
}

TEST(Config, WrongValuesNameLineAndBounds) {
  EXPECT_EQ(error_of("lora_r: 0\n"), "run.yaml:6 lora_r: 0 is below 1");
  EXPECT_EQ(error_of("lora_r: 2000\n"), "run.yaml:6 lora_r: 2000 is above 1024");
  EXPECT_EQ(error_of("num_epochs: three\n"), "run.yaml:6 num_epochs: got \"three\", expected a number");
  EXPECT_EQ(error_of("sample_packing: 3\n"), "run.yaml:6 sample_packing: got 3, expected true or false");
  EXPECT_EQ(error_of("lr_scheduler: zigzag\n"),
            "run.yaml:6 lr_scheduler: got \"zigzag\", expected constant, constant_with_warmup, linear, cosine, "
            "cosine_with_restarts, cosine_with_min_lr, cosine_warmup_with_min_lr, polynomial, inverse_sqrt, "
            "warmup_stable_decay, one_cycle, rex, reduce_lr_on_plateau");
  EXPECT_EQ(error_of("", {"micro_batch_size=0"}), "--set micro_batch_size: 0 is below 1");
  EXPECT_EQ(error_of("base_model: again\n"), "run.yaml:6 base_model: given twice, first at run.yaml:1; remove one");
  EXPECT_EQ(error_of("chat_template_kwargs:\n\tenable_thinking: true\n"),
            "run.yaml:7: a tab in the indentation; YAML is indented with spaces");
}

struct RuleCase {
  const char* lines;
  const char* message;
};

TEST(Config, RulesAcrossFields) {
  const RuleCase cases[] = {
      {"adapter: lora\n", "run.yaml lora_r: not set; adapters need it"},
      {"adapter: lora\nlora_r: 8\n", "run.yaml lora_alpha: not set; adapters need it"},
      {"adapter: lora\nlora_r: 8\nlora_alpha: 8\n",
       "run.yaml lora_target_modules: not set; adapters need it, or lora_target_linear: true"},
      {"adapter: lora\nlora_model_dir: out\n", "no error"},
      {"adapter: lora\nlora_r: 8\nlora_alpha: 8\nlora_target_modules: '.*'\nlora_target_linear: true\n",
       "run.yaml:10 lora_target_linear: does not go with a regular expression; make lora_target_modules a list or "
       "remove "
       "one"},
      {"lora_r: 8\n",
       "run.yaml:6 lora_r: set without adapter: lora, so the whole model would train; add adapter: lora or remove "
       "lora_r"},
      {"warmup_steps: 5\nwarmup_ratio: 0.1\n", "run.yaml:7 warmup_ratio: set beside warmup_steps; remove one"},
      {"val_set_size: 1.5\n", "run.yaml:6 val_set_size: neither a share below 1 nor a whole number of rows"},
      {"val_set_size: 20\n", "no error"},
      {"val_set_size: 0.1\ntest_datasets: [{path: x, type: alpaca}]\n",
       "run.yaml:6 val_set_size: set beside test_datasets; remove one"},
      {"save_steps: 5\nsaves_per_epoch: 1\n", "run.yaml:6 save_steps: set beside saves_per_epoch; remove one"},
      {"save_steps: 5\nsave_strategy: epoch\n",
       "run.yaml:7 save_strategy: contradicts save_steps; use steps or remove save_steps"},
      {"save_strategy: steps\n", "run.yaml:6 save_strategy: steps needs save_steps or saves_per_epoch"},
      {"eval_steps: 0.1\n",
       "run.yaml:6 eval_steps: nothing to evaluate on; set val_set_size or test_datasets, or remove eval_steps"},
      {"eval_steps: 2.5\nval_set_size: 0.1\n",
       "run.yaml:6 eval_steps: neither a share below 1 nor a whole number of steps"},
      {"min_sample_len: 600\n", "run.yaml:6 min_sample_len: above sequence_len, so every row would be dropped"},
      {"chat_template: jinja\n",
       "run.yaml:6 chat_template: jinja needs the template's text or path in chat_template_jinja"},
      {"    chat_template: gemma4\n    chat_template_jinja: x.jinja\n",
       "run.yaml:7 datasets[0].chat_template_jinja: without effect unless chat_template is jinja; remove one"},
  };
  for (const RuleCase& rule : cases) {
    const std::string message = error_of(rule.lines);  // others may be broken too
    EXPECT_NE(message.find(rule.message), std::string::npos) << rule.lines << message;
  }
}

TEST(Config, DefaultsDoNotConflictWithWhatIsGiven) {
  EXPECT_TRUE(parse(std::string(kSmall) + "sequence_len: 1\n").notes.empty());
  EXPECT_TRUE(parse(std::string(kSmall) + "float32: true\n").notes.empty());
  EXPECT_EQ(parse(std::string(kSmall) + "sample_packing_sequentially: true\n").notes,
            (Notes{"sample_packing_sequentially has no effect without sample_packing: true"}));
  EXPECT_TRUE(parse(std::string(kSmall) + "allow_in_rows: [tools, missing_bos]\n").notes.empty());
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
  EXPECT_EQ(error_of("adapter: lroa\nlora_r: 8\n"), "run.yaml:6 adapter: got \"lroa\", expected none, lora, qlora");
  EXPECT_EQ(error_of("adapter: lora\nlora_rr: 8\nlora_alpha: 8\nlora_target_linear: true\n"),
            "run.yaml:7 lora_rr: unknown key; did you mean lora_r?");
}

TEST(Config, KeysThatAskForNothingAreNoted) {
  const auto notes = [](const std::string& lines) { return parse(kSmall + lines).notes; };
  EXPECT_EQ(notes("debug:\ngptq_groupsize:\ngptq: false\nwandb_log_model: \"false\"\nfsdp_config: {a: false}\n"),
            Notes{"left out, since they ask for nothing: debug, gptq_groupsize, gptq, wandb_log_model, fsdp_config"});
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

/// Axolotl's own examples.
TEST(Config, AxolotlsExamplesAreRead) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("examples/compat")) {
    Notes notes;
    const RunConfig config = read_config(entry.path(), {}, notes);
    EXPECT_NE(config.adapter.kind, AdapterKind::none);
    EXPECT_EQ(config.adapter.kind == AdapterKind::qlora, config.quant.four_bits);
    EXPECT_EQ(config.train.schedule.learning_rate, 2e-4);
    EXPECT_TRUE(config.adapter.target_modules.is_string || config.adapter.target_linear);
    EXPECT_EQ(config.data.eot_tokens.size(), 1U);
    EXPECT_FALSE(notes.empty());
    ++count;
  }
  EXPECT_EQ(count, 14);
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
