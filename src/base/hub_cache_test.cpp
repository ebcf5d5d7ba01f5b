#include "base/hub_cache.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/error.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

/// A cache as `hf download` lays it, found by HF_HUB_CACHE.
class HubCache : public ::testing::Test {
 protected:
  void SetUp() override { setenv("HF_HUB_CACHE", folder_.c_str(), 1); }
  void TearDown() override {
    unsetenv("HF_HUB_CACHE");
    fs::remove_all(folder_);
  }
  void refer(const std::string& repository, const std::string& revision, const std::string& commit) const {
    const fs::path file = folder_ / repository / "refs" / revision;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << commit << '\n';
  }
  fs::path add_snapshot(const std::string& repository, const std::string& commit) const {
    const fs::path snapshot = folder_ / repository / "snapshots" / commit;
    fs::create_directories(snapshot);
    return snapshot;
  }
  fs::path folder_ = fs::path(::testing::TempDir()) / "eft_hub_cache_test";
};

TEST_F(HubCache, names_of_models_stand_for_their_snapshot) {
  const fs::path main = add_snapshot("models--google--gemma-3-270m-it", "aaa");
  const fs::path tagged = add_snapshot("models--google--gemma-3-270m-it", "bbb");
  refer("models--google--gemma-3-270m-it", "main", "aaa");
  refer("models--google--gemma-3-270m-it", "v1", "bbb");
  refer("models--google--gemma-3-270m-it", "refs/pr/3", "bbb");
  EXPECT_EQ(local_model("google/gemma-3-270m-it"), main);
  EXPECT_EQ(local_model("google/gemma-3-270m-it", "v1"), tagged);
  EXPECT_EQ(local_model("google/gemma-3-270m-it", "refs/pr/3"), tagged);
  EXPECT_EQ(local_model("google/gemma-3-270m-it", "bbb"), tagged);
}

TEST_F(HubCache, a_dataset_of_the_same_name_is_no_model) {
  add_snapshot("datasets--owner--name", "aaa");
  refer("datasets--owner--name", "main", "aaa");
  EXPECT_TRUE(cached_snapshot(HubKind::dataset, "owner/name", "main"));
  EXPECT_FALSE(cached_snapshot(HubKind::model, "owner/name", "main"));
}

TEST_F(HubCache, what_is_missing_says_what_to_type) {
  const auto message = [](const char* name, const char* revision) -> std::string {
    try {
      return local_model(name, revision).string();
    } catch (const FileError& error) {
      return error.what();
    }
  };
  EXPECT_NE(message("google/gemma-3-270m-it", "").find("run 'hf download google/gemma-3-270m-it' once"),
            std::string::npos);
  EXPECT_NE(message("owner/adapter", "v2").find("run 'hf download owner/adapter --revision v2' once"),
            std::string::npos);
  // What is no name of the hub stays what it is.
  for (const char* path : {"", "model", "./a/b", "../a", "/abs/path", "~/a", "a/b/c"})
    EXPECT_EQ(message(path, ""), path);
}

TEST_F(HubCache, a_folder_here_goes_before_the_cache) {
  add_snapshot("models--src--base", "aaa");
  refer("models--src--base", "main", "aaa");
  fs::create_directories(folder_ / "here" / "model");
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  EXPECT_EQ(local_model("here/model"), "here/model");
  EXPECT_NE(local_model("src/base"), "src/base");
  fs::current_path(before);
}

TEST_F(HubCache, a_revision_does_not_lead_out_of_the_cache) {
  add_snapshot("models--owner--name", "aaa");
  refer("models--owner--name", "evil", "../../..");
  for (const char* revision : {"../refs", "..", "evil", "/"}) {
    EXPECT_FALSE(cached_snapshot(HubKind::model, "owner/name", revision)) << revision;
  }
}

TEST(HubCacheFolder, is_where_the_hubs_own_tools_look) {
  const fs::path home = fs::path(::testing::TempDir()) / "eft_hub_home_test";
  const std::string kept = std::getenv("HOME") != nullptr ? std::getenv("HOME") : "";
  const auto finds_below = [&](const char* variable, const fs::path& value, const fs::path& hub) {
    fs::create_directories(hub / "models--o--n" / "snapshots" / "main");
    setenv(variable, value.c_str(), 1);
    const auto found = cached_snapshot(HubKind::model, "o/n", "main");
    unsetenv(variable);
    return found == hub / "models--o--n" / "snapshots" / "main";
  };
  EXPECT_TRUE(finds_below("HF_HUB_CACHE", home / "a", home / "a"));
  EXPECT_TRUE(finds_below("HF_HOME", home / "b", home / "b/hub"));
  EXPECT_TRUE(finds_below("XDG_CACHE_HOME", home / "c", home / "c/huggingface/hub"));
  EXPECT_TRUE(finds_below("HOME", home, home / ".cache/huggingface/hub"));
  setenv("HOME", kept.c_str(), 1);
  fs::remove_all(home);
}

}  // namespace
}  // namespace eft
