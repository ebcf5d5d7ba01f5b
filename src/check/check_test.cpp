#include "check/check.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace eft {
namespace {

const std::filesystem::path kModel = "tests/golden/data/gemma3";
const std::filesystem::path kReference = kModel / "reference.safetensors";
const std::string kGradient = "grad.model.layers.2.self_attn.k_proj.weight";

/// A folder that is gone with the test.
class CheckFails : public testing::Test {
 protected:
  CheckFails()
      : folder_(std::filesystem::temp_directory_path() /
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~CheckFails() override { std::filesystem::remove_all(folder_); }

  /// A copy of `file` in which `change` was made to the values of `name`.
  std::filesystem::path changed(const std::filesystem::path& file, const std::string& name,
                                const std::function<void(std::vector<double>&)>& change) const {
    const Safetensors source(file);
    NamedTensors tensors;
    Pool pool(Device::cpu);
    for (const auto& [key, entry] : source.entries()) {
      tensors.emplace_back(key, source.tensor(key));
      if (key != name) continue;
      auto values = to_doubles(tensors.back().second);
      change(values);
      Tensor copy(pool, Category::workspace, tensors.back().second.dtype(), entry.shape);
      from_doubles(copy, values);
      tensors.back().second = copy;
    }
    const auto path = folder_ / file.filename();
    write_safetensors(path, tensors, source.metadata());
    return path;
  }

  CheckReport check(const std::filesystem::path& reference, DType dtype = DType::f64) const {
    return check_model({.model = kModel, .reference = reference, .adapter = {}, .dtype = dtype});
  }

  std::filesystem::path folder_;
};

TEST_F(CheckFails, not_on_the_model_as_it_is) { EXPECT_TRUE(check(kReference).pass); }

TEST_F(CheckFails, when_one_weight_is_another) {
  changed(kModel / "model.safetensors", "model.layers.1.mlp.up_proj.weight", [](auto& values) { values[7] += 1e-3; });
  std::filesystem::copy_file(kModel / "config.json", folder_ / "config.json");
  for (const DType dtype : {DType::f64, DType::f32}) {
    EXPECT_FALSE(check_model({.model = folder_, .reference = kReference, .adapter = {}, .dtype = dtype}).pass)
        << name_of(dtype);
  }
}

TEST_F(CheckFails, when_one_gradient_is_not_the_references) {
  const std::vector<std::function<void(std::vector<double>&)>> changes{
      [](auto& values) { std::ranges::fill(values, 0.0); },
      [](auto& values) { values[3] = -values[3]; },
      [](auto& values) { values[0] = std::nan(""); },
  };
  for (const auto& change : changes) {
    const CheckReport report = check(changed(kReference, kGradient, change));
    EXPECT_FALSE(report.pass);
    EXPECT_EQ("grad." + report.gradients.at(0).name, kGradient);
    EXPECT_FALSE(report.gradients.at(1).too_far());
  }
  // Half of it is not enough even in bfloat16.
  EXPECT_FALSE(check(changed(kReference, kGradient,
                             [](auto& values) {
                               for (double& value : values) value *= 2;
                             }),
                     DType::bf16)
                   .pass);
}

TEST_F(CheckFails, when_the_loss_or_one_of_ten_is_shifted) {
  const CheckReport first = check(changed(kReference, "loss", [](auto& values) { values[0] *= 1 + 1e-7; }));
  EXPECT_FALSE(first.pass);
  EXPECT_GT(first.distance.loss, first.tolerance.loss);
  const CheckReport tenth = check(changed(kReference, "losses", [](auto& values) { values[9] *= 1 + 1e-5; }));
  EXPECT_FALSE(tenth.pass);
  EXPECT_GT(tenth.distance.losses_worst, tenth.tolerance.losses_worst);
}

TEST_F(CheckFails, when_one_logit_is_off) {
  EXPECT_FALSE(check(changed(kReference, "logits", [](auto& values) { values[100] += 1e-6; })).pass);
}

TEST(GradientDistance, measures_length_and_angle) {
  const std::vector<double> truth{3, 4};
  const auto far = [&](std::vector<double> got) { return gradient_distance(got, truth, 5); };
  EXPECT_EQ(far({3, 4}).distance, 0);
  EXPECT_NEAR(*far({3, 4}).cosine, 1, 1e-15);
  EXPECT_NEAR(far({1.5, 2}).distance, 0.5, 1e-15);
  EXPECT_NEAR(*far({-4, 3}).cosine, 0, 1e-15);
  EXPECT_EQ(far({0, 0}).distance, 1);
  EXPECT_EQ(far({0, 0}).cosine, 0);
  EXPECT_EQ(far({std::nan(""), 4}).distance, HUGE_VAL);
}

TEST(GradientDistance, of_a_zero_truth_is_relative_to_the_largest) {
  const std::vector<double> truth{1e-18, -1e-18}, got{3e-7, 4e-7};
  const GradientDistance distance = gradient_distance(got, truth, 5);
  EXPECT_NEAR(distance.distance, 1e-7, 1e-17);
  EXPECT_FALSE(distance.cosine.has_value());
  const GradientBound bound = gradient_bound(DType::f32, GradientDistance{.distance = 2e-7, .cosine = {}});
  EXPECT_LT(used_up(distance, bound), 1);
  EXPECT_GT(used_up(gradient_distance(std::vector<double>{1, 0}, truth, 5), bound), 1);
}

/// Every gradient of every reference, in every dtype: were it absent, or another direction, the check would fail. In
/// float32 half of it would, too.
TEST(GradientBounds, of_all_references_find_an_absent_gradient) {
  int files = 0;
  for (const auto& found : std::filesystem::recursive_directory_iterator("tests/golden/data")) {
    if (!found.path().filename().string().starts_with("reference") || found.path().extension() != ".safetensors")
      continue;
    const Reference reference(found.path());
    const auto names = reference.gradient_names();
    if (names.empty()) continue;
    ++files;
    double largest = 0;
    for (const std::string& name : names) {
      for (const double x : to_doubles(reference.gradient(name))) largest = std::max(largest, std::abs(x));
    }
    for (const DType dtype : {DType::f32, DType::bf16}) {
      const auto noise = reference.gradient_noise(dtype == DType::f32 ? "f32" : "bf16");
      for (const std::string& name : names) {
        ASSERT_TRUE(noise.contains(name)) << found.path() << " " << name;
        auto values = to_doubles(reference.gradient(name));
        const auto truth = values;
        const GradientBound bound = gradient_bound(dtype, noise.at(name));
        const auto used = [&] { return used_up(gradient_distance(values, truth, largest), bound); };
        if (!gradient_distance(values, truth, largest).cosine) continue;
        EXPECT_LE(used(), 1);
        if (dtype == DType::f32) {
          for (double& value : values) value /= 2;
          EXPECT_GT(used(), 1) << "half of " << found.path() << " " << name;
        }
        std::ranges::fill(values, 0.0);
        EXPECT_GT(used(), 1) << found.path() << " " << name_of(dtype) << " " << name;
        std::ranges::transform(truth, values.begin(), [](double x) { return -x; });
        EXPECT_GT(used(), 1) << "negated " << found.path() << " " << name;
      }
    }
  }
  EXPECT_GE(files, 19);
}

}  // namespace
}  // namespace eft
