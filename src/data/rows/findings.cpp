#include "data/rows/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace eft {
namespace {

struct MediaColumn {
  const char* name;
  Finding kind;
};

constexpr std::array kMediaColumns = {MediaColumn{"images", Finding::images}, MediaColumn{"image", Finding::images},
                                      MediaColumn{"audios", Finding::audios}, MediaColumn{"audio", Finding::audios},
                                      MediaColumn{"videos", Finding::videos}, MediaColumn{"video", Finding::videos}};

/// What one of them is counted in.
std::string counted(const DatasetFinding& finding) {
  const char* thing = "row";
  switch (finding.kind) {
    case Finding::tool_calls:
    case Finding::tool_responses:
    case Finding::reasoning:
    case Finding::thinking_tags:
      thing = "answer";
      break;
    case Finding::content:
      thing = "message";
      break;
    default:
      break;
  }
  return fmt::format("{} {}{}", finding.count, thing, finding.count == 1 ? "" : "s");
}

std::string remedy(const DatasetFinding& finding, const FindingWords& words) {
  const std::string allow = fmt::format("allow_in_rows: [{}]", name_of(finding.kind));
  if (is_fault(finding.kind)) return fmt::format("set {} to train on the text alone, or on_bad_row: drop", allow);
  if (finding.kind == Finding::reasoning && words.has_thought_channel) {
    return fmt::format("set thought_channel to train, mask or strip, or {} where this is meant", allow);
  }
  return fmt::format("set {} where this is meant", allow);
}

bool holds_something(const nlohmann::ordered_json& value) {
  if (value.is_null()) return false;
  if (value.is_string()) return !value.get_ref<const std::string&>().empty();
  if (value.is_array()) return std::ranges::any_of(value, holds_something);
  return !value.is_object() || !value.empty();
}

}  // namespace

std::string what_was_found(const DatasetFinding& finding, const FindingWords& words) {
  const std::string name = name_of(finding.kind);
  const std::string count = counted(finding);
  const bool one = finding.count == 1;
  switch (finding.kind) {
    case Finding::thinking_tags:
      return fmt::format(
          "{} {} a thinking tag that split_thinking leaves in the text, without a partner or a second one", count,
          one ? "has" : "have");
    case Finding::images:
    case Finding::audios:
    case Finding::videos:
      return fmt::format("{} {} something in the column '{}', of which a run of text makes nothing; {}", count,
                         one ? "has" : "have", finding.detail,
                         finding.kind == Finding::images
                             ? "processor_type: AutoProcessor trains on images, for now of Gemma 3"
                             : "audio and video are not supported yet");
    case Finding::missing_bos:
      return fmt::format("{} {} not begin with {}, which Gemma expects in front of every text; {}", count,
                         one ? "does" : "do", words.bos,
                         words.template_name.empty() ? "the tokenizer adds none"
                                                     : "the template " + words.template_name + " writes none");
    case Finding::doubled_bos:
      return fmt::format("{} {} with {} twice", count, one ? "begins" : "begin", words.bos);
    default:
      return fmt::format("the template {} leaves the {} of {} out", words.template_name, name, count);
  }
}

bool is_allowed(Finding kind, const DataOptions& options) {
  return std::ranges::find(options.allow_in_rows, kind) != options.allow_in_rows.end();
}

bool is_fault(Finding kind) { return kind == Finding::images || kind == Finding::audios || kind == Finding::videos; }

std::string name_of(Finding kind) {
  constexpr auto kNames = enum_names(Finding{});
  return std::ranges::find(kNames, kind, &EnumName<Finding>::value)->name;
}

void add_finding(std::vector<DatasetFinding>& all, const RowFinding& finding, const std::string& where) {
  auto found = std::ranges::find(all, finding.kind, &DatasetFinding::kind);
  if (found == all.end()) found = all.insert(found, {finding.kind, 0, where, finding.detail});
  found->count += finding.count;
}

std::string sentence_of(const DatasetFinding& finding, const FindingWords& words) {
  return fmt::format("{} (first {}); {}", what_was_found(finding, words), finding.first, remedy(finding, words));
}

void find_media(const nlohmann::ordered_json& object, RowFindings& findings) {
  for (const MediaColumn& column : kMediaColumns) {
    const auto found = object.find(column.name);
    if (found != object.end() && holds_something(*found)) findings.push_back({column.kind, 1, column.name});
  }
}

}  // namespace eft
