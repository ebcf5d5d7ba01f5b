#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace eft {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kModel = "examples/demo/model";

const Tokenizer& demo() {
  static const Tokenizer tokenizer = Tokenizer::load(kModel);
  return tokenizer;
}

const Json& golden() {
  static const Json values = Json::parse(read_text("tests/golden/data/tokenizer.json"))["demo"];
  return values;
}

/// Where each character of `text` begins, and its end.
std::vector<std::size_t> character_offsets(std::string_view text) {
  std::vector<std::size_t> offsets;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80U) offsets.push_back(at);
  }
  offsets.push_back(text.size());
  return offsets;
}

std::string streamed(std::span<const TokenId> ids, bool skip_special) {
  StreamDecoder decoder(demo(), skip_special);
  std::string text;
  for (const TokenId id : ids) text += decoder.push(id);
  return text + decoder.finish();
}

TEST(Tokenizer, encodes_with_offsets_as_the_tokenizers_library) {
  for (const auto& entry : golden()["encode"]) {
    const std::string text = entry["text"];
    SCOPED_TRACE(entry["text"].dump());
    const std::vector<TokenId> ids = entry["ids"];
    EXPECT_EQ(demo().encode(text), ids);
    const auto spans = demo().encode_spans(text);
    ASSERT_EQ(spans.size(), ids.size());
    const auto offsets = character_offsets(text);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(spans[i].id, ids[i]);
      EXPECT_EQ(spans[i].begin, offsets[entry["offsets"][i][0].get<std::size_t>()]) << i;
      EXPECT_EQ(spans[i].end, offsets[entry["offsets"][i][1].get<std::size_t>()]) << i;
    }
  }
}

TEST(Tokenizer, decodes_at_once_and_streaming_as_the_tokenizers_library) {
  for (const char* part : {"encode", "decode"}) {
    for (const auto& entry : golden()[part]) {
      SCOPED_TRACE(entry["ids"].dump());
      const std::vector<TokenId> ids = entry["ids"];
      const std::string all = entry["decoded"];
      const std::string plain = entry["decoded_skipping_special"];
      EXPECT_EQ(demo().decode(ids), all);
      EXPECT_EQ(demo().decode(ids, true), plain);
      EXPECT_EQ(streamed(ids, false), all);
      EXPECT_EQ(streamed(ids, true), plain);
    }
  }
}

TEST(Tokenizer, knows_its_tokens) {
  EXPECT_EQ(demo().size(), 2048);
  EXPECT_EQ(demo().bos_token(), "<bos>");
  EXPECT_EQ(demo().eos_token(), "<eos>");
  EXPECT_EQ(demo().pad_token(), "<pad>");
  EXPECT_TRUE(demo().adds_bos());  // the post-processor wants it, whatever add_bos_token says
  const auto turn = demo().id_of("<turn|>");
  ASSERT_TRUE(turn.has_value());
  EXPECT_EQ(demo().piece_of(*turn), "<turn|>");
  EXPECT_TRUE(demo().is_special(*turn));
  EXPECT_FALSE(demo().id_of("no such piece").has_value());
  EXPECT_THROW(demo().piece_of(2048), DataError);
}

TEST(Tokenizer, a_stream_decoder_serves_again_after_the_end) {
  StreamDecoder decoder(demo());
  const auto ids = demo().encode("\U0001f9ff");
  ASSERT_GT(ids.size(), 1U);
  EXPECT_EQ(decoder.push(ids[0]), "");
  EXPECT_EQ(decoder.finish(), "\ufffd");
  std::string text;
  for (const TokenId id : ids) text += decoder.push(id);
  EXPECT_EQ(text + decoder.finish(), "\U0001f9ff");
}

TEST(Tokenizer, invalid_utf8_is_an_error) {
  EXPECT_THROW(demo().encode("a\xff"), DataError);
  EXPECT_THROW(demo().encode("\xe2\x82"), DataError);
  EXPECT_THROW(demo().encode("\xed\xa0\x80"), DataError);
}

TEST(Tokenizer, a_million_bytes_without_a_break_come_back) {
  for (const std::string unit : {"a", "ab", " ", "\n", "é", "\U0010ffff", "<|turn", "<bos>", "the newt sat "}) {
    SCOPED_TRACE(unit);
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    EXPECT_EQ(demo().decode(demo().encode(text)), text);
  }
}

class BrokenTokenizer : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// The error of loading the demo's tokenizer after `change`.
  std::string error_of(const std::function<void(Json&)>& change) const {
    Json json = Json::parse(read_text(std::filesystem::path(kModel) / "tokenizer.json"));
    change(json);
    write_text(file_, json.dump());
    return error();
  }
  std::string error() const {
    try {
      Tokenizer::load(folder_);
    } catch (const Error& error) {
      const std::string what = error.what();
      EXPECT_TRUE(what.starts_with(file_.string()) || what.starts_with(folder_.string())) << what;
      EXPECT_EQ(what.find('\n'), std::string::npos) << what;
      return what.substr(what.find(": ") + 2);
    }
    return "no error";
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
  const std::filesystem::path file_ = folder_ / "tokenizer.json";
};

TEST_F(BrokenTokenizer, missing) { EXPECT_THROW(Tokenizer::load(folder_), FileError); }

TEST_F(BrokenTokenizer, cut_short) {
  const std::string text = read_text(std::filesystem::path(kModel) / "tokenizer.json");
  for (const double share : {0.0, 0.01, 0.3, 0.999}) {
    write_text(file_, std::string_view(text).substr(0, static_cast<std::size_t>(share * double(text.size()))));
    EXPECT_THROW(Tokenizer::load(folder_), DataError) << share;
    EXPECT_NE(error(), "no error");
  }
}

TEST_F(BrokenTokenizer, of_another_kind) {
  EXPECT_NE(error_of([](Json& json) { json = Json::array(); }), "no error");
  EXPECT_NE(error_of([](Json& json) { json["model"]["type"] = "WordPiece"; }), "no error");
  EXPECT_NE(error_of([](Json& json) { json.erase("model"); }), "no error");
  EXPECT_NE(error_of([](Json& json) { json["model"]["vocab"] = "text"; }), "no error");
  EXPECT_NE(error_of([](Json& json) { json["model"]["merges"] = Json::array({"one"}); }), "no error");
  EXPECT_NE(error_of([](Json& json) { json["normalizer"]["type"] = "NFKC"; }), "no error");
  EXPECT_NE(error_of([](Json& json) { json["decoder"] = Json::object({{"type", "Metaspace"}}); }), "no error");
  EXPECT_NE(error_of([](Json& json) { json["added_tokens"][0]["id"] = "zero"; }), "no error");
}

TEST_F(BrokenTokenizer, names_a_token_that_is_not_there) {
  write_text(folder_ / "tokenizer_config.json", R"({"bos_token": "<begin>"})");
  EXPECT_NE(error_of([](Json&) {}), "no error");
}

}  // namespace
}  // namespace eft
