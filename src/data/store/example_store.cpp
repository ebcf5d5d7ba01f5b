#include "data/store/example_store.h"

#include <array>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/file.h"

// A store is, in this order: blocks of kBlockSize examples (what they hold, then a StoredExample each), the offsets of
// the blocks' lists, the names of files, the notes, a Footer. Numbers are those of this machine.
namespace eft {
namespace {

constexpr std::size_t kBlockSize = 4096;
constexpr std::size_t kBuffer = std::size_t{1} << 20;
using Checksum = std::array<std::uint64_t, 2>;

constexpr std::uint64_t kMagic = 0x32306174'61647466;  // "ftdata02" in the file

struct Footer {
  std::uint64_t examples = 0;
  std::uint64_t blocks_at = 0;  ///< the table of blocks
  std::uint64_t files_at = 0;   ///< each name ended by a zero
  std::uint64_t notes_at = 0;
  std::uint64_t footer_at = 0;
  Checksum checksum{};  ///< of all bytes in front of the footer
  std::uint64_t magic = kMagic;
};
static_assert(std::is_trivially_copyable_v<StoredExample> && sizeof(StoredExample) == 48);
static_assert(std::is_trivially_copyable_v<Footer> && sizeof(Footer) == 64);

std::size_t blocks_of(std::size_t examples) { return (examples + kBlockSize - 1) / kBlockSize; }

/// Throws unless `bytes` are a whole store; `sum` gives the checksum of the first of them.
void check_whole(std::string_view bytes, const std::string& name,
                 const std::function<Checksum(std::size_t size)>& sum) {
  Footer footer;
  const auto fail = [&](const char* what) { throw DataError("{}: not a whole store of examples: {}", name, what); };
  if (bytes.size() < sizeof(Footer)) fail("too short");
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof(Footer), sizeof(Footer));
  if (footer.magic != kMagic || footer.footer_at != bytes.size() - sizeof(Footer)) fail("its end is missing");
  if (footer.checksum != sum(footer.footer_at)) fail("its checksum is another");
  const bool ordered = footer.blocks_at <= footer.files_at && footer.files_at <= footer.notes_at &&
                       footer.notes_at <= footer.footer_at && footer.blocks_at % sizeof(std::uint64_t) == 0;
  if (!ordered || footer.files_at - footer.blocks_at != blocks_of(footer.examples) * sizeof(std::uint64_t)) {
    fail("its parts do not fit");
  }
}

}  // namespace

ExampleWriter::ExampleWriter(Sink sink) : sink_(std::move(sink)) { buffer_.reserve(kBuffer); }

void ExampleWriter::put(const void* data, std::size_t size) {
  buffer_.append(static_cast<const char*>(data), size);
  written_ += size;
  if (buffer_.size() >= kBuffer) flush();
}

void ExampleWriter::align(std::size_t bytes) {
  const std::uint64_t zero = 0;
  put(&zero, (bytes - written_ % bytes) % bytes);
}

void ExampleWriter::flush() {
  if (buffer_.empty()) return;
  hasher_.add(buffer_);
  sink_(buffer_);
  buffer_.clear();
}

std::uint32_t ExampleWriter::number_of(std::string_view file) {
  const auto found = files_.find(file);
  if (found != files_.end()) return found->second;
  return files_.emplace(file, static_cast<std::uint32_t>(files_.size())).first->second;
}

void ExampleWriter::add(const ExampleView& example) {
  expect(example.labels.size() == example.tokens.size(), "a label for each token of an example");
  expect(example.weights.empty() || example.weights.size() == example.tokens.size(), "a weight for each token");
  expect(size_ < std::numeric_limits<std::uint32_t>::max(), "fewer than 2^32 examples");
  block_.push_back({.offset = written_,
                    .tokens = static_cast<std::uint32_t>(example.tokens.size()),
                    .label_tokens = static_cast<std::uint32_t>(example.label_tokens()),
                    .file = number_of(example.file),
                    .weighted = !example.weights.empty(),
                    .role = example.role,
                    .prompt_bytes = static_cast<std::uint32_t>(example.prompt.size()),
                    .answer_bytes = static_cast<std::uint32_t>(example.answer.size()),
                    .row = example.row,
                    .media = example.media.size()});
  put(example.tokens.data(), example.tokens.size_bytes());
  put(example.labels.data(), example.labels.size_bytes());
  put(example.weights.data(), example.weights.size_bytes());
  put(example.media.data(), example.media.size());
  put(example.prompt.data(), example.prompt.size());
  put(example.answer.data(), example.answer.size());
  align(sizeof(std::int32_t));
  ++size_;
  if (block_.size() == kBlockSize) end_block();
}

void ExampleWriter::end_block() {
  if (block_.empty()) return;
  align(sizeof(std::uint64_t));
  block_offsets_.push_back(written_);
  put(block_.data(), block_.size() * sizeof(StoredExample));
  block_.clear();
}

void ExampleWriter::finish(std::string_view notes) {
  end_block();
  Footer footer{.examples = static_cast<std::uint64_t>(size_), .blocks_at = written_};
  put(block_offsets_.data(), block_offsets_.size() * sizeof(std::uint64_t));
  footer.files_at = written_;
  std::vector<std::string_view> names(files_.size());
  for (const auto& [name, number] : files_) names[number] = name;
  for (const std::string_view name : names) {
    put(name.data(), name.size());
    put("", 1);
  }
  footer.notes_at = written_;
  put(notes.data(), notes.size());
  footer.footer_at = written_;
  flush();
  footer.checksum = hasher_.digest();
  sink_({reinterpret_cast<const char*>(&footer), sizeof(footer)});
}

ExampleStore::ExampleStore(std::shared_ptr<const void> owner, std::string_view bytes)
    : owner_(std::move(owner)), bytes_(bytes) {
  Footer footer;
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof(Footer), sizeof(Footer));
  size_ = footer.examples;
  block_offsets_ = reinterpret_cast<const std::uint64_t*>(bytes.data() + footer.blocks_at);
  std::string_view names = bytes.substr(footer.files_at, footer.notes_at - footer.files_at);
  for (std::size_t end = names.find('\0'); end != std::string_view::npos; end = names.find('\0')) {
    files_.push_back(names.substr(0, end));
    names.remove_prefix(end + 1);
  }
  notes_ = bytes.substr(footer.notes_at, footer.footer_at - footer.notes_at);
}

std::shared_ptr<const ExampleStore> ExampleStore::open(const std::filesystem::path& path) {
  auto file = std::make_shared<MappedFile>(path);
  const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  // By reading, not through the mapping: pages of a mapping count as memory of the process.
  check_whole(bytes, path.string(), [&](std::size_t size) {
    Hasher hasher;
    add_file(hasher, path, size);
    return hasher.digest();
  });
  return std::shared_ptr<const ExampleStore>(new ExampleStore(std::move(file), bytes));
}

std::shared_ptr<const ExampleStore> ExampleStore::of(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view = *owner;
  check_whole(view, "examples in memory", [&](std::size_t size) {
    Hasher hasher;
    hasher.add(view.substr(0, size));
    return hasher.digest();
  });
  return std::shared_ptr<const ExampleStore>(new ExampleStore(std::move(owner), view));
}

std::shared_ptr<const ExampleStore> ExampleStore::of(const std::vector<Example>& examples) {
  std::string bytes;
  ExampleWriter writer([&](std::string_view part) { bytes += part; });
  for (const Example& example : examples) writer.add(example);
  writer.finish("");
  return of(std::move(bytes));
}

const StoredExample& ExampleStore::entry(std::size_t index) const {
  expect(index < size_, "an example of the store");
  const char* block = bytes_.data() + block_offsets_[index / kBlockSize];
  return reinterpret_cast<const StoredExample*>(block)[index % kBlockSize];
}

ExampleView ExampleStore::operator[](std::size_t index) const {
  const StoredExample& stored = entry(index);
  const auto* numbers = reinterpret_cast<const std::int32_t*>(bytes_.data() + stored.offset);
  ExampleView view;
  view.tokens = {numbers, stored.tokens};
  view.labels = {numbers + stored.tokens, stored.tokens};
  if (stored.weighted) view.weights = {reinterpret_cast<const float*>(numbers) + 2 * stored.tokens, stored.tokens};
  const auto* texts = reinterpret_cast<const char*>(numbers + (stored.weighted ? 3 : 2) * std::size_t{stored.tokens});
  view.media = {texts, stored.media};
  texts += stored.media;
  view.prompt = {texts, stored.prompt_bytes};
  view.answer = {texts + stored.prompt_bytes, stored.answer_bytes};
  view.role = stored.role;
  view.file = files_[stored.file];
  view.row = stored.row;
  return view;
}

}  // namespace eft
