#include "base/file_kind.h"

#include <gtest/gtest.h>

namespace eft {
namespace {

TEST(FileKind, names_what_stands_where_weights_should) {
  EXPECT_NE(known_impostor("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n").find("git lfs pull"),
            std::string::npos);
  EXPECT_NE(known_impostor("\n<!DOCTYPE HTML><html>").find("a web page"), std::string::npos);
  EXPECT_NE(known_impostor("<html lang=\"en\">").find("a web page"), std::string::npos);
  EXPECT_NE(known_impostor("GGUF\x03").find("GGUF"), std::string::npos);
  EXPECT_NE(known_impostor("PK\x03\x04rest").find("torch.save"), std::string::npos);
  EXPECT_NE(known_impostor("\x80\x02}q").find("torch.save"), std::string::npos);
  EXPECT_NE(known_impostor("\x1f\x8b\x08").find("gzip"), std::string::npos);
  EXPECT_EQ(known_impostor("{\"a\": 1}"), "");
  EXPECT_EQ(known_impostor(""), "");
}

}  // namespace
}  // namespace eft
