#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/error.h"
#include "data/golden_files.h"
#include "data/test_files.h"

// What Axolotl makes of the same YAML and rows: tests/golden/data/masks, written by tools/golden/axolotl_labels.py.
namespace eft {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = "tests/golden/data/masks";

/// Where we differ on purpose.
const std::map<std::string, std::string> kDifferent = {
    {"bad_eot", "expected one"},       // Axolotl ignores an eot token that the template does not write
    {"eos_conflict", "differs from"},  // Axolotl does not see the conflict when the template says eos_token
    {"named_thoughts", ""},            // Axolotl loses field_thinking
    {"renamed_thoughts", ""},
    {"tools", ""},
    {"tools_inputs", ""}};  // Axolotl loses tool_call_id and cannot render the row; see masks_test

/// Rows that train nothing are always dropped; Axolotl keeps them unless it packs.
std::vector<Example> expected_examples(const fs::path& file) {
  std::vector<Example> examples;
  for (const auto& row : json_lines(file)) {
    Example example{.tokens = row["input_ids"], .labels = row["labels"]};
    if (example.label_tokens() > 0) examples.push_back(std::move(example));
  }
  return examples;
}

/// The demo's tokenizer with the names that Gemma 3 gives to the tokens around a turn.
Tokenizer gemma3_tokenizer(const TestFolder& folder) {
  for (const char* file : {"tokenizer.json", "tokenizer_config.json"}) {
    std::string text = read_text(kDemoModel / file);
    text = std::regex_replace(text, std::regex("<\\|turn>"), "<start_of_turn>");
    folder.write(file, std::regex_replace(text, std::regex("<turn\\|>"), "<end_of_turn>"));
  }
  return Tokenizer::load(folder.path());
}

void compare(const std::string& name, const std::vector<Example>& ours, const std::vector<Example>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size()) << name;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    // Axolotl drops the text in front of a thought, which is kept here.
    if (name.starts_with("split_thinking") && ours[i].source.ends_with("thinking.jsonl:3")) continue;
    EXPECT_EQ(ours[i].tokens, theirs[i].tokens) << name << ", " << ours[i].source;
    EXPECT_EQ(ours[i].labels, theirs[i].labels) << name << ", " << ours[i].source;
  }
}

void check_case(const fs::path& yaml, const fs::path& model, const Tokenizer& tokenizer) {
  const std::string name = yaml.stem().string();
  const fs::path expected = fs::absolute(yaml).replace_extension(".jsonl");
  const DataOptions options = read_case(yaml);
  const fs::path base_model = fs::absolute(model);
  const InFolder folder(yaml.parent_path());
  const auto prepare = [&] { return prepare_data(options, base_model, tokenizer, 1); };
  const auto different = kDifferent.find(name);
  if (different != kDifferent.end() ? !different->second.empty() : !fs::exists(expected)) {
    const std::string message = message_of<Error>(prepare);
    EXPECT_NE(message, "") << name;
    if (different != kDifferent.end()) {
      EXPECT_NE(message.find(different->second), std::string::npos) << message;
    }
    return;
  }
  const PreparedData data = prepare();
  if (different == kDifferent.end()) compare(name, data.train.copy(), expected_examples(expected));
}

TEST(AxolotlLabels, are_the_same_for_gemma4) {
  const auto cases = cases_in(kCases / "gemma4");
  EXPECT_GE(cases.size(), 100U);
  for (const fs::path& yaml : cases) check_case(yaml, kDemoModel, demo_tokenizer());
}

TEST(AxolotlLabels, are_the_same_for_gemma3) {
  const TestFolder model;
  const Tokenizer tokenizer = gemma3_tokenizer(model);
  const auto cases = cases_in(kCases / "gemma3");
  EXPECT_GE(cases.size(), 15U);
  for (const fs::path& yaml : cases) check_case(yaml, model.path(), tokenizer);
}

TEST(AxolotlLabels, are_the_same_for_gemma3n) {
  const TestFolder model;
  const Tokenizer tokenizer = gemma3_tokenizer(model);
  const auto cases = cases_in(kCases / "gemma3n");
  EXPECT_GE(cases.size(), 15U);
  for (const fs::path& yaml : cases) check_case(yaml, model.path(), tokenizer);
}

}  // namespace
}  // namespace eft
