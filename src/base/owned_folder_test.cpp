#include "base/owned_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/folder_lock.h"

namespace eft {
namespace {

namespace fs = std::filesystem;

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(path);
    fs::create_directories(path);
  }
  void TearDown() override { fs::remove_all(path); }

  fs::path path = fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

using OwnedFolderTest = Folder;
using FolderLockTest = Folder;

TEST_F(OwnedFolderTest, claims_new_names_and_its_own_but_no_others) {
  EXPECT_FALSE(OwnedFolder(path).has_list());
  OwnedFolder(path).claim({"a.txt", "b.txt"});
  write_text(path / "a.txt", "of eft");
  write_text(path / "c.txt", "of somebody");
  fs::create_symlink("nowhere", path / "d.txt");
  OwnedFolder again(path);
  EXPECT_TRUE(again.has_list());
  EXPECT_TRUE(again.owns("a.txt"));
  EXPECT_FALSE(again.owns("c.txt"));
  EXPECT_NO_THROW(again.claim({"a.txt", "e.txt"}));
  EXPECT_THROW(again.claim({"c.txt"}), FileError);
  EXPECT_THROW(again.claim({"d.txt"}), FileError);
  EXPECT_FALSE(OwnedFolder(path).owns("c.txt"));
  EXPECT_TRUE(OwnedFolder(path).owns("e.txt"));
}

TEST_F(OwnedFolderTest, adopts_what_was_there) {
  write_text(path / "a.txt", "of an earlier eft");
  OwnedFolder(path).adopt({"a.txt"});
  EXPECT_NO_THROW(OwnedFolder(path).claim({"a.txt"}));
}

TEST(WordsForContents, say_what_a_folder_is) {
  EXPECT_EQ(words_for_contents({"notes.txt"}), "files (notes.txt)");
  EXPECT_EQ(words_for_contents({"config.json", "model.safetensors", "tokenizer.json"}),
            "a model (model.safetensors, config.json and 1 more)");
  EXPECT_EQ(words_for_contents({"README.md", "adapter_config.json"}), "an adapter (adapter_config.json, README.md)");
  EXPECT_EQ(words_for_contents({"adapter_config.json", "config.json"}),
            "a model and an adapter (adapter_config.json, config.json)");
}

TEST_F(FolderLockTest, keeps_others_out_until_it_ends) {
  {
    const FolderLock lock(path);
    // A second open file is to flock what another process is.
    try {
      const FolderLock second(path);
      FAIL() << "two locks";
    } catch (const FileError& error) {
      EXPECT_NE(std::string(error.what()).find(fmt::format("process {} on ", ::getpid())), std::string::npos)
          << error.what();
    }
  }
  EXPECT_FALSE(fs::exists(path / FolderLock::kFile));
  EXPECT_NO_THROW(FolderLock{path});
}

TEST_F(FolderLockTest, ends_with_its_process) {
  const pid_t child = ::fork();
  if (child == 0) {
    const FolderLock lock(path);
    ::_exit(fs::exists(path / FolderLock::kFile) ? 0 : 1);  // without its destructor
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_TRUE(fs::exists(path / FolderLock::kFile));
  EXPECT_NO_THROW(FolderLock{path});
}

}  // namespace
}  // namespace eft
