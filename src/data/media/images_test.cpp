#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/file.h"
#include "data/batches/loader.h"
#include "data/media/base64.h"
#include "data/media/media_decoder.h"
#include "data/test_files.h"

namespace eft {
namespace {

constexpr TokenId kBegin = 17, kEnd = 18, kSoft = 19;  // of the demo's tokenizer
constexpr std::int64_t kRows = 3;

constexpr const char* kTemplate =
    "{{ bos_token }}{% for m in messages %}<|turn>{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for p in m.content %}{{ '<|image>' if p.type == 'image' else p.text }}{% endfor %}{% endif %}<turn|>\n{% "
    "endfor %}";

std::shared_ptr<const MediaDecoder> decoder(BadRow on_bad_row = BadRow::raise) {
  ImageLayout layout{
      .family = "gemma3", .begin = kBegin, .soft = kSoft, .end = kEnd, .rows = kRows, .processor = {}, .limits = {}};
  layout.processor.width = layout.processor.height = 6;
  return std::make_shared<const MediaDecoder>(layout, on_bad_row);
}

std::string picture(const std::string& name) {
  return (std::filesystem::current_path() / "tests/golden/data/pictures" / name).string();
}

std::string image(const std::string& name) { return R"({"type": "image", "path": ")" + picture(name) + "\"}"; }

/// A row of one question and its answer.
std::string row(const std::string& content, const std::string& answer, const std::string& further = "") {
  return R"({"messages": [{"role": "user", "content": )" + content + R"(}, {"role": "assistant", "content": ")" +
         answer + "\"}]" + further + "}\n";
}

PreparedData prepare(const std::string& rows, const std::function<void(DataOptions&)>& change = {},
                     BadRow on_bad_row = BadRow::raise) {
  const TestFolder folder;
  DataOptions options = one_dataset(folder.write("rows.jsonl", rows), DatasetType::chat_template);
  options.chat_template = "jinja";
  options.chat_template_jinja = folder.write("template.jinja", kTemplate);
  options.on_bad_row = on_bad_row;
  if (change) change(options);
  return prepare_data(options, kDemoModel, demo_tokenizer(), 0, kAnyVocabulary, decoder(on_bad_row));
}

std::string fault(const std::string& rows) {
  return message_of<DataError>([&] { prepare(rows); });
}

std::vector<TokenId> encoded(const std::string& text) { return demo_tokenizer().encode(text); }

/// The ids of a text with the images in it.
std::vector<TokenId> expanded(const std::string& text) {
  std::vector<TokenId> ids;
  for (const TokenId id : encoded(text)) ids.insert(ids.end(), id == kSoft ? kRows : 1, id);
  return ids;
}

constexpr const char* kImage = "\n\n<|image><|image|><image|>\n\n";

TEST(Images, are_expanded_in_the_text) {
  const PreparedData data = prepare(row("[" + image("plain.png") + R"(, "a ", )" + image("cmyk.jpg") + "]", "b"));
  ASSERT_EQ(data.train.size(), 1U);
  const ExampleView example = data.train[0];
  const std::string text =
      std::string("<bos><|turn>user\n") + kImage + "a " + kImage + "<turn|>\n<|turn>assistant\nb<turn|>\n";
  EXPECT_EQ(std::vector<TokenId>(example.tokens.begin(), example.tokens.end()), expanded(text));
  const auto refs = media_of(example.media);
  ASSERT_EQ(refs.size(), 2U);
  for (const MediaRef& ref : refs) {
    EXPECT_EQ(ref.count, kRows);
    EXPECT_EQ(example.tokens[ref.begin - 1], kBegin);
    for (std::size_t i = 0; i < ref.count; ++i) EXPECT_EQ(example.tokens[ref.begin + i], kSoft);
    EXPECT_EQ(example.tokens[ref.begin + ref.count], kEnd);
  }
  EXPECT_EQ(refs[0].field, "messages[0].content[0].path");
  EXPECT_EQ(refs[1].width, 26);
  EXPECT_EQ(data.report.datasets[0].images, 2);
}

TEST(Images, bear_no_loss_in_any_mode) {
  const std::string rows = row("[" + image("plain.png") + R"(, "a"])", "b");
  for (const bool all : {false, true}) {
    const PreparedData data = prepare(rows, [&](DataOptions& options) {
      options.train_on_inputs = all;
      options.datasets[0].roles_to_train = {"user", "assistant"};
    });
    const ExampleView example = data.train[0];
    const MediaRef ref = media_of(example.media)[0];
    for (std::size_t i = 0; i < example.tokens.size(); ++i) {
      const bool of_image = i + 1 >= ref.begin && i <= ref.begin + ref.count;
      if (of_image) {
        EXPECT_EQ(example.labels[i], kIgnoreLabel) << i;
      } else if (all) {
        EXPECT_EQ(example.labels[i], example.tokens[i]) << i;
      }
    }
    // The line breaks behind it belong to the turn, those in front of it to that of the role.
    EXPECT_NE(example.labels[ref.begin + ref.count + 1], kIgnoreLabel);
    if (!all) {
      EXPECT_EQ(example.labels[ref.begin - 2], kIgnoreLabel);
    }
  }
}

TEST(Images, come_from_the_column) {
  const std::string two = R"(, "images": [")" + picture("plain.png") + "\", \"" + picture("cmyk.jpg") + "\"]";
  const auto names = [&](const std::string& rows) {
    std::vector<std::int64_t> widths;
    const PreparedData data = prepare(rows);
    for (const MediaRef& ref : media_of(data.train[0].media)) widths.push_back(ref.width);
    return widths;
  };
  using Widths = std::vector<std::int64_t>;
  EXPECT_EQ(names(row(R"([{"type": "image"}, "or", {"type": "image", "text": null}])", "b", two)), (Widths{48, 26}));
  EXPECT_EQ(names(row(R"([{"type": "image", "index": 1}, {"type": "image", "index": 0}])", "b", two)),
            (Widths{26, 48}));
  EXPECT_EQ(names(row(R"("two pictures")", "b", two)), (Widths{48, 26}));
  EXPECT_EQ(names(row(R"("one")", "b", ", \"image\": \"" + picture("one.png") + "\"")), (Widths{1}));
  EXPECT_EQ(names(row(R"("none")", "b", R"(, "images": [])")), (Widths{}));
}

TEST(Images, that_do_not_fit_are_told) {
  EXPECT_NE(fault(row(R"([{"type": "image"}])", "b")).find("no column images"), std::string::npos);
  EXPECT_NE(fault(row(R"([{"type": "image", "path": "nowhere.png"}])", "b")).find("no file 'nowhere.png' (looked in "),
            std::string::npos);
  EXPECT_NE(fault(row(R"([{"type": "video", "path": "a.mp4"}])", "b")).find("gemma3 has no video"), std::string::npos);
  EXPECT_NE(fault(row(R"("a <image|> b")", "b")).find("a text has the mark '<image|>'"), std::string::npos);
  EXPECT_NE(fault(row("[" + image("cut.png") + "]", "b")).find("cut off"), std::string::npos);
  EXPECT_NE(fault(row(R"([{"type": "image", "url": "http://a/b.png"}])", "b")).find("is a URL"), std::string::npos);
}

TEST(Images, a_cut_goes_in_front_of_one) {
  const std::string rows = row("[\"a\", " + image("plain.png") + "]", "b");
  const std::size_t whole = prepare(rows).train[0].tokens.size();
  const std::uint32_t begin = media_of(prepare(rows).train[0].media)[0].begin;
  for (std::size_t length = begin - 1; length < whole; ++length) {
    const PreparedData data = prepare(rows, [&](DataOptions& options) {
      options.sequence_len = static_cast<std::int64_t>(length);
      options.excess_length_strategy = ExcessLength::truncate;
      options.train_on_inputs = true;
    });
    const ExampleView example = data.train[0];
    const bool kept = static_cast<std::int64_t>(length) >= begin + kRows + 1;
    EXPECT_EQ(example.tokens.size(), kept ? length : begin - 1) << length;
    EXPECT_EQ(media_of(example.media).size(), kept ? 1U : 0U) << length;
  }
}

TEST(Images, a_batch_has_those_of_its_rows) {
  const PreparedData data = prepare(row("[" + image("plain.png") + "]", "b") + row("\"text\"", "c") +
                                    row("[\"x\", " + image("one.png") + "]", "d"));
  const LoaderOptions options{.sequence_len = 64, .micro_batch_size = 2, .shuffle = false};
  Loader loader(data.train, options);
  EXPECT_EQ(loader.batch_size(0).media, 1);
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (const std::size_t batch : {0U, 1U}) {
      const PackedRow packed = loader.next();
      ASSERT_EQ(packed.media.size(), 1U);
      const MediaSpan& span = packed.media[0];
      EXPECT_EQ(packed.tokens[static_cast<std::size_t>(span.begin)], kSoft);
      EXPECT_EQ(span.count, kRows);
      EXPECT_EQ(std::get<std::vector<float>>(span.item->values).size(), 3U * 6 * 6) << batch;
    }
  }
  const PackedRow planned = loader.next(MediaUse::planned);
  EXPECT_TRUE(std::get<std::vector<float>>(planned.media[0].item->values).empty());
}

TEST(Images, one_that_cannot_be_read_takes_the_loss_of_its_row) {
  const std::string path = testing::TempDir() + "eft_images_test_a.png";  // not in the folder of prepare()
  std::filesystem::copy_file(picture("plain.png"), path, std::filesystem::copy_options::overwrite_existing);
  const std::string rows = row(R"([{"type": "image", "path": ")" + path + "\"}]", "b") + row("\"text\"", "c");
  for (const BadRow on_bad_row : {BadRow::raise, BadRow::drop}) {
    const PreparedData data = prepare(rows, {}, on_bad_row);
    std::string broken = read_text(picture("plain.png"));
    broken[broken.size() / 2] = static_cast<char>(~broken[broken.size() / 2]);
    write_text(path, broken);
    Loader loader(data.train, {.sequence_len = 64, .micro_batch_size = 2, .shuffle = false});
    if (on_bad_row == BadRow::raise) {
      EXPECT_NE(message_of<DataError>([&] { loader.next(); }).find("rows.jsonl:1: messages[0].content[0].path"),
                std::string::npos);
    } else {
      const PackedRow packed = loader.next();
      const auto first = static_cast<std::ptrdiff_t>(packed.starts[1]);
      EXPECT_TRUE(std::all_of(packed.targets.begin(), packed.targets.begin() + first,
                              [](std::int32_t target) { return target == kIgnoreLabel; }));
      EXPECT_GT(packed.label_tokens(), 0);
    }
    std::filesystem::copy_file(picture("plain.png"), path, std::filesystem::copy_options::overwrite_existing);
  }
  std::filesystem::remove(path);
}

TEST(Base64, gives_the_bytes) {
  EXPECT_EQ(decode_base64("aGVsbG8="), "hello");
  EXPECT_EQ(decode_base64("aGVsbG8"), "hello");
  EXPECT_EQ(decode_base64("_-8"), decode_base64("/+8="));
  EXPECT_EQ(decode_base64("a"), std::nullopt);
  EXPECT_EQ(decode_base64("no base64!"), std::nullopt);
}

TEST(MediaRef, a_list_comes_back_as_it_was) {
  std::string list;
  append_media(list,
               {.begin = 3, .count = 4, .width = 5, .height = 6, .field = "f", .name = "n", .path = "p", .bytes = ""});
  append_media(
      list,
      {.begin = 20, .count = 4, .crop = 2, .field = "", .name = "", .path = "", .bytes = std::string_view("\0x", 2)});
  const auto refs = media_of(list);
  ASSERT_EQ(refs.size(), 2U);
  EXPECT_EQ(refs[0].path, "p");
  EXPECT_EQ(refs[1].bytes, std::string_view("\0x", 2));
  EXPECT_EQ(refs[1].crop, 2U);
  EXPECT_EQ(media_of(media_before(list, 25)).size(), 2U);
  EXPECT_EQ(media_of(media_before(list, 24)).size(), 1U);
  EXPECT_THROW(media_of(std::string_view(list).substr(0, list.size() - 1)), DataError);
}

}  // namespace
}  // namespace eft
