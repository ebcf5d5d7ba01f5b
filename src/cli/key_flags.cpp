#include "cli/key_flags.h"

#include <algorithm>

#include "base/error.h"
#include "config/keys.h"
#include "config/run_config.h"
#include "schema/nearest.h"
#include "schema/read.h"

namespace eft {
namespace {

constexpr std::string_view kNo = "no_";

std::vector<std::string> keys_of_a_run() {
  std::vector<std::string> keys = keys_of<RunConfig>();
  for (const KeyClass kind : {KeyClass::does_anyway, KeyClass::without_effect, KeyClass::unsupported}) {
    for (std::string& key : keys_of_class(run_keys(), kind)) keys.push_back(std::move(key));
  }
  return keys;
}

[[noreturn]] void refuse_flag(const CLI::App& command, const std::string& flag, const std::vector<std::string>& keys) {
  std::vector<std::string> known;
  for (const std::string& key : keys) known.push_back("--" + key);
  for (const CLI::Option* option : command.get_options()) known.push_back(option->get_name());
  std::ranges::for_each(known, [](std::string& name) { std::ranges::replace(name, '_', '-'); });
  const std::string near = nearest(flag, known);
  throw ConfigError("{}: neither an option of eft {} nor a key of a run{}", flag, command.get_name(),
                    near.empty() ? "" : "; did you mean " + near + "?");
}

}  // namespace

void KeyFlags::add_to(CLI::App& command) {
  command
      .add_option("--set", set_,
                  "Override an option: key=value; --key value, --key and --no-key do so too, as in Axolotl")
      ->allow_extra_args(false);
  command.allow_extras();
  command_ = &command;
}

std::vector<std::string> KeyFlags::overrides() const {
  const CLI::App& command = *command_;
  const std::vector<std::string> words = command.remaining(), keys = keys_of_a_run();
  const auto is_key = [&](const std::string& name) { return std::ranges::find(keys, name) != keys.end(); };
  std::vector<std::string> overrides;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string flag = word.substr(0, equals);
    if (!flag.starts_with("--"))
      throw ConfigError("{}: not expected here; see eft {} --help", word, command.get_name());
    std::string name = flag.substr(2);
    std::ranges::replace(name, '-', '_');
    if (name.starts_with(kNo) && is_key(name.substr(kNo.size())) && equals == word.size()) {
      overrides.push_back(name.substr(kNo.size()) + "=false");
      continue;
    }
    if (!is_key(name)) refuse_flag(command, flag, keys);
    const bool has_next = i + 1 < words.size() && !words[i + 1].starts_with("--");
    if (equals < word.size()) {
      overrides.push_back(name + word.substr(equals));
    } else {
      overrides.push_back(name + "=" + (has_next ? words[++i] : "true"));
    }
  }
  overrides.insert(overrides.end(), set_.begin(), set_.end());
  return overrides;
}

}  // namespace eft
