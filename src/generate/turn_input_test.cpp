#include "generate/turn_input.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace eft {
namespace {

std::vector<std::string> turns_of(const std::string& text) {
  std::istringstream lines(text);
  TurnInput input(lines, [](bool) {});
  std::vector<std::string> turns;
  while (auto turn = input.next()) turns.push_back(*turn);
  return turns;
}

using Turns = std::vector<std::string>;

TEST(TurnInput, a_line_is_a_turn) { EXPECT_EQ(turns_of("one\ntwo\r\n\nlast"), (Turns{"one", "two", "", "last"})); }

TEST(TurnInput, a_backslash_goes_on) {
  EXPECT_EQ(turns_of("a\\\nb\\\nc\nd\n"), (Turns{"a\nb\nc", "d"}));
  EXPECT_EQ(turns_of("a\\"), Turns{"a"});
}

TEST(TurnInput, three_quotes_hold_lines_together) {
  EXPECT_EQ(turns_of("\"\"\"\nint main() {\n\n}\n\"\"\"\nnext\n"), (Turns{"int main() {\n\n}", "next"}));
  EXPECT_EQ(turns_of("\"\"\"first\nsecond\"\"\"\n"), Turns{"first\nsecond"});
  EXPECT_EQ(turns_of("\"\"\"one\"\"\"\n"), Turns{"one"});
  EXPECT_EQ(turns_of("\"\"\"never ends\nhere\\\n"), Turns{"never ends\nhere\\"});
}

TEST(TurnInput, asks_before_every_line) {
  std::istringstream lines("a\\\nb\nc\n");
  std::string asked;
  TurnInput input(lines, [&](bool more) { asked += more ? '.' : '>'; });
  while (input.next()) continue;
  EXPECT_EQ(asked, ">.>>");
}

}  // namespace
}  // namespace eft
