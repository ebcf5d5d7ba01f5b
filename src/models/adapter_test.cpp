#include "models/adapter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "models/load.h"
#include "nn/adapter_file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class AdapterFolder : public testing::Test {
 protected:
  fs::path folder_ = fs::temp_directory_path() / "eft_adapter";
  Pool pool_{Device::cpu};

  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static fs::path model(const std::string& name) { return fs::path("tests/golden/data") / name; }

  OpenedModel open(const std::string& name, const AdapterOptions& options) {
    return open_model(model(name), {.dtype = DType::f32, .train_base = false, .adapter = options}, pool_);
  }

  /// What stands in adapter_config.json when q_proj gets adapters and `saved` modules are trained.
  nlohmann::json written(const std::string& name, const Names& saved) {
    AdapterOptions options;
    options.kind = AdapterKind::lora;
    options.rank = 2;
    options.alpha = 4;
    options.modules_to_save = saved;
    options.target_modules.items = {"q_proj"};
    const OpenedModel opened = open(name, options);
    initialise_adapter(*opened.model, pool_, 1);
    save_adapter(*opened.model, options, model(name), folder_);
    return nlohmann::json::parse(read_text(folder_ / "adapter_config.json"));
  }
};

TEST_F(AdapterFolder, names_are_whole_paths_beside_towers) {
  const auto config = written("gemma4_container", {"embed_tokens", "layers.1.mlp"});
  Names paths;
  for (int layer = 0; layer < 6; ++layer) {
    paths.push_back("model.language_model.layers." + std::to_string(layer) + ".self_attn.q_proj");
  }
  EXPECT_EQ(config["target_modules"].get<Names>(), paths) << "towers have a q_proj too";
  EXPECT_EQ(config["modules_to_save"].get<Names>(),
            (Names{"model.language_model.embed_tokens", "model.language_model.layers.1.mlp"}));
  const OpenedModel again = open("gemma4_container", read_adapter_options(folder_));
  load_adapter(*again.model, pool_, folder_);
}

TEST_F(AdapterFolder, names_are_those_of_the_run_without_towers) {
  const auto config = written("gemma3", {"norm"});
  EXPECT_EQ(config["target_modules"].get<Names>(), Names{"q_proj"});
  EXPECT_EQ(config["modules_to_save"].get<Names>(), Names{"norm"});
}

TEST_F(AdapterFolder, may_name_modules_of_towers) {
  auto config = written("gemma3", {});
  config["target_modules"] = Names{"q_proj", "out_proj"};
  write_text(folder_ / "adapter_config.json", config.dump());
  const OpenedModel again = open("gemma3", read_adapter_options(folder_));
  load_adapter(*again.model, pool_, folder_);
  config["target_modules"] = Names{"out_proj"};
  write_text(folder_ / "adapter_config.json", config.dump());
  EXPECT_THROW(open("gemma3", read_adapter_options(folder_)), ConfigError);
}

TEST_F(AdapterFolder, refuses_what_peft_computes_otherwise) {
  const auto config = written("gemma3", {});
  for (const auto& [key, value] : std::vector<std::pair<const char*, nlohmann::json>>{
           {"init_lora_weights", "pissa_niter_4"}, {"kasa_config", {{"beta", 1.0}}}, {"use_dora", true}}) {
    auto other = config;
    other[key] = value;
    write_text(folder_ / "adapter_config.json", other.dump());
    EXPECT_THROW(read_adapter_options(folder_), ConfigError) << key;
  }
}

TEST_F(AdapterFolder, may_name_all_linears_in_one_word) {
  auto config = written("gemma3", {});
  for (const char* word : {"all-linear", "ALL-LINEAR"}) {
    config["target_modules"] = word;
    write_text(folder_ / "adapter_config.json", config.dump());
    const AdapterOptions options = read_adapter_options(folder_);
    EXPECT_TRUE(options.target_linear && options.target_modules.empty());
  }
}

TEST_F(AdapterFolder, the_embedding_gets_no_adapter) {
  AdapterOptions options;
  options.kind = AdapterKind::lora;
  options.rank = options.alpha = 4;
  for (const char* target : {"embed_tokens", "model.embed_tokens", "lm_head"}) {
    options.target_modules.items = {"q_proj", target};
    try {
      open("gemma3", options);
      ADD_FAILURE() << target;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("adapters on the embedding"), std::string::npos) << error.what();
    }
  }
}

TEST_F(AdapterFolder, takes_whole_numbers_only) {
  const auto config = written("gemma3", {});
  for (const char* key : {"lora_alpha", "r"}) {
    auto other = config;
    other[key] = 4.0;
    write_text(folder_ / "adapter_config.json", other.dump());
    EXPECT_EQ(read_adapter_options(folder_).alpha, 4);
    other[key] = 4.5;
    write_text(folder_ / "adapter_config.json", other.dump());
    EXPECT_THROW(read_adapter_options(folder_), ConfigError) << key;
  }
}

/// A checkpoint may hold the output layer beside the embedding that it is tied to.
TEST_F(AdapterFolder, an_output_layer_in_the_files_is_the_embedding_and_does_not_outlive_it) {
  const CheckpointFiles files(model("gemma3"));
  NamedTensors tensors;
  for (const auto& [name, file] : files.tensors()) tensors.emplace_back(name, files.tensor(name));
  const Tensor embedding = files.tensor("model.embed_tokens.weight");
  Tensor head(pool_, Category::workspace, DType::f32, embedding.shape());
  convert(embedding, head);
  tensors.emplace_back("lm_head.weight", head);
  fs::copy_file(model("gemma3") / "config.json", folder_ / "config.json");
  write_safetensors(folder_ / "model.safetensors", tensors, {{"format", "pt"}});
  const LoadOptions load{.dtype = DType::f32, .train_base = true, .adapter = {}};
  save_model(open_model(folder_, load, pool_), folder_ / "out");
  EXPECT_FALSE(CheckpointFiles(folder_ / "out").contains("lm_head.weight")) << "it would not be trained";
  head.data<float>()[7] += 1;
  write_safetensors(folder_ / "model.safetensors", tensors, {{"format", "pt"}});
  EXPECT_THROW(open_model(folder_, load, pool_), ConfigError);
}

std::vector<double> last_states(const OpenedModel& opened, Context ctx) {
  const std::vector<std::int32_t> tokens{2, 11, 47, 5, 90, 3}, positions{0, 1, 2, 0, 1, 2};
  const std::vector<std::int64_t> starts{0, 3, 6};
  return to_doubles(opened.model->hidden(ctx, {tokens, positions, starts}, nullptr).value());
}

TEST_F(AdapterFolder, switched_off_leaves_the_base) {
  for (const char* name : {"gemma3", "gemma3n", "gemma4_e", "gemma4_moe"}) {
    const OpenedModel opened = open(name, read_adapter_options(model(name) / "adapter"));
    load_adapter(*opened.model, pool_, model(name) / "adapter");
    const OpenedModel base = open(name, {});
    Context ctx{.pool = &pool_};
    EXPECT_NE(last_states(opened, ctx), last_states(base, ctx)) << name;
    ctx.adapters = false;
    EXPECT_EQ(last_states(opened, ctx), last_states(base, ctx)) << name;
  }
}

}  // namespace
}  // namespace eft
