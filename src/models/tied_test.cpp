// The output layer and the embedding: tied, untied by training, carried in an adapter's file.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "models/adapter.h"
#include "models/load.h"
#include "models/merge.h"
#include "nn/adapter_file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class TiedHead : public testing::TestWithParam<const char*> {
 protected:
  fs::path model_ = fs::path("tests/golden/data") / GetParam();
  fs::path folder_ = fs::temp_directory_path() / ("eft_tied_" + std::string(GetParam()));
  fs::path adapter_ = folder_ / "adapter", merged_ = folder_ / "merged";
  Pool pool_{Device::cpu};

  void SetUp() override {
    fs::remove_all(folder_);
    fs::create_directories(merged_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static AdapterOptions options(const Names& saved) {
    AdapterOptions made;
    made.kind = AdapterKind::lora;
    made.rank = 2;
    made.alpha = 4;
    made.target_modules.items = {"q_proj"};
    made.modules_to_save = saved;
    return made;
  }

  OpenedModel open(const fs::path& folder, const AdapterOptions& adapter) {
    return open_model(folder, {.dtype = DType::f32, .train_base = false, .adapter = adapter}, pool_);
  }

  /// An adapter that saves `modules`, each moved by its own amount.
  void write_adapter(const Names& modules) {
    const OpenedModel opened = open(model_, options(modules));
    initialise_adapter(*opened.model, pool_, 1);
    float shift = 0.01F;
    for (Parameter& parameter : opened.model->parameters()) {
      if (!parameter.is_adapter() || parameter.source.empty()) continue;
      float* values = parameter.value.data<float>();
      for (std::int64_t i = 0; i < parameter.value.elements(); ++i) values[i] += shift * static_cast<float>(i % 7);
      shift *= -2;
    }
    save_adapter(*opened.model, options(modules), model_, adapter_);
  }

  /// Rewrites the adapter's tensors.
  void edit_weights(const std::function<void(NamedTensors&)>& edit) {
    NamedTensors tensors;
    {
      const Safetensors file(adapter_ / "adapter_model.safetensors");
      for (const auto& [name, entry] : file.entries()) {
        tensors.emplace_back(name, Tensor(pool_, Category::workspace, DType::f32, entry.shape));
        convert(file.tensor(name), tensors.back().second);
      }
    }
    edit(tensors);
    write_safetensors(adapter_ / "adapter_model.safetensors", tensors, {{"format", "pt"}});
  }

  std::vector<double> logits(const fs::path& folder, const fs::path& adapter = {}) {
    const OpenedModel opened = open(folder, adapter.empty() ? AdapterOptions() : read_adapter_options(adapter));
    if (!adapter.empty()) load_adapter(*opened.model, pool_, adapter);
    const std::vector<std::int32_t> tokens{3, 10, 17, 24}, positions{0, 1, 2, 3};
    const std::vector<std::int64_t> starts{0, 4};
    Context ctx{.pool = &pool_};
    return to_doubles(
        opened.model->logits(ctx, opened.model->hidden(ctx, {tokens, positions, starts}, nullptr)).value());
  }

  static double distance(const std::vector<double>& a, const std::vector<double>& b) {
    EXPECT_EQ(a.size(), b.size());
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
    return worst;
  }

  /// Old containers keep it inside their language model.
  std::string head_name() const {
    return model_.filename() == "gemma3_container" ? "language_model.lm_head.weight" : "lm_head.weight";
  }
  nlohmann::json merged_config() const { return nlohmann::json::parse(read_text(merged_ / "config.json")); }
};

TEST_P(TiedHead, is_untied_by_merging_an_adapter_that_trained_it) {
  for (const Names& saved : {Names{"embed_tokens"}, Names{"lm_head"}, Names{"embed_tokens", "lm_head"}}) {
    write_adapter(saved);
    EXPECT_TRUE(merge_adapter(model_, adapter_, merged_).untied);
    const CheckpointFiles files(merged_);
    ASSERT_TRUE(files.contains(head_name()));
    EXPECT_EQ(files.tensors().size(), CheckpointFiles(model_).tensors().size() + 1);
    EXPECT_EQ(merged_config()["tie_word_embeddings"], false);
    if (merged_config().contains("text_config")) {
      EXPECT_EQ(merged_config()["text_config"]["tie_word_embeddings"], false);
    }
    const std::vector<double> adapted = logits(model_, adapter_);
    EXPECT_LE(distance(logits(merged_), adapted), 1e-5);
    EXPECT_GT(distance(logits(model_), adapted), 1e-3) << "the adapter changes nothing, so the test shows nothing";
  }
}

TEST_P(TiedHead, stays_tied_where_both_are_equal) {
  write_adapter({"embed_tokens", "lm_head"});
  edit_weights([](NamedTensors& tensors) {
    Tensor* embedding = nullptr;
    for (auto& [name, tensor] : tensors) {
      if (name.ends_with("embed_tokens.weight")) embedding = &tensor;
    }
    for (auto& [name, tensor] : tensors) {
      if (name.ends_with("lm_head.weight")) tensor = *embedding;
    }
  });
  EXPECT_FALSE(merge_adapter(model_, adapter_, merged_).untied);
  EXPECT_FALSE(CheckpointFiles(merged_).contains(head_name()));
  EXPECT_LE(distance(logits(merged_), logits(model_, adapter_)), 1e-5);
}

TEST_P(TiedHead, an_untied_checkpoint_trains_saves_and_merges_its_own) {
  write_adapter({"lm_head"});
  merge_adapter(model_, adapter_, merged_);
  const OpenedModel whole = open_model(merged_, {.dtype = DType::f32, .train_base = true, .adapter = {}}, pool_);
  EXPECT_TRUE(whole.model->parameters().find("lm_head.weight")->trainable());
  save_model(whole, folder_ / "saved");
  EXPECT_LE(distance(logits(folder_ / "saved"), logits(merged_)), 1e-6);
  const fs::path before = model_;
  model_ = merged_;
  write_adapter({"embed_tokens", "lm_head"});
  fs::create_directories(folder_ / "again");
  EXPECT_FALSE(merge_adapter(merged_, adapter_, folder_ / "again").untied) << "it was untied already";
  EXPECT_LE(distance(logits(folder_ / "again"), logits(merged_, adapter_)), 1e-5);
  model_ = before;
}

TEST_P(TiedHead, an_untied_configuration_needs_its_tensor) {
  write_adapter({"lm_head"});
  merge_adapter(model_, adapter_, merged_);
  for (const auto& file : fs::directory_iterator(model_)) {
    if (file.path().filename().string().starts_with("model"))
      fs::copy(file, merged_, fs::copy_options::overwrite_existing);
  }
  try {
    open(merged_, {});
    ADD_FAILURE();
  } catch (const ConfigError& error) {
    EXPECT_NE(std::string(error.what()).find("lm_head.weight"), std::string::npos) << error.what();
  }
}

/// PEFT keeps an embedding in the file, untrained, where the vocabulary had grown.
TEST_P(TiedHead, an_embedding_in_the_file_of_an_adapter_replaces_that_of_the_base) {
  write_adapter({"embed_tokens", "lm_head"});
  edit_weights([](NamedTensors& tensors) {
    std::erase_if(tensors, [](const auto& named) { return named.first.ends_with("lm_head.weight"); });
  });
  auto config = nlohmann::json::parse(read_text(adapter_ / "adapter_config.json"));
  config["modules_to_save"] = nullptr;
  write_text(adapter_ / "adapter_config.json", config.dump());
  EXPECT_GT(distance(logits(model_), logits(model_, adapter_)), 1e-3);
  EXPECT_FALSE(merge_adapter(model_, adapter_, merged_).untied);
  EXPECT_LE(distance(logits(merged_), logits(model_, adapter_)), 1e-5);
  const OpenedModel opened = open(model_, read_adapter_options(adapter_));
  load_adapter(*opened.model, pool_, adapter_);
  train_adapter(*opened.model, pool_);
  EXPECT_FALSE(opened.model->head_parameter().trainable());
  save_adapter(*opened.model, read_adapter_options(adapter_), model_, folder_ / "saved");
  EXPECT_LE(distance(logits(model_, folder_ / "saved"), logits(model_, adapter_)), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Models, TiedHead, testing::Values("gemma3", "gemma3_container", "gemma3n"),
                         [](const auto& info) { return std::string(info.param); });

/// A LoRA of a container by Transformers before 4.52.
TEST(AdapterNames, old_names_of_containers_are_read) {
  const fs::path model = "tests/golden/data/gemma3_container", folder = fs::temp_directory_path() / "eft_old_names";
  fs::remove_all(folder);
  fs::create_directories(folder);
  fs::copy(model / "adapter" / "adapter_config.json", folder);
  Pool pool(Device::cpu);
  NamedTensors renamed;
  const Safetensors file(model / "adapter" / "adapter_model.safetensors");
  const std::string now = "base_model.model.model.language_model.", old = "base_model.model.language_model.model.";
  for (const auto& [name, entry] : file.entries()) {
    ASSERT_TRUE(name.starts_with(now)) << name;
    renamed.emplace_back(old + name.substr(now.size()), file.tensor(name));
  }
  write_safetensors(folder / "adapter_model.safetensors", renamed, {});
  const auto values = [&](const fs::path& adapter) {
    const OpenedModel opened =
        open_model(model, {.dtype = DType::f32, .train_base = false, .adapter = read_adapter_options(adapter)}, pool);
    load_adapter(*opened.model, pool, adapter);
    std::vector<double> all;
    for (const Parameter& parameter : opened.model->parameters()) {
      if (!parameter.is_adapter()) continue;
      const std::vector<double> own = to_doubles(parameter.value);
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  };
  EXPECT_EQ(values(folder), values(model / "adapter"));
  renamed.emplace_back(file.entries().begin()->first, file.tensor(file.entries().begin()->first));
  write_safetensors(folder / "adapter_model.safetensors", renamed, {});
  EXPECT_THROW(values(folder), FileError) << "both spellings of one tensor";
  fs::remove_all(folder);
}

}  // namespace
}  // namespace eft
