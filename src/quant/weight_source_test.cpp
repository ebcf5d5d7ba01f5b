#include "quant/weight_source.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/error.h"
#include "quant/bnb_4bit.h"
#include "tensor/safetensors.h"
#include "tensor/unpacked.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// A folder with packed weights, of which tests break one part.
class WeightFiles : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::temp_directory_path() / "eft-weight-files" / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// Bytes of a tensor, all `fill`.
  void add(const std::string& name, const std::string& spelling, DType dtype, const Shape& shape, double fill = 0) {
    Tensor tensor(pool_, Category::workspace, dtype, shape);
    if (dtype == DType::u8) {
      std::fill_n(static_cast<std::uint8_t*>(tensor.raw()), tensor.bytes(), static_cast<std::uint8_t>(fill));
    } else {
      from_doubles(tensor, std::vector<double>(static_cast<std::size_t>(tensor.elements()), fill));
    }
    tensors_[name] = {.name = name, .dtype = dtype, .shape = shape, .make = [tensor] { return tensor; }};
    tensors_[name].spelling = spelling;
  }
  void add_text(const std::string& name, const std::string& text) {
    Tensor tensor(pool_, Category::workspace, DType::u8, {static_cast<std::int64_t>(text.size())});
    std::ranges::copy(text, static_cast<char*>(tensor.raw()));
    tensors_[name] = {.name = name, .dtype = DType::u8, .shape = tensor.shape(), .make = [tensor] { return tensor; }};
  }
  void add_nf4(
      const std::string& state = R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [3, 43]})") {
    add("a.weight", "U8", DType::u8, {65, 1}, 0x7f);
    add("a.weight.absmax", "F32", DType::f32, {3}, 0.5);
    Tensor book(pool_, Category::workspace, DType::f32, {16});
    std::ranges::copy(code_book(nf4), book.data<float>());
    tensors_["a.weight.quant_map"] = {
        .name = "a.weight.quant_map", .dtype = DType::f32, .shape = {16}, .make = [book] { return book; }};
    add_text("a.weight.quant_state.bitsandbytes__nf4", state);
  }

  std::unique_ptr<WeightSource> open(const std::string& method, const std::string& more = "") {
    write_text(folder_ / "config.json", R"({"quantization_config": {"quant_method": ")" + method + "\"" + more + "}}");
    TensorSources all;
    for (const auto& [name, tensor] : tensors_) all.push_back(tensor);
    write_safetensors(folder_ / "model.safetensors", all, {});
    return open_weights(folder_);
  }
  /// The message with which the folder is refused.
  std::string fault(const std::string& method, const std::string& more = "") {
    try {
      open(method, more);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  }
  void expect_fault(const std::string& method, const std::string& part) {
    const std::string message = fault(method);
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
  std::vector<double> values(const WeightSource& source, const std::string& name) {
    return to_doubles(unpacked(source.packed(name), DType::f64, pool_, Category::workspace));
  }

  fs::path folder_;
  Pool pool_{Device::cpu};
  std::map<std::string, TensorSource> tensors_;
};

TEST_F(WeightFiles, a_packed_weight_is_one_entry) {
  add_nf4();
  add("norm.weight", "F32", DType::f32, {5}, 1);
  const auto source = open("bitsandbytes");
  EXPECT_EQ(source->entries().size(), 2U);
  EXPECT_TRUE(source->entries().at("a.weight").packed);
  EXPECT_EQ(source->entries().at("a.weight").shape, (Shape{3, 43}));
  EXPECT_FALSE(source->entries().at("norm.weight").packed);
  const std::vector<double> all = values(*source, "a.weight");
  ASSERT_EQ(all.size(), 129U);
  EXPECT_EQ(all[0], 0.0);  // 7, in the high half
  EXPECT_EQ(all[1], 0.5);  // 15
}

TEST_F(WeightFiles, what_belongs_to_a_weight_must_be_there) {
  const char* const parts[] = {"a.weight.absmax", "a.weight.quant_map", "a.weight.quant_state.bitsandbytes__nf4"};
  for (const char* part : parts) {
    add_nf4();
    tensors_.erase(part);
    expect_fault("bitsandbytes", std::string(part));
    expect_fault("bitsandbytes", "bitsandbytes weight a.weight");
  }
}

TEST_F(WeightFiles, nothing_is_guessed) {
  struct Broken {
    const char* state;
    const char* said;
  };
  const Broken cases[] = {
      {R"({"quant_type": "fp4", "blocksize": 64, "dtype": "bfloat16", "shape": [3, 43]})",
       "quant_type fp4, expected nf4"},
      {R"({"quant_type": "nf4", "blocksize": 0, "dtype": "bfloat16", "shape": [3, 43]})", "blocksize 0"},
      {R"({"quant_type": "nf4", "blocksize": 63, "dtype": "bfloat16", "shape": [3, 43]})", "blocksize 63"},
      {R"({"quant_type": "nf4", "blocksize": 128, "dtype": "bfloat16", "shape": [3, 43]})",
       "absmax is [3], expected [2]"},
      {R"({"quant_type": "nf4", "blocksize": 64, "dtype": "int8", "shape": [3, 43]})", "dtype int8"},
      {R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [3, 44]})",
       "65 bytes of codes, expected 66"},
      {R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [-3, 43]})", "shape"},
      {R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [1e18, 1e18]})", "shape"},
      {R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [1000000000, 1000000000]})", "too many"},
      {R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16"})", "shape"},
      {R"([1, 2])", "no JSON object"},
      {R"({"quant_type": )", "no JSON object"},
      {R"({"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [3, 43], "nested_blocksize": 256, "nested_offset": 0.1})",
       "absmax is F32, expected U8"},
  };
  for (const Broken& broken : cases) {
    add_nf4(broken.state);
    expect_fault("bitsandbytes", broken.said);
  }
  add_nf4();
  add("a.weight.quant_map", "F32", DType::f32, {16}, 0.5);
  expect_fault("bitsandbytes", "does not hold the values of nf4");
  add_nf4();
  add("a.weight", "F32", DType::f32, {3, 43}, 0.5);
  expect_fault("bitsandbytes", "516 bytes of codes, expected 65");
  expect_fault("gptq", "quant_method: gptq: weights packed in this way are not supported; expected bitsandbytes");
}

TEST_F(WeightFiles, int8_of_bitsandbytes) {
  add("a.weight", "I8", DType::u8, {2, 3}, 127);
  add("a.SCB", "F32", DType::f32, {2}, 2);
  add("a.weight_format", "U8", DType::u8, {}, 0);
  EXPECT_NEAR(values(*open("bitsandbytes"), "a.weight")[5], 2.0, 1e-6);
  add("a.SCB", "F32", DType::f32, {3}, 2);
  expect_fault("bitsandbytes", "a.SCB is [3], expected [2]");
  add("a.SCB", "F32", DType::f32, {2}, 2);
  add("a.weight_format", "U8", DType::u8, {}, 1);
  expect_fault("bitsandbytes", "weight_format is not 0");
}

TEST_F(WeightFiles, fp8_in_its_spellings) {
  add("a.weight", "F8_E4M3", DType::u8, {256, 200}, 0x38);  // 1
  add("a.weight_scale_inv", "F32", DType::f32, {2, 2}, 0.25);
  EXPECT_EQ(values(*open("fp8"), "a.weight")[7], 0.25);
  add("a.weight_scale_inv", "F32", DType::f32, {2, 3}, 0.25);
  expect_fault("fp8", "a.weight_scale_inv has 6 scales, expected 4, 256 or 1");
  tensors_.erase("a.weight_scale_inv");
  add("a.weight_scale", "BF16", DType::bf16, {256, 1}, 0.5);
  EXPECT_EQ(values(*open("compressed-tensors"), "a.weight")[7], 0.5);
  add("a.weight_scale", "F32", DType::f32, {}, 2);
  add("a.input_scale", "F32", DType::f32, {}, 2);
  const auto source = open("modelopt");
  EXPECT_EQ(values(*source, "a.weight")[7], 2.0);
  EXPECT_EQ(source->entries().size(), 1U);
}

/// Experts that stand one by one are the two weights of a mixture, each part with its own outer scale.
TEST_F(WeightFiles, nvfp4_of_single_experts) {
  const char* const projections[] = {"gate_proj", "up_proj", "down_proj"};
  for (int e = 0; e < 2; ++e) {
    for (int p = 0; p < 3; ++p) {
      const std::string name = "m.experts." + std::to_string(e) + "." + projections[p] + ".weight";
      const std::int64_t rows = p == 2 ? 16 : 3, columns = p == 2 ? 32 : 16;
      add(name, "U8", DType::u8, {rows, columns / 2}, 0x22);                   // 1, 1
      add(name + "_scale", "F8_E4M3", DType::u8, {rows, columns / 16}, 0x38);  // 1
      add(name + "_scale_2", "F32", DType::f32, {}, 1 + e + 10 * p);
    }
  }
  const auto source = open("modelopt");
  EXPECT_EQ(source->entries().size(), 2U);
  ASSERT_EQ(source->entries().at("m.experts.gate_up_proj").shape, (Shape{2, 6, 16}));
  ASSERT_EQ(source->entries().at("m.experts.down_proj").shape, (Shape{2, 16, 32}));
  const std::vector<double> fused = values(*source, "m.experts.gate_up_proj");
  EXPECT_EQ(fused[0], 1.0);
  EXPECT_EQ(fused[3 * 16], 11.0);
  EXPECT_EQ(fused[6 * 16], 2.0);
  EXPECT_EQ(fused[9 * 16], 12.0);
  tensors_.erase("m.experts.1.up_proj.weight");
  expect_fault("modelopt", "m.experts.1.up_proj.weight is missing");
}

TEST_F(WeightFiles, integers_of_gemma) {
  add("a.b.weight", "U8", DType::u8, {2, 4}, 0xe4);  // 0 1 2 3
  add("a.b.weight_scale", "F32", DType::f32, {2, 1}, 0.5);
  add("a.b.input_activation_scale", "F32", DType::f32, {}, 1);
  const auto source = open("gemma", R"(, "num_bits": 4, "module_quant_configs": {"\\.b$": {"num_bits": 2}})");
  ASSERT_EQ(source->entries().at("a.b.weight").shape, (Shape{2, 16}));
  const auto all = values(*source, "a.b.weight");
  EXPECT_EQ(std::vector<double>(all.begin(), all.begin() + 4), (std::vector<double>{-1, -0.5, 0, 0.5}));
  add("a.b.weight_scale", "F32", DType::f32, {3, 1}, 0.5);
  expect_fault("gemma", "a.b.weight_scale is [3, 1]");
}

}  // namespace
}  // namespace eft
