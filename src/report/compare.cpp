#include "report/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "report/terminal.h"
#include "report/words.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kSparkWidth = 48;
constexpr std::size_t kLongestValue = 32;

/// The configuration that the newest checkpoint in `folder` holds, or `folder` itself where it is one.
Json config_of(const fs::path& folder) {
  constexpr const char* kState = "trainer_state.json";
  std::error_code missing;
  fs::path newest = fs::exists(folder / kState, missing) ? folder / kState : "";
  for (const auto& entry : fs::directory_iterator(folder, missing)) {
    const fs::path state = entry.path() / kState;
    if (!entry.path().filename().string().starts_with("checkpoint-") || !fs::exists(state, missing)) continue;
    if (newest.empty() || fs::last_write_time(state) > fs::last_write_time(newest)) newest = state;
  }
  if (newest.empty()) return Json::object();
  const Json state = Json::parse(read_text(newest), nullptr, false);
  const Json config = state.is_object() ? state.value("config", Json::object()) : Json::object();
  return config.is_object() ? config : Json::object();
}

/// Adds "datasets[0].path" with its value, and so on, so that lists and mappings are compared by their parts.
void flatten(const std::string& path, const Json& value, std::vector<std::pair<std::string, std::string>>& out) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, item] : value.items()) flatten(path.empty() ? key : path + "." + key, item, out);
  } else if (value.is_array() && !value.empty()) {
    for (std::size_t i = 0; i < value.size(); ++i) flatten(fmt::format("{}[{}]", path, i), value[i], out);
  } else {
    out.emplace_back(path, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

void take_line(const Json& line, RunRecord& run) {
  run.steps = std::max(run.steps, line.value("step", std::int64_t{0}));
  if (line.contains("eval_loss")) {
    if (line["eval_loss"].is_number()) run.eval_losses.push_back(line["eval_loss"]);
    return;
  }
  if (line.at("loss").is_number()) run.losses.push_back(line["loss"]);
  run.seconds += line.value("seconds", 0.0);
  run.tokens += line.value("tokens", std::int64_t{0});
  run.memory = std::max(run.memory, line.value("memory", std::int64_t{0}));
}

std::string number(const std::vector<double>& values, double (*pick)(const std::vector<double>&)) {
  return values.empty() ? "-" : fmt::format("{:.4f}", pick(values));
}
double first_of(const std::vector<double>& values) { return values.front(); }
double last_of(const std::vector<double>& values) { return values.back(); }
double best_of(const std::vector<double>& values) { return std::ranges::min(values); }

double speed_of(const RunRecord& run) {
  return run.seconds > 0 ? static_cast<double>(run.tokens) / run.seconds : 0.0;
}

/// A name and a cell for each run.
struct Row {
  std::string name;
  std::vector<std::string> cells;
};

template <class Cell>
Row row_of(const char* name, const std::vector<RunRecord>& runs, Cell&& cell) {
  Row row{name, {}};
  for (const RunRecord& run : runs) row.cells.push_back(cell(run));
  return row;
}

std::vector<Row> measured(const std::vector<RunRecord>& runs) {
  return {row_of("steps", runs, [](const RunRecord& run) { return with_thousands(run.steps); }),
          row_of("loss, first", runs, [](const RunRecord& run) { return number(run.losses, first_of); }),
          row_of("loss, last", runs, [](const RunRecord& run) { return number(run.losses, last_of); }),
          row_of("loss, best", runs, [](const RunRecord& run) { return number(run.losses, best_of); }),
          row_of("eval_loss, first", runs, [](const RunRecord& run) { return number(run.eval_losses, first_of); }),
          row_of("eval_loss, last", runs, [](const RunRecord& run) { return number(run.eval_losses, last_of); }),
          row_of("eval_loss, best", runs, [](const RunRecord& run) { return number(run.eval_losses, best_of); }),
          row_of("tokens", runs, [](const RunRecord& run) { return with_thousands(run.tokens); }),
          row_of("tokens/s", runs, [](const RunRecord& run) { return fmt::format("{:.0f}", speed_of(run)); }),
          row_of("time of steps", runs, [](const RunRecord& run) { return format_seconds(run.seconds); }),
          row_of("memory", runs, [](const RunRecord& run) { return format_size(run.memory); })};
}

std::string value_of(const RunRecord& run, const std::string& key) {
  const auto found = std::ranges::find(run.config, key, &std::pair<std::string, std::string>::first);
  return found == run.config.end() ? "-" : found->second;
}

/// The keys whose values are not the same in all runs, in the order of the files. Places of files differ always.
std::vector<Row> differences(const std::vector<RunRecord>& runs) {
  std::vector<Row> rows;
  std::set<std::string> seen = {"output_dir"};
  for (const RunRecord& run : runs) {
    for (const auto& [key, value] : run.config) {
      if (!seen.insert(key).second) continue;
      Row row = row_of(key.c_str(), runs, [&key](const RunRecord& other) { return value_of(other, key); });
      const std::set<std::string> distinct(row.cells.begin(), row.cells.end());
      if (distinct.size() > 1) rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string table(const std::vector<RunRecord>& runs, std::vector<Row> rows, bool colours) {
  Row head = row_of("", runs, [](const RunRecord& run) { return run.name; });
  rows.insert(rows.begin(), std::move(head));
  std::vector<std::size_t> widths(runs.size());
  std::size_t first = 0;
  for (Row& row : rows) {
    first = std::max(first, width_of(row.name));
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      if (width_of(row.cells[i]) > kLongestValue) row.cells[i] = cut_to(row.cells[i], kLongestValue - 1) + "…";
      widths[i] = std::max(widths[i], width_of(row.cells[i]));
    }
  }
  std::string text;
  for (const Row& row : rows) {
    text += painted(row.name, Paint::cyan, colours) + std::string(first - width_of(row.name), ' ');
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const std::string padding(widths[i] - width_of(row.cells[i]) + 2, ' ');
      text += padding + painted(row.cells[i], &row == rows.data() ? Paint::bold : Paint::plain, colours);
    }
    text += '\n';
  }
  return text;
}

Json json_or_null(const std::vector<double>& values, double (*pick)(const std::vector<double>&)) {
  return values.empty() ? Json() : Json(pick(values));
}

}  // namespace

RunRecord read_run(const fs::path& folder) {
  const fs::path file = folder / "metrics.jsonl";
  if (!fs::exists(file)) {
    throw FileError("{}: holds no metrics.jsonl; expected the output_dir of a run", folder.string());
  }
  RunRecord run;
  run.name = folder.has_filename() ? folder.filename().string() : folder.parent_path().filename().string();
  std::istringstream lines(read_text(file));
  std::int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    try {
      take_line(Json::parse(line), run);
    } catch (const Json::exception&) {
      throw DataError("{}:{}: no line of metrics, expected an object with step and loss or eval_loss", file.string(),
                      number);
    }
  }
  const Json config = config_of(folder);
  if (!config.empty()) flatten("", config, run.config);
  return run;
}

std::string sparkline(const std::vector<double>& values, std::size_t width) {
  constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty()) return "";
  const std::size_t columns = std::min(width, values.size());
  std::vector<double> means;
  for (std::size_t column = 0; column < columns; ++column) {
    const std::size_t begin = column * values.size() / columns, end = (column + 1) * values.size() / columns;
    double sum = 0;
    for (std::size_t i = begin; i < end; ++i) sum += values[i];
    means.push_back(sum / static_cast<double>(end - begin));
  }
  const auto [low, high] = std::ranges::minmax(means);
  std::string text;
  for (const double mean : means) {
    const double share = high > low ? (mean - low) / (high - low) : 0.0;
    text += kBars[static_cast<std::size_t>(std::lround(share * 7))];
  }
  return text;
}

std::string compare_text(const std::vector<RunRecord>& runs, bool colours) {
  std::string text = table(runs, measured(runs), colours);
  const std::vector<Row> keys = differences(runs);
  if (!keys.empty()) text += '\n' + table(runs, keys, colours);
  for (const RunRecord& run : runs) {
    if (run.config.empty()) text += fmt::format("\n{} keeps no checkpoint, and with it no configuration\n", run.name);
  }
  std::size_t longest = 0;
  for (const RunRecord& run : runs) longest = std::max(longest, width_of(run.name));
  text += '\n';
  for (const RunRecord& run : runs) {
    text += painted(run.name, Paint::bold, colours) + std::string(longest - width_of(run.name) + 2, ' ') +
            painted(sparkline(run.losses, kSparkWidth), Paint::green, colours) +
            fmt::format("  loss {} → {}\n", number(run.losses, first_of), number(run.losses, last_of));
  }
  return text;
}

std::string compare_json(const std::vector<RunRecord>& runs) {
  Json list = Json::array();
  for (const RunRecord& run : runs) {
    Json config = Json::object();
    for (const auto& [key, value] : run.config) config[key] = value;
    list.push_back({{"run", run.name},
                    {"steps", run.steps},
                    {"loss", {{"first", json_or_null(run.losses, first_of)},
                              {"last", json_or_null(run.losses, last_of)},
                              {"best", json_or_null(run.losses, best_of)}}},
                    {"eval_loss", {{"first", json_or_null(run.eval_losses, first_of)},
                                   {"last", json_or_null(run.eval_losses, last_of)},
                                   {"best", json_or_null(run.eval_losses, best_of)}}},
                    {"tokens", run.tokens},
                    {"tokens_per_second", speed_of(run)},
                    {"seconds", run.seconds},
                    {"memory", run.memory},
                    {"config", config}});
  }
  Json different = Json::array();
  for (const Row& row : differences(runs)) different.push_back(row.name);
  return Json{{"runs", list}, {"different", different}}.dump();
}

}  // namespace eft
