#include "train/checkpoints/run_identity.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/hash.h"
#include "base/owned_folder.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

template <class T>
void add_values(Hasher& hasher, std::span<const T> values) {
  hasher.add_part({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

std::string hash_of_rows(const Examples& rows) {
  Hasher hasher;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::size_t m = 0; m < rows.members(i); ++m) {
      const ExampleView row = rows.member(i, m);
      add_values(hasher, row.tokens);
      add_values(hasher, row.labels);
      add_values(hasher, row.weights);
      if (row.role != PreferenceRole::none) hasher.add_part(std::to_string(static_cast<int>(row.role)));
      for (const MediaRef& ref : media_of(row.media)) {
        hasher.add_part(fmt::format("{} {} {} {} {}", ref.begin, ref.crop, ref.width, ref.height, ref.name));
      }
    }
  }
  return hasher.hex();
}

/// The length of a file and its contents, of a large one blocks that are spread over it: another training of the same
/// model differs in all of them.
void add_sampled(Hasher& hasher, const fs::path& path) {
  constexpr std::uint64_t kWhole = std::uint64_t{64} << 20;
  constexpr std::uint64_t kBlocks = 1024;
  constexpr std::uint64_t kBlock = 4096;
  const std::uint64_t size = fs::file_size(path);
  hasher.add_part(path.filename().string());
  hasher.add_part(std::to_string(size));
  if (size <= kWhole) return add_file(hasher, path);
  std::ifstream in(path, std::ios::binary);
  std::vector<char> block(kBlock);
  for (std::uint64_t i = 0; i < kBlocks; ++i) {
    in.seekg(static_cast<std::streamoff>((size - kBlock) / (kBlocks - 1) * i));
    in.read(block.data(), static_cast<std::streamsize>(kBlock));
    if (!in) throw FileError("{}: cannot read", path.string());
    hasher.add({block.data(), kBlock});
  }
}

std::string hash_of_base(const fs::path& folder) {
  Hasher hasher;
  for (const std::string& name : names_in(folder)) {
    const bool part = name == "config.json" || (name.starts_with("model") && name.ends_with(".safetensors"));
    if (part) add_sampled(hasher, folder / name);
  }
  return hasher.hex();
}

std::string hash_of_tokenizer(const fs::path& tokenizer) {
  const fs::path file = fs::is_directory(tokenizer) ? tokenizer / "tokenizer.json" : tokenizer;
  if (!fs::exists(file)) return "";
  Hasher hasher;
  add_file(hasher, file);
  return hasher.hex();
}

std::string hash_of(std::string_view text) {
  Hasher hasher;
  hasher.add(text);
  return hasher.hex();
}

/// As a YAML and the configuration beside a checkpoint write them.
std::map<std::string, std::string> options_of_batches(const TrainJob& job) {
  const auto yes = [](bool value) { return std::string(value ? "true" : "false"); };
  std::map<std::string, std::string> options{
      {"micro_batch_size", std::to_string(job.train.micro_batch_size)},
      {"gradient_accumulation_steps", std::to_string(job.train.gradient_accumulation_steps)},
      {"sample_packing", yes(job.data.sample_packing)},
      {"group_by_length", yes(job.data.group_by_length)},
      {"curriculum_sampling", yes(job.data.curriculum_sampling)},
      {"seed", std::to_string(job.train.seed)}};
  if (!job.data.sample_packing) return options;
  options["sequence_len"] = std::to_string(job.data.sequence_len);
  options["sample_packing_sequentially"] = yes(job.data.sample_packing_sequentially);
  return options;
}

}  // namespace

RunIdentity identity_of(const TrainJob& job, const Examples& rows) {
  return {.rows = hash_of_rows(rows),
          .tokenizer = hash_of_tokenizer(job.tokenizer),
          .chat_template = hash_of(job.chat_template),
          .base = hash_of_base(job.base_model),
          .batches = options_of_batches(job)};
}

void require_same_run(const fs::path& checkpoint, const RunIdentity& then, const RunIdentity& now,
                      const TrainJob& job) {
  const std::string remedy =
      job.trains_adapter() ? fmt::format("lora_model_dir: {} begins a new run from its adapter", checkpoint.string())
                           : fmt::format("base_model: {} begins a new run from its weights", checkpoint.string());
  for (const auto& [key, value] : now.batches) {
    const auto before = then.batches.find(key);
    if (before == then.batches.end() || before->second == value) continue;
    throw ConfigError("{}: made with {}: {}, got {}, so a step has other rows; set it back, or {}", checkpoint.string(),
                      key, before->second, value, remedy);
  }
  std::vector<std::string> paths;
  for (const DatasetOptions& dataset : job.data.datasets) paths.push_back(dataset.path);
  struct Part {
    std::string name;
    const std::string& then;
    const std::string& now;
  };
  const Part parts[] = {
      {fmt::format("{}: tokenizer.json is not the one", job.tokenizer.string()), then.tokenizer, now.tokenizer},
      {"chat_template: the template is not the one", then.chat_template, now.chat_template},
      {fmt::format("{}: weights or config.json are not those", job.base_model.string()), then.base, now.base},
      {fmt::format("datasets: the rows of {} are not those", fmt::join(paths, ", ")), then.rows, now.rows}};
  for (const Part& part : parts) {
    if (part.then.empty() || part.then == part.now) continue;
    throw ConfigError("{} that {} was made with; put back what was there, or {}", part.name, checkpoint.string(),
                      remedy);
  }
}

}  // namespace eft
