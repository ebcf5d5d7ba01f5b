#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "data/store/example.h"

namespace eft {

/// One example of a store, as it lies there.
struct StoredExample {
  std::uint64_t offset = 0;  ///< of its tokens, labels, weights and texts, one behind the other
  std::uint32_t tokens = 0;
  std::uint32_t label_tokens = 0;
  std::uint32_t file = 0;
  bool weighted = false;
  PreferenceRole role = PreferenceRole::none;
  std::uint16_t unused = 0;  ///< zero, so that equal rows are equal bytes
  std::uint32_t prompt_bytes = 0;
  std::uint32_t answer_bytes = 0;
  std::int64_t row = 0;
  std::uint64_t media = 0;  ///< bytes of its list of media, behind the weights

  /// Examples of the unit that begins with this one.
  std::uint32_t members() const { return role == PreferenceRole::chosen ? 2 : 1; }
};

/// Writes examples one after the other into what ExampleStore reads. Holds one block of them in memory, however many
/// there are.
class ExampleWriter {
 public:
  using Sink = std::function<void(std::string_view bytes)>;

  explicit ExampleWriter(Sink sink);
  void add(const ExampleView& example);
  /// The end; `notes` is any text that goes with the examples. Nothing may be added behind it.
  void finish(std::string_view notes);
  std::int64_t size() const { return size_; }

 private:
  void put(const void* data, std::size_t size);
  /// Zeros up to the next multiple of `bytes`.
  void align(std::size_t bytes);
  void flush();
  void end_block();
  std::uint32_t number_of(std::string_view file);

  Sink sink_;
  std::string buffer_;
  Hasher hasher_;
  std::uint64_t written_ = 0;
  std::vector<StoredExample> block_;
  std::vector<std::uint64_t> block_offsets_;
  std::map<std::string, std::uint32_t, std::less<>> files_;
  std::int64_t size_ = 0;
};

/// Examples that lie in a file, which is mapped, or in memory. Immutable, safe from any thread.
class ExampleStore {
 public:
  /// Maps a file. Throws FileError, or DataError when it is not whole: its sizes and its checksum do not fit.
  static std::shared_ptr<const ExampleStore> open(const std::filesystem::path& path);
  /// A copy of `examples` in memory.
  static std::shared_ptr<const ExampleStore> of(const std::vector<Example>& examples);
  /// What an ExampleWriter wrote.
  static std::shared_ptr<const ExampleStore> of(std::string bytes);

  std::size_t size() const { return size_; }
  ExampleView operator[](std::size_t index) const;
  const StoredExample& entry(std::size_t index) const;
  std::string_view notes() const { return notes_; }

 private:
  ExampleStore(std::shared_ptr<const void> owner, std::string_view bytes);

  std::shared_ptr<const void> owner_;
  std::string_view bytes_;
  std::size_t size_ = 0;
  const std::uint64_t* block_offsets_ = nullptr;
  std::vector<std::string_view> files_;
  std::string_view notes_;
};

}  // namespace eft
