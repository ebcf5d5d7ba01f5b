#include "tensor/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "base/error.h"

namespace eft {
namespace {

using nlohmann::json;

/// Bits of one element, of every dtype the format knows.
constexpr std::pair<std::string_view, std::uint64_t> kBits[] = {
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64}};

/// Takes the header piece by piece: it may be long, and a tree would lose names that stand twice.
class Reader : public nlohmann::json_sax<json> {
 public:
  Reader(SafetensorsHeader& out, std::string file) : out_(out), file_(std::move(file)) {}

  bool null() override {
    if (depth_ == 1 && name_ == kMetadata) return true;  // as if it were not there
    wrong("null");
  }
  bool boolean(bool now) override { wrong(now ? "true" : "false"); }
  bool number_integer(number_integer_t now) override { wrong(std::to_string(now)); }
  bool number_float(number_float_t, const string_t& now) override { wrong(now); }
  bool binary(binary_t&) override { wrong("bytes"); }

  bool number_unsigned(number_unsigned_t now) override {
    if (depth_ != 3 || now > std::uint64_t{INT64_MAX}) wrong(std::to_string(now));
    numbers_.push_back(static_cast<std::int64_t>(now));
    return true;
  }

  bool string(string_t& now) override {
    if (depth_ == 2 && name_ == kMetadata) {
      out_.metadata[field_] = std::move(now);
    } else if (depth_ == 2 && field_ == "dtype") {
      entry_.dtype = std::move(now);
    } else {
      wrong("\"" + now.substr(0, 60) + "\"");
    }
    return true;
  }

  bool key(string_t& now) override {
    if (depth_ == 1) {
      if (!names_.insert(now).second) throw FileError("{}: {}: stands twice in the header", file_, now);
      name_ = std::move(now);
      entry_ = {};
      has_shape_ = has_offsets_ = false;
    } else {
      field_ = std::move(now);
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (depth_ > 1) wrong("an object");
    ++depth_;
    return true;
  }
  bool end_object() override {
    if (--depth_ == 1 && name_ != kMetadata) finish_entry();
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ != 2 || name_ == kMetadata || (field_ != "shape" && field_ != "data_offsets")) wrong("a list");
    numbers_.clear();
    ++depth_;
    return true;
  }
  bool end_array() override {
    --depth_;
    if (field_ == "shape") {
      if (numbers_.size() > Shape::kMaxRank) {
        throw FileError("{}: {}: a shape of {} axes, expected at most {}", file_, name_, numbers_.size(),
                        Shape::kMaxRank);
      }
      entry_.shape = Shape(std::span<const std::int64_t>(numbers_));
      has_shape_ = true;
    } else {
      if (numbers_.size() != 2)
        throw FileError("{}: {}: data_offsets of {} numbers, expected 2", file_, name_, numbers_.size());
      entry_.begin = static_cast<std::uint64_t>(numbers_[0]);
      entry_.end = static_cast<std::uint64_t>(numbers_[1]);
      has_offsets_ = true;
    }
    return true;
  }

  bool parse_error(std::size_t at, const std::string&, const nlohmann::detail::exception&) override {
    throw FileError("{}: not a safetensors header: broken JSON at byte {}", file_, at + 8);
  }

 private:
  static constexpr const char* kMetadata = "__metadata__";

  [[noreturn]] void wrong(const std::string& what) const {
    if (depth_ == 0) throw FileError("{}: not a safetensors header: {}, expected an object", file_, what);
    if (name_ == kMetadata) throw FileError("{}: {}: {}, expected an object of strings", file_, name_, what);
    if (depth_ == 1)
      throw FileError("{}: {}: {}, expected an object with dtype, shape and data_offsets", file_, name_, what);
    throw FileError("{}: {}: {}: {}, expected {}", file_, name_, field_, what,
                    field_ == "dtype"   ? "a dtype"
                    : field_ == "shape" ? "whole numbers"
                                        : "two whole numbers");
  }

  void finish_entry() {
    if (entry_.dtype.empty() || !has_shape_ || !has_offsets_) {
      throw FileError("{}: {}: expected dtype, shape and data_offsets", file_, name_);
    }
    out_.entries.emplace(name_, entry_);
  }

  SafetensorsHeader& out_;
  std::string file_;
  int depth_ = 0;
  std::set<std::string> names_;
  std::string name_, field_;
  SafetensorsEntry entry_;
  bool has_shape_ = false, has_offsets_ = false;
  std::vector<std::int64_t> numbers_;
};

/// Bytes of a tensor. Throws where they do not fit a number, or the dtype is none.
std::uint64_t bytes_of(const SafetensorsEntry& entry, const std::string& where) {
  const auto* known = std::ranges::find(kBits, entry.dtype, [](const auto& row) { return row.first; });
  if (known == std::end(kBits))
    throw FileError("{}: dtype: \"{}\" is not of the safetensors format", where, entry.dtype.substr(0, 60));
  std::uint64_t bits = known->second;
  for (const std::int64_t extent : entry.shape.extents()) {
    if (__builtin_mul_overflow(bits, static_cast<std::uint64_t>(extent), &bits) || bits > (std::uint64_t{1} << 62)) {
      throw FileError("{}: shape: {} is larger than any file", where, to_string(entry.shape));
    }
  }
  return (bits + 7) / 8;
}

void check_bytes(const SafetensorsHeader& header, const std::string& file, std::uint64_t data_bytes) {
  using Named = std::pair<const std::string, SafetensorsEntry>;
  std::vector<const Named*> in_order;
  for (const Named& named : header.entries) in_order.push_back(&named);
  std::ranges::sort(in_order, {}, [](const Named* n) { return std::pair(n->second.begin, n->second.end); });
  std::uint64_t covered = 0;
  for (const Named* named : in_order) {
    const auto& [name, entry] = *named;
    const std::string where = file + ": " + name;
    if (entry.end < entry.begin)
      throw FileError("{}: data_offsets: [{}, {}] ends before it begins", where, entry.begin, entry.end);
    if (entry.end > data_bytes) {
      throw FileError("{}: ends at byte {} of the data, the file has {}; is it truncated?", where, entry.end,
                      data_bytes);
    }
    if (entry.begin != covered) {
      throw FileError("{}: begins at byte {} of the data, expected {}, where the tensor before it ends; {}", where,
                      entry.begin, covered,
                      entry.begin < covered ? "two tensors share bytes" : "bytes belong to no tensor");
    }
    const std::uint64_t expected = bytes_of(entry, where);
    if (entry.end - entry.begin != expected) {
      throw FileError("{}: {} bytes, expected {} for {} {}", where, entry.end - entry.begin, expected, entry.dtype,
                      to_string(entry.shape));
    }
    covered = entry.end;
  }
  if (covered != data_bytes) {
    throw FileError("{}: {} bytes of data, expected {}, where the last tensor ends; is it two files in one?", file,
                    data_bytes, covered);
  }
}

}  // namespace

SafetensorsHeader read_safetensors_header(std::string_view text, const std::string& file, std::uint64_t data_bytes) {
  SafetensorsHeader header;
  Reader reader(header, file);
  json::sax_parse(text.begin(), text.end(), &reader);
  check_bytes(header, file, data_bytes);
  return header;
}

}  // namespace eft
