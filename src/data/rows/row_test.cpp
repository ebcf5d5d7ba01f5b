#include "data/rows/row.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "data/test_files.h"
#include "base/error.h"

namespace eft {
namespace {

std::string parsed(const std::string& text) { return parse_row({text, "rows.jsonl:1"}).dump(); }

TEST(Row, numbers_that_json_does_not_have_are_missing_fields) {
  EXPECT_EQ(parsed(R"({"text": "a", "score": NaN})"), R"({"text":"a"})");
  EXPECT_EQ(parsed(R"({"low": -Infinity, "high":Infinity, "text": "a"})"), R"({"text":"a"})");
  EXPECT_EQ(parsed(R"({"list": [NaN, 1], "inner": {"x": NaN}, "text": "\"NaN\" and \\"})"),
            R"({"list":[null,1],"inner":{},"text":"\"NaN\" and \\"})");
}

TEST(Row, what_else_is_no_json_stays_an_error) {
  for (const char* text : {R"({"score": NaNa})", R"({"score": nan})", R"({"score": +Infinity})", R"({"a": NaN)"}) {
    EXPECT_NE(message_of<DataError>([&] { parsed(text); }).find("rows.jsonl:1: not valid JSON"), std::string::npos)
        << text;
  }
}

}  // namespace
}  // namespace eft
