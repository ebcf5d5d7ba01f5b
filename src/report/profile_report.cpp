#include "report/profile_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "report/words.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::map<std::string, Profile::Row, std::less<>>;
using NamedRow = std::pair<std::string, Profile::Row>;

constexpr std::size_t kMostProducts = 16;

std::vector<NamedRow> slowest_first(const Rows& rows) {
  std::vector<NamedRow> list(rows.begin(), rows.end());
  std::ranges::stable_sort(list, [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  return list;
}

std::string heading(const std::string& title) {
  return fmt::format("{:<46} {:>8} {:>10} {:>7} {:>9} {:>8} {:>7}\n", title, "calls", "ms", "share", "GFLOP/s",
                     "of peak", "GB/s");
}

/// One line of the table, all figures of one step.
std::string line(const std::string& name, const Profile::Row& row, const Profile& profile) {
  const auto steps = static_cast<double>(std::max<std::int64_t>(profile.steps(), 1));
  const double seconds = std::max(row.seconds, 1e-12);
  std::string text =
      fmt::format("{:<46} {:>8.0f} {:>10.2f} {:>6.1f}%", name, static_cast<double>(row.calls) / steps,
                  1e3 * row.seconds / steps, 100 * row.seconds / std::max(profile.step_seconds(), 1e-12));
  const auto cell = [](double value, const char* format) {
    return value > 0 ? fmt::format(fmt::runtime(format), value) : std::string();
  };
  text += fmt::format(" {:>9} {:>8} {:>7}", cell(1e-9 * row.flops / seconds, "{:.0f}"),
                      cell(100 * row.ideal_seconds / seconds, "{:.1f}%"), cell(1e-9 * row.bytes / seconds, "{:.1f}"));
  return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
}

std::string peak_words(const PeakRates& peak) {
  if (peak.f32 <= 0) return "";
  std::string text = fmt::format("; the peak of the processor is {:.0f} GFLOP/s in f32", 1e-9 * peak.f32);
  if (peak.bf16 > 0) text += fmt::format(" and {:.0f} in bf16", 1e-9 * peak.bf16);
  return text;
}

}  // namespace

std::string to_text(const Profile& profile) {
  const auto steps = static_cast<double>(std::max<std::int64_t>(profile.steps(), 1));
  std::string text = fmt::format("profile of {}, {:.1f} ms each{}\n", counted(profile.steps(), "step"),
                                 1e3 * profile.step_seconds() / steps, peak_words(profile.peak()));
  text += heading("kernel");
  Profile::Row rest{.calls = 0, .seconds = profile.step_seconds()};
  Profile::Row all;
  for (const auto& [name, row] : slowest_first(profile.rows())) {
    text += line(name, row, profile);
    rest.seconds -= row.seconds;
    all.calls += row.calls;
    all.flops += row.flops;
    all.ideal_seconds += row.ideal_seconds;
  }
  all.seconds = profile.step_seconds();
  text += line("outside of kernels", rest, profile) + line("step", all, profile);
  if (profile.products().empty()) return text;
  text += "\n" + heading("products");
  const auto products = slowest_first(profile.products());
  for (std::size_t i = 0; i < std::min(kMostProducts, products.size()); ++i) {
    text += line(products[i].first, products[i].second, profile);
  }
  return text;
}

void write_trace(const std::filesystem::path& path, const Profile& profile) {
  Json events = Json::array();
  for (const Profile::Event& event : profile.events()) {
    Json item{{"name", event.name},
              {"ph", "X"},
              {"pid", 1},
              {"tid", event.name == "step" ? 0 : 1},
              {"ts", 1e6 * event.begin},
              {"dur", 1e6 * event.seconds}};
    if (event.work.bytes > 0 || event.work.flops > 0) {
      item["args"] = {{"GFLOP", 1e-9 * event.work.flops}, {"MB", 1e-6 * event.work.bytes}};
      if (!event.work.sizes.empty()) item["args"]["sizes"] = event.work.sizes;
    }
    events.push_back(std::move(item));
  }
  write_text(path, Json{{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}}.dump() + "\n");
}

}  // namespace eft
