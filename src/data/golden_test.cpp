#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/error.h"
#include "data/test_files.h"
#include "schema/read.h"

// What Axolotl makes of the same YAML and rows: tests/golden/data/masks, written by tools/golden/axolotl_labels.py.
namespace eft {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = "tests/golden/data/masks";

/// Where we differ on purpose.
const std::map<std::string, std::string> kDifferent = {
    {"bad_eot", "expected one"},       // Axolotl ignores an eot token that the template does not write
    {"eos_conflict", "differs from"},  // Axolotl does not see the conflict when the template says eos_token
    {"tools", ""},
    {"tools_inputs", ""}};  // Axolotl loses tool_call_id and cannot render the row; see masks_test

/// Rows that train nothing are always dropped; Axolotl keeps them unless it packs.
std::vector<Example> expected_examples(const fs::path& file) {
  std::vector<Example> examples;
  const std::string text = read_text(file);
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    const auto row = nlohmann::json::parse(text.substr(begin, end - begin));
    Example example{.tokens = row["input_ids"], .labels = row["labels"], .source = ""};
    if (example.label_tokens() > 0) examples.push_back(std::move(example));
    begin = end + 1;
  }
  return examples;
}

DataOptions read_options(const fs::path& yaml) {
  const YamlNode node = parse_yaml(read_text(yaml), yaml.string());
  DataOptions options;
  options.dataset_prepared_path.clear();
  StructReader reader(node, "");
  describe(reader, options);
  return options;
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

/// Paths of a case are relative to its folder.
class InFolder {
 public:
  explicit InFolder(const fs::path& folder) : before_(fs::current_path()) { fs::current_path(folder); }
  ~InFolder() { fs::current_path(before_); }

 private:
  fs::path before_;
};

void compare(const std::string& name, const std::vector<Example>& ours, const std::vector<Example>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size()) << name;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i].tokens, theirs[i].tokens) << name << ", " << ours[i].source;
    EXPECT_EQ(ours[i].labels, theirs[i].labels) << name << ", " << ours[i].source;
  }
}

void check_case(const fs::path& yaml, const fs::path& model, const Tokenizer& tokenizer) {
  const std::string name = yaml.stem().string();
  const fs::path expected = fs::absolute(yaml).replace_extension(".jsonl");
  const DataOptions options = read_options(yaml);
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

std::vector<fs::path> cases_of(const char* family) {
  std::vector<fs::path> cases;
  for (const auto& entry : fs::directory_iterator(kCases / family)) {
    if (entry.path().extension() == ".yaml") cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

TEST(AxolotlLabels, are_the_same_for_gemma4) {
  const auto cases = cases_of("gemma4");
  EXPECT_GE(cases.size(), 50U);
  for (const fs::path& yaml : cases) check_case(yaml, kDemoModel, demo_tokenizer());
}

TEST(AxolotlLabels, are_the_same_for_gemma3) {
  const TestFolder model;
  const Tokenizer tokenizer = gemma3_tokenizer(model);
  const auto cases = cases_of("gemma3");
  EXPECT_GE(cases.size(), 15U);
  for (const fs::path& yaml : cases) check_case(yaml, model.path(), tokenizer);
}

}  // namespace
}  // namespace eft
