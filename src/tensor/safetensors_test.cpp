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
  write_safetensors(path, TensorSources{{.name = "long", .dtype = DType::bf16, .shape = {kElements}, .make = {}, .part = part}},
                    {});
  const Tensor read = Safetensors(path).tensor("long");
  EXPECT_TRUE(Safetensors(path).is_mapped("long"));
  EXPECT_EQ(static_cast<float>(read.data<BFloat16>()[(1 << 24) - 1]), (1 << 24) % 100);
  EXPECT_EQ(static_cast<float>(read.data<BFloat16>()[kElements - 1]), kElements % 100);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace eft
