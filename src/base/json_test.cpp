#include "base/json.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

class JsonFile : public testing::Test {
 protected:
  fs::path path_ = fs::temp_directory_path() / "eft_json_test.json";
  void TearDown() override { fs::remove(path_); }

  std::string fault_of(const std::string& text) {
    write_text(path_, text);
    try {
      read_json_object<DataError>(path_);
    } catch (const DataError& error) {
      return std::string(error.what()).substr(path_.string().size());
    }
    return "";
  }
};

TEST_F(JsonFile, says_where_it_is_broken) {
  EXPECT_EQ(fault_of("{\"a\": 1,\n \"b\": tru}"), ": not JSON at line 2, column 10: invalid literal");
  EXPECT_EQ(fault_of("{\"a\""),
            ": not JSON at line 1, column 4: unexpected end of input; expected ':'; is the file truncated?");
  EXPECT_EQ(fault_of("{} x"), ": not JSON at line 1, column 4: invalid literal; expected end of input");
  EXPECT_EQ(fault_of(" \n"), ": not JSON: the file is empty");
  EXPECT_EQ(fault_of("{\"a\": 1e999}"), ": not JSON: a number is out of range");
  EXPECT_EQ(fault_of("[1, 2]"), ": [1,2], expected a JSON object");
  EXPECT_EQ(fault_of("{}"), "");
}

TEST_F(JsonFile, is_bounded) {
  const std::string deep = ": nested deeper than 200 levels";
  EXPECT_EQ(fault_of("{\"a\": " + repeated("[", 200'000) + repeated("]", 200'000) + "}").rfind(deep, 0), 0U);
  EXPECT_EQ(fault_of(repeated("{\"a\": ", 201) + "1" + repeated("}", 201)).rfind(deep, 0), 0U);
  EXPECT_EQ(fault_of(repeated("[{\"a\": ", 200'000)).rfind(deep, 0), 0U) << "also where it has no end";
  EXPECT_EQ(fault_of(repeated("{\"a\": ", 200) + "1" + repeated("}", 200)), "");
  EXPECT_EQ(fault_of("{\"a\": \"" + repeated("[", 300) + "\\\"\"}"), "") << "brackets in strings are text";
  std::string many = "{";
  for (int i = 0; i < 20'001; ++i) many += fmt::format("{}\"{}\": 0", i == 0 ? "" : ",", i);
  EXPECT_EQ(fault_of(many + "}").rfind(": an object of more than 20000 keys", 0), 0U);
}

TEST_F(JsonFile, is_a_regular_file) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THROW(read_json_text(path_), FileError) << "and does not wait for a writer";
  EXPECT_THROW(read_json_text("/dev/zero"), FileError);
  EXPECT_THROW(read_json_text(fs::temp_directory_path()), FileError);
}

TEST(Json, values_in_messages_are_short) {
  EXPECT_EQ(brief({1, 2}), "[1,2]");
  const std::string cut = brief(std::string(40, 'a') + repeated("é", 40));
  EXPECT_EQ(cut, "\"" + std::string(40, 'a') + repeated("é", 9) + "…");
}

TEST(Json, keys_are_named_with_what_stands_there) {
  const nlohmann::ordered_json object = {{"r", "4"}, {"list", {1}}, {"half", 1.5}, {"huge", 18446744073709551615ULL}};
  const JsonKeys<ConfigError> keys(object, "a.json");
  const auto fault = [](const auto& read) -> std::string {
    try {
      read();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(fault([&] { keys.integer("r"); }), "a.json: r: \"4\", expected an integer");
  EXPECT_EQ(fault([&] { keys.integer("half"); }), "a.json: half: 1.5, expected an integer");
  EXPECT_EQ(fault([&] { keys.integer("huge"); }), "a.json: huge: 18446744073709551615, expected an integer");
  EXPECT_EQ(fault([&] { keys.strings("list"); }), "a.json: list: [1], expected a list of strings");
  EXPECT_EQ(fault([&] { keys.number("none"); }), "a.json: none: missing, expected a number");
  EXPECT_EQ(keys.integer("none", 3), 3);
}

}  // namespace
}  // namespace eft
