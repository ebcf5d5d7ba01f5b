#include "report/compare.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// Output folders of runs as training leaves them.
class Compare : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root_); }
  fs::path run(const std::string& name, const std::string& metrics, const std::string& config = "") const {
    const fs::path folder = root_ / name;
    fs::create_directories(folder / "checkpoint-2");
    write_text(folder / "metrics.jsonl", metrics);
    if (!config.empty()) write_text(folder / "checkpoint-2" / "trainer_state.json", R"({"config":)" + config + "}");
    return folder;
  }
  fs::path root_ = fs::path(::testing::TempDir()) / "eft_compare_test";
};

constexpr const char* kMetrics =
    R"({"step":0,"eval_loss":3.5,"tokens":9,"label_tokens":4,"seconds":0.1}
{"step":1,"loss":4.0,"grad_norm":1,"learning_rate":1,"tokens":100,"label_tokens":9,"seconds":0.5,"memory":2000}
{"step":2,"loss":null,"grad_norm":null,"learning_rate":1,"tokens":100,"label_tokens":9,"seconds":0.5,"memory":3000,"skipped":true}
{"step":3,"loss":2.0,"grad_norm":1,"learning_rate":1,"tokens":100,"label_tokens":9,"seconds":0.5,"memory":1000}
{"step":3,"eval_loss":2.5,"tokens":9,"label_tokens":4,"seconds":0.1}
)";

TEST_F(Compare, reads_what_a_run_left) {
  const RunRecord record = read_run(run("a", kMetrics, R"({"lora_r":8,"datasets":[{"path":"x.jsonl"}]})"));
  EXPECT_EQ(record.name, "a");
  EXPECT_EQ(record.losses, (std::vector<double>{4, 2}));
  EXPECT_EQ(record.eval_losses, (std::vector<double>{3.5, 2.5}));
  EXPECT_EQ(record.steps, 3);
  EXPECT_EQ(record.tokens, 300);
  EXPECT_EQ(record.memory, 3000);
  EXPECT_EQ(record.config[1], (std::pair<std::string, std::string>("datasets[0].path", "x.jsonl")));
}

TEST_F(Compare, shows_only_keys_that_differ) {
  const RunRecord a = read_run(run("a", kMetrics, R"({"lora_r":8,"seed":42,"output_dir":"a"})"));
  const RunRecord b = read_run(run("b", kMetrics, R"({"lora_r":16,"seed":42,"output_dir":"b","bf16":true})"));
  const std::string text = compare_text({a, b}, false);
  EXPECT_NE(text.find("lora_r"), std::string::npos) << text;
  EXPECT_NE(text.find("bf16"), std::string::npos) << text;
  EXPECT_EQ(text.find("seed"), std::string::npos) << text;
  EXPECT_EQ(text.find("output_dir"), std::string::npos) << text;
  EXPECT_NE(text.find("█▁"), std::string::npos) << text;
  EXPECT_NE(compare_json({a, b}).find(R"("different":["lora_r","bf16"])"), std::string::npos);
}

TEST_F(Compare, says_what_is_missing) {
  EXPECT_NE(compare_text({read_run(run("bare", kMetrics))}, false).find("bare keeps no checkpoint"), std::string::npos);
  EXPECT_THROW(read_run(root_ / "nowhere"), FileError);
  EXPECT_THROW(read_run(run("broken", "{\"step\":1}\n")), DataError);
  EXPECT_THROW(read_run(run("torn", "{\"step\":1,\"lo")), DataError);
}

TEST(Sparkline, spreads_values_over_its_width) {
  EXPECT_EQ(sparkline({1, 2, 3, 4, 5, 6, 7, 8}, 8), "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline({8, 8, 1, 1}, 2), "█▁");
  EXPECT_EQ(sparkline({3, 3}, 9), "▁▁");
  EXPECT_EQ(sparkline({}, 9), "");
}

}  // namespace
}  // namespace eft
