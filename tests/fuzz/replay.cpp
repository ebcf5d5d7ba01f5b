#include <cstdio>

#include "target.h"

/// Runs a fuzzer's function once on every file of the folders given: the regressions, without a fuzzer.
int main(int count, char** arguments) {
  int files = 0;
  for (int i = 1; i < count; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
      std::printf("%s\n", entry.path().filename().c_str());
      std::fflush(stdout);
      eft::fuzz_one(eft::read_text(entry.path()));
      ++files;
    }
  }
  std::filesystem::remove_all(eft::scratch_folder());
  std::printf("%d inputs\n", files);
  return files > 0 ? 0 : 1;
}
