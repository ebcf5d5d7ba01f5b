#include "tensor/safetensors.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace eft {
namespace {

class SafetensorsFile : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  NamedTensors sample() {
    Tensor a(pool_, Category::weights, DType::f32, {2, 3});
    from_doubles(a, {1, 2, 3, 4, 5, 6});
    Tensor b(pool_, Category::weights, DType::bf16, {5});
    from_doubles(b, {-1, 0, 1, 2, 4});
    return {{"a.weight", a}, {"b", b}};
  }

  std::string error_of(const std::string& bytes) {
    write_text(folder_ / "bad.safetensors", bytes);
    try {
      const Safetensors file(folder_ / "bad.safetensors");
    } catch (const FileError& error) {
      return error.what();
    }
    return "";
  }

  Pool pool_{Device::cpu};
  std::filesystem::path folder_ = std::filesystem::temp_directory_path() / "eft_safetensors_test";
};

TEST_F(SafetensorsFile, reads_back_what_was_written) {
  write_safetensors(folder_ / "x.safetensors", sample(), {{"format", "pt"}});
  const Safetensors file(folder_ / "x.safetensors");
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.entries().at("b").dtype, "BF16");
  EXPECT_EQ(to_doubles(file.tensor("a.weight")), (std::vector<double>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(to_doubles(file.tensor("b")), (std::vector<double>{-1, 0, 1, 2, 4}));
  EXPECT_THROW(file.tensor("c"), FileError);
}

TEST_F(SafetensorsFile, shards_and_their_index_are_read_as_one) {
  write_checkpoint(folder_, sources_of(sample()), 20);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "model-00002-of-00002.safetensors"));
  const CheckpointFiles files(folder_);
  EXPECT_EQ(files.tensors().size(), 2U);
  EXPECT_EQ(to_doubles(files.tensor("b"))[4], 4.0);
}

TEST_F(SafetensorsFile, a_single_file_goes_before_shards) {
  write_checkpoint(folder_, sources_of(sample()), 20);
  write_safetensors(folder_ / "model.safetensors", NamedTensors{sample()[0]}, {});
  EXPECT_EQ(CheckpointFiles(folder_).tensors().size(), 1U);
}

TEST_F(SafetensorsFile, says_what_is_wrong_with_a_file) {
  write_safetensors(folder_ / "x.safetensors", sample(), {});
  const std::string whole = read_text(folder_ / "x.safetensors");
  EXPECT_NE(error_of(whole.substr(0, whole.size() - 4)).find("b: ends at byte"), std::string::npos);
  EXPECT_NE(error_of(whole.substr(0, 40)).find("truncated"), std::string::npos);
  EXPECT_NE(error_of("abc").find("too short"), std::string::npos);
  std::string broken = whole;
  broken[9] = '}';
  EXPECT_NE(error_of(broken).find("not a safetensors header"), std::string::npos);
  EXPECT_THROW(CheckpointFiles{folder_}, FileError);
}

/// A file with this header and so many bytes of data.
std::string with_header(const std::string& header, std::size_t data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + std::string(data, '\0');
}

TEST_F(SafetensorsFile, refuses_what_the_library_refuses) {
  const auto entry = [](const char* name, const char* shape, int begin, int end) {
    return fmt::format(R"("{}":{{"dtype":"F32","shape":{},"data_offsets":[{},{}]}})", name, shape, begin, end);
  };
  const std::string a = entry("a", "[2]", 0, 8);
  const auto error = [&](const std::string& entries, std::size_t data) { return error_of(with_header("{" + entries + "}", data)); };
  const auto expect_error = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
    EXPECT_EQ(text.find("[json"), std::string::npos) << text;
  };
  EXPECT_EQ(error(a, 8), "");
  EXPECT_EQ(error(a + "," + entry("b", "[0, 3]", 8, 8), 8), "") << "no elements, no bytes";
  expect_error(error(a + "," + entry("b", "[2]", 0, 8), 8), "b: begins at byte 0 of the data, expected 8");
  expect_error(error(a + "," + entry("b", "[2]", 4, 12), 12), "two tensors share bytes");
  expect_error(error(a + "," + entry("b", "[2]", 12, 20), 20), "bytes belong to no tensor");
  expect_error(error(entry("a", "[2]", 4, 12), 12), "bytes belong to no tensor");
  expect_error(error(a, 1008), "1008 bytes of data, expected 8");
  expect_error(error(a + "," + a, 8), "a: stands twice");
  expect_error(error(a + R"(,"__metadata__":{},"__metadata__":{})", 8), "__metadata__: stands twice");
  expect_error(error(entry("a", "[1.5]", 0, 4), 4), "shape: 1.5, expected whole numbers");
  expect_error(error(entry("a", "[-1]", 0, 4), 4), "shape: -1, expected whole numbers");
  expect_error(error(entry("a", "[4294967296, 4294967296]", 0, 4), 4), "larger than any file");
  expect_error(error(entry("a", "[1, 1, 1, 1, 1, 1]", 0, 4), 4), "6 axes");
  expect_error(error(entry("a", "[[1]]", 0, 4), 4), "a list, expected whole numbers");
  expect_error(error(entry("a", "[1]", 4, 0), 4), "ends before it begins");
  expect_error(error(R"("a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]})", 4), "\"F31\" is not of the safetensors format");
  expect_error(error(R"("a":{"dtype":"F32","shape":[1]})", 4), "expected dtype, shape and data_offsets");
  expect_error(error(R"("a":7)", 4), "a: 7, expected an object");
  expect_error(error(R"("__metadata__":{"a":{}})", 0), "__metadata__: an object, expected an object of strings");
  expect_error(error_of(with_header(std::string(200'000, '['), 0)), "not a safetensors header");
  EXPECT_EQ(error(a + R"(,"__metadata__":null)", 8), "");
  EXPECT_EQ(error(a + R"(,"__metadata__":{})", 8), "");
  EXPECT_EQ(error_of(with_header("{" + a + "}" + std::string(640 - a.size() - 2, ' '), 8)), "")
      << "a length that begins like a pickle";
}

TEST_F(SafetensorsFile, an_index_stays_in_its_folder) {
  write_checkpoint(folder_, sources_of(sample()), 20);
  const std::string index = read_text(folder_ / "model.safetensors.index.json");
  const auto error = [&](const std::string& text) -> std::string {
    write_text(folder_ / "model.safetensors.index.json", text);
    try {
      const CheckpointFiles files(folder_);
    } catch (const FileError& fault) {
      return fault.what();
    }
    return "";
  };
  EXPECT_EQ(error(index), "");
  for (const char* name : {"../other/model.safetensors", "/etc/passwd", "model.bin", "..", ""}) {
    EXPECT_NE(error(fmt::format(R"({{"weight_map": {{"b": "{}"}}}})", name)).find("in the same folder"), std::string::npos) << name;
  }
  EXPECT_NE(error(R"({"weight_map": {"b": 7}})").find("b: 7, expected the name"), std::string::npos);
  EXPECT_NE(error(R"({"weight_map": [1]})").find("weight_map: missing"), std::string::npos);
  EXPECT_NE(error("{" + std::string(300, '[')).find("nested deeper"), std::string::npos);
  EXPECT_NE(error("{").find("not JSON"), std::string::npos);
  std::filesystem::copy_file(folder_ / "model-00001-of-00002.safetensors", folder_ / "twice.safetensors");
  EXPECT_NE(error(R"({"weight_map": {"a.weight": "twice.safetensors", "b": "model-00001-of-00002.safetensors"}})").find("stands in"),
            std::string::npos);
  std::filesystem::remove(folder_ / "model-00002-of-00002.safetensors");
  EXPECT_NE(error(index).find("model-00002-of-00002.safetensors: missing, though"), std::string::npos);
}

TEST_F(SafetensorsFile, says_what_a_folder_without_weights_has) {
  const auto error = [&](const char* file) -> std::string {
    write_text(folder_ / file, "x");
    try {
      const CheckpointFiles files(folder_);
    } catch (const FileError& fault) {
      std::filesystem::remove(folder_ / file);
      return fault.what();
    }
    return "";
  };
  EXPECT_NE(error("model-00001-of-00002.safetensors").find("model.safetensors.index.json, which lists"), std::string::npos);
  EXPECT_NE(error("model-Q4_0.gguf").find("GGUF"), std::string::npos);
  EXPECT_NE(error("pytorch_model.bin").find("save_pretrained"), std::string::npos);
  EXPECT_NE(error("consolidated.pth").find("save_pretrained"), std::string::npos);
  EXPECT_NE(error("README.md").find("no model.safetensors"), std::string::npos);
  EXPECT_NE(error_of("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n").find("git lfs pull"), std::string::npos);
  EXPECT_NE(error_of("<!DOCTYPE html><html>").find("a web page"), std::string::npos);
}

TEST(Safetensors, writes_a_tensor_in_parts) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "eft_parts.safetensors";
  constexpr std::int64_t kElements = (std::int64_t{1} << 24) + 5;
  Pool pool(Device::cpu);
  const auto part = [&](std::int64_t begin, std::int64_t end) {
    Tensor tensor(pool, Category::workspace, DType::bf16, {end - begin});
    zero(tensor);
    tensor.data<BFloat16>()[end - begin - 1] = BFloat16(static_cast<float>(end % 100));
    return tensor;
  };
  write_safetensors(
      path, TensorSources{{.name = "long", .dtype = DType::bf16, .shape = {kElements}, .make = {}, .part = part}}, {});
  const Tensor read = Safetensors(path).tensor("long");
  EXPECT_TRUE(Safetensors(path).is_mapped("long"));
  EXPECT_EQ(static_cast<float>(read.data<BFloat16>()[(1 << 24) - 1]), (1 << 24) % 100);
  EXPECT_EQ(static_cast<float>(read.data<BFloat16>()[kElements - 1]), kElements % 100);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace eft
