#include "data/store/example_stream.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "data/batches/loader.h"
#include "data/test_files.h"

namespace eft {
namespace {

DataOptions stream_options(const TestFolder& folder, int rows) {
  std::string text;
  for (int i = 0; i < rows; ++i) text += R"({"story": "story number )" + std::to_string(i) + "\"}\n";
  DataOptions options;
  options.pretraining_dataset.emplace_back();
  options.pretraining_dataset[0].path = folder.write("rows.jsonl", text);
  options.pretraining_dataset[0].text_column = "story";
  options.sequence_len = 64;
  options.dataset_prepared_path = "";
  return options;
}

std::vector<std::string> sources_of(ExampleStream& stream) {
  std::vector<std::string> rows;
  while (const auto example = stream.next()) rows.push_back(example->source.substr(example->source.rfind(':') + 1));
  return rows;
}

TEST(ExampleStream, gives_every_row_in_order_and_begins_again) {
  const TestFolder folder;
  DataOptions options = stream_options(folder, 700);
  options.pretraining_dataset[0].skip = 3;
  ExampleStream stream(options, demo_tokenizer());
  const auto first = sources_of(stream);
  ASSERT_EQ(first.size(), 697U);
  EXPECT_EQ(first.front(), "4");
  EXPECT_EQ(first.back(), "700");
  stream.restart();
  EXPECT_EQ(sources_of(stream), first);
}

TEST(ExampleStream, cuts_long_texts_and_names_bad_rows) {
  const TestFolder folder;
  DataOptions options = stream_options(folder, 5);
  options.sequence_len = 4;
  ExampleStream stream(options, demo_tokenizer());
  EXPECT_GT(sources_of(stream).size(), 5U);
  folder.write("rows.jsonl", "{\"story\": 5}\n{\"story\": \"good\"}\n");
  const std::string message =
      message_of<DataError>([&] { sources_of(*std::make_unique<ExampleStream>(options, demo_tokenizer())); });
  EXPECT_TRUE(message.starts_with(options.pretraining_dataset[0].path + ":1: ")) << message;
  options.on_bad_row = BadRow::drop;
  ExampleStream tolerant(options, demo_tokenizer());
  EXPECT_EQ(sources_of(tolerant).front(), "2");
  options.on_bad_row = BadRow::raise;
  folder.write("rows.jsonl", "{\"story\": \"good\"}\n");
  ExampleStream narrow(options, demo_tokenizer(), 3);
  EXPECT_NE(message_of<DataError>([&] { sources_of(narrow); }).find("vocabulary of 3"), std::string::npos);
}

TEST(ExampleStream, refuses_media_beside_texts) {
  const TestFolder folder;
  DataOptions options = stream_options(folder, 5);
  folder.write("rows.jsonl", "{\"story\": \"good\"}\n{\"story\": \"bad\", \"image\": \"a.png\"}\n");
  ExampleStream stream(options, demo_tokenizer());
  EXPECT_NE(message_of<DataError>([&] { sources_of(stream); }).find("column 'image'"), std::string::npos);
  options.allow_in_rows = {Finding::images};
  ExampleStream allowing(options, demo_tokenizer());
  EXPECT_EQ(sources_of(allowing).size(), 2U);
}

LoaderOptions packed_options() {
  return {.sequence_len = 64, .micro_batch_size = 2, .packing = true, .shuffle = true, .seed = 4};
}

TEST(Loader, streams_without_end_and_resumes_at_a_cursor) {
  const TestFolder folder;
  const DataOptions options = stream_options(folder, 3000);  // more than are packed together
  Loader loader(std::make_shared<ExampleStream>(options, demo_tokenizer()), packed_options());
  EXPECT_EQ(loader.batches_per_epoch(), 0);
  EXPECT_GT(loader.fill(), 0.9);
  std::size_t first_epoch = 0, sequences = 0;
  std::vector<LoaderCursor> cursors;
  std::vector<std::vector<std::int32_t>> batches;
  while (loader.cursor().epoch < 2) {
    cursors.push_back(loader.cursor());
    const PackedRow row = loader.next();
    batches.push_back(row.tokens);
    sequences += row.starts.size() - 1;
    first_epoch += cursors.back().epoch == 0 ? row.starts.size() - 1 : 0;
  }
  EXPECT_EQ(first_epoch, 3000U);
  EXPECT_EQ(sequences, 6000U);
  const std::size_t places[] = {0, 5, batches.size() / 2 - 1, batches.size() / 2, batches.size() - 1};
  for (const std::size_t at : places) {
    Loader resumed(std::make_shared<ExampleStream>(options, demo_tokenizer()), packed_options());
    resumed.seek(cursors[at]);
    EXPECT_EQ(resumed.cursor(), cursors[at]);
    EXPECT_EQ(resumed.next().tokens, batches[at]) << at;
  }
  EXPECT_NE(message_of<DataError>([&] { loader.seek({0, 100000}); }), "");
}

TEST(Loader, full_batch_is_as_large_as_any) {
  const PackedRow batch = full_batch(packed_options());
  EXPECT_EQ(batch.tokens.size(), 128U);
  EXPECT_EQ(batch.starts, (std::vector<std::int64_t>{0, 64, 128}));
  EXPECT_EQ(batch.label_tokens(), 126);
}

}  // namespace
}  // namespace eft
