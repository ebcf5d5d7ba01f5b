#include "check/inspect.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace eft {
namespace {

std::int64_t elements_of(const std::vector<TensorCount>& counts, const std::string& name) {
  const auto found = std::ranges::find(counts, name, &TensorCount::name);
  return found == counts.end() ? 0 : found->elements;
}

TEST(Inspect, counts_a_container_by_part_and_says_what_is_not_read) {
  const Inspection found = inspect("tests/golden/data/gemma4_container");
  EXPECT_EQ(found.kinds, std::vector<std::string>{"model"});
  EXPECT_EQ(elements_of(found.parts, "embedding"), 251 * 34);
  EXPECT_EQ(elements_of(found.parts, "per-layer embeddings") > 251 * 6 * 14, true);
  EXPECT_GT(elements_of(found.parts, "vision tower"), 0);
  EXPECT_GT(elements_of(found.parts, "audio tower"), 0);
  EXPECT_EQ(found.dtypes.size(), 1U);
  EXPECT_FALSE(found.notes.empty());
  EXPECT_EQ(nlohmann::json::parse(to_json(found))["facts"]["family"], "gemma4");
}

TEST(Inspect, knows_an_adapter) {
  const Inspection found = inspect("tests/golden/data/gemma3/adapter");
  EXPECT_EQ(found.kinds, std::vector<std::string>{"adapter"});
  EXPECT_EQ(nlohmann::json::parse(to_json(found))["facts"]["r"], "3");
  EXPECT_NE(to_text(found).find("attention"), std::string::npos);
}

TEST(Inspect, refuses_what_is_neither) {
  EXPECT_THROW(inspect("tests/golden"), FileError);
  EXPECT_THROW(inspect("no such folder"), FileError);
}

}  // namespace
}  // namespace eft
