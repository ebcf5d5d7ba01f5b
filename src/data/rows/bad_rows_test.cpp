#include "data/rows/bad_rows.h"

#include "base/error.h"
#include "data/test_files.h"

namespace eft {
namespace {

TEST(BadRows, the_reason_is_what_many_rows_share) {
  EXPECT_EQ(reason_of("a:b/rows.jsonl:12: no field 'text', expected a string; the row has a"), "no field 'text'");
  EXPECT_EQ(reason_of("rows.jsonl:7: 'messages[31].role' is 5"), "'messages[#].role' is #");
  EXPECT_EQ(reason_of("no place"), "no place");
}

TEST(BadRows, are_counted_by_reason_with_an_example) {
  const TestFolder folder;
  const std::string rows =
      "{\"text\": \"good\"}\n{\"test\": 1}\n{\"text\": 5}\nnot JSON\n{\"text\": 7}\n{\"text\": null}\n";
  DataOptions options = one_dataset(folder.write("rows.jsonl", rows), DatasetType::completion);
  EXPECT_NE(message_of<DataError>([&] { prepare_demo(options); }).find("rows.jsonl:2: no field 'text'"),
            std::string::npos);
  options.on_bad_row = BadRow::drop;
  const auto report = prepare_demo(options).report;
  const DatasetCounts& counts = report.datasets.at(0);
  EXPECT_EQ(counts.examples, 1);
  EXPECT_EQ(counts.bad.count, 5);
  ASSERT_EQ(counts.bad_reasons.size(), 3U);
  EXPECT_EQ(counts.bad_reasons[0].reason, "no field 'text'");
  EXPECT_EQ(counts.bad_reasons[0].rows.count, 2);
  EXPECT_EQ(counts.bad_reasons[1].reason, "field 'text' is number");
  EXPECT_EQ(counts.bad_reasons[1].rows.count, 2);
  std::string table;
  for (const std::string& line : report.tables()) table += line + "\n";
  EXPECT_NE(table.find("2 field 'text' is number: "), std::string::npos) << table;
  EXPECT_NE(table.find("rows.jsonl:3: field 'text' is number"), std::string::npos) << table;
}

}  // namespace
}  // namespace eft
