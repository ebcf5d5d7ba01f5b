#include "data/store/prepared_rows.h"

#include <array>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "base/error.h"
#include "base/hash.h"
#include "base/tokenizer_files.h"
#include "text/model_templates.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Visitor: hashes the members of a struct.
struct OptionHasher {
  Hasher& hasher;

  template <class T>
  void operator()(FieldInfo info, const T& member, const Bounds& = {}) {
    hasher.add_part(info.key);
    add(member);
  }

  void add(const std::string& value) { hasher.add_part(value); }
  void add(const fs::path& value) { hasher.add_part(value.string()); }
  void add(const StringOrList& value) { add(value.items); }
  void add(const JsonText& value) { hasher.add_part(value.text); }
  void add(const StringMap& value) {
    for (const auto& entry : value.entries) {
      hasher.add_part(entry.key);
      hasher.add_part(entry.value);
    }
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void add(T value) { hasher.add_part(fmt::format("{}", value)); }
  template <class T>
  requires std::is_enum_v<T>
  void add(T value) { add(static_cast<std::int64_t>(value)); }
  /// A name or a mapping.
  template <class T>
  requires requires(const T& value) { value.name, value.fields; }
  void add(const T& value) {
    add(value.name);
    add(value.fields);
  }
  template <class T>
  void add(const std::optional<T>& value) {
    hasher.add_part(value ? "given" : "left out");
    if (value) add(*value);
  }
  template <class T>
  void add(const std::vector<T>& value) {
    hasher.add_part(std::to_string(value.size()));
    for (const T& item : value) add(item);
  }
  template <class T>
  requires requires(T& options, OptionHasher& visitor) { describe(visitor, options); }
  void add(const T& options) {
    T copy = options;  // describe() takes what it describes by reference, for the readers
    describe(*this, copy);
  }
};

/// Without what is done to the rows after they were prepared.
DataOptions preparing_options(DataOptions options) {
  const DataOptions plain;
  options.sample_packing = plain.sample_packing;
  options.eval_sample_packing = plain.eval_sample_packing;
  options.sample_packing_sequentially = plain.sample_packing_sequentially;
  options.group_by_length = plain.group_by_length;
  options.val_set_size = plain.val_set_size;
  options.shuffle_merged_datasets = plain.shuffle_merged_datasets;
  options.shuffle_before_merging_datasets = plain.shuffle_before_merging_datasets;
  options.dataset_exact_deduplication = plain.dataset_exact_deduplication;
  options.curriculum_sampling = plain.curriculum_sampling;
  options.dataset_prepared_path = plain.dataset_prepared_path;
  return options;
}

void add_if_there(Hasher& hasher, const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) {
    hasher.add_part(path.filename().string());
    add_file(hasher, path);
  }
}

/// A template may be named by the path of its file.
void add_template(Hasher& hasher, const std::optional<std::string>& jinja) {
  if (jinja && jinja->size() < 4096 && jinja->find('\n') == std::string::npos) add_if_there(hasher, *jinja);
}

/// What of a layout changes tokens, or which files are refused.
void add_layout(Hasher& hasher, const ImageLayout& layout) {
  const PanAndScan& crops = layout.processor.pan_and_scan;
  hasher.add_part(fmt::format("images {} {} {} {} {} {} {} {} {} {} {}", layout.family, layout.begin, layout.soft,
                              layout.end, layout.rows, layout.limits.pixels, layout.limits.bytes, crops.on,
                              crops.min_crop_size, crops.max_num_crops, crops.min_ratio_to_activate));
}

Json json_of(const Dropped& dropped) { return {dropped.count, dropped.first}; }

Dropped dropped_of(const Json& json) { return {.count = json.at(0), .first = json.at(1)}; }

Json json_of(const std::vector<BadRows>& reasons) {
  Json list = Json::array();
  for (const auto& [reason, rows] : reasons) list.push_back({reason, rows.count, rows.first});
  return list;
}

std::vector<BadRows> reasons_of(const Json& json) {
  std::vector<BadRows> reasons;
  for (const Json& item : json) reasons.push_back({item.at(0), {.count = item.at(1), .first = item.at(2)}});
  return reasons;
}

Json json_of(const std::vector<DatasetFinding>& findings) {
  Json list = Json::array();
  for (const auto& [kind, count, first, detail] : findings) {
    list.push_back({static_cast<std::int64_t>(kind), count, first, detail});
  }
  return list;
}

std::vector<DatasetFinding> findings_of(const Json& json) {
  std::vector<DatasetFinding> findings;
  for (const Json& item : json) {
    findings.push_back({static_cast<Finding>(item.at(0).get<std::int64_t>()), item.at(1), item.at(2), item.at(3)});
  }
  return findings;
}

Json json_of(const DatasetCounts& counts) {
  return {{"path", counts.path},
          {"for_evaluation", counts.for_evaluation},
          {"rows", counts.rows},
          {"examples", counts.examples},
          {"bad", json_of(counts.bad)},
          {"bad_reasons", json_of(counts.bad_reasons)},
          {"empty", json_of(counts.empty)},
          {"too_long", json_of(counts.too_long)},
          {"too_short", json_of(counts.too_short)},
          {"no_labels", json_of(counts.no_labels)},
          {"truncated", counts.truncated},
          {"tokens", counts.tokens},
          {"label_tokens", counts.label_tokens},
          {"images", counts.images},
          {"image_tokens", counts.image_tokens},
          {"findings", json_of(counts.findings)},
          {"lengths", counts.lengths}};
}

DatasetCounts counts_of(const Json& json) {
  return {.path = json.at("path"),
          .for_evaluation = json.at("for_evaluation"),
          .rows = json.at("rows"),
          .examples = json.at("examples"),
          .bad = dropped_of(json.at("bad")),
          .bad_reasons = reasons_of(json.at("bad_reasons")),
          .empty = dropped_of(json.at("empty")),
          .too_long = dropped_of(json.at("too_long")),
          .too_short = dropped_of(json.at("too_short")),
          .no_labels = dropped_of(json.at("no_labels")),
          .truncated = json.at("truncated"),
          .tokens = json.at("tokens"),
          .label_tokens = json.at("label_tokens"),
          .images = json.at("images"),
          .image_tokens = json.at("image_tokens"),
          .findings = findings_of(json.at("findings")),
          .lengths = json.at("lengths")};
}

}  // namespace

std::string prepared_name(const DataOptions& options, const fs::path& model, std::int64_t vocabulary,
                          const std::vector<fs::path>& files, const ImageLayout* images) {
  Hasher hasher;
  add_if_there(hasher, "/proc/self/exe");
  OptionHasher{hasher}.add(preparing_options(options));
  hasher.add_part(std::to_string(vocabulary));
  if (images != nullptr) add_layout(hasher, *images);
  add_if_there(hasher, model);
  const fs::path folder = fs::is_directory(model) ? model : model.parent_path();
  for (const char* name : kTokenizerFiles) add_if_there(hasher, folder / name);
  for (const TemplateSource& one : read_templates(folder)) hasher.add_part(one.name + '=' + one.source);
  add_template(hasher, options.chat_template_jinja);
  for (const auto* list : {&options.datasets, &options.test_datasets}) {
    for (const DatasetOptions& dataset : *list) add_template(hasher, dataset.chat_template_jinja);
  }
  for (const fs::path& file : files) {
    hasher.add_part(file.string());
    add_file(hasher, file);
  }
  return hasher.hex();
}

std::string notes_of(const DataReport& report) {
  Json datasets = Json::array();
  for (const DatasetCounts& counts : report.datasets) datasets.push_back(json_of(counts));
  return Json{{"datasets", std::move(datasets)}, {"warnings", report.warnings}}.dump(-1, ' ', false,
                                                                                     Json::error_handler_t::replace);
}

DataReport report_of(std::string_view notes) {
  try {
    const Json json = Json::parse(notes);
    DataReport report;
    for (const Json& counts : json.at("datasets")) report.datasets.push_back(counts_of(counts));
    report.warnings = json.at("warnings");
    return report;
  } catch (const nlohmann::json::exception& error) {
    throw DataError("prepared rows: not the notes that belong to them: {}", error.what());
  }
}

}  // namespace eft
