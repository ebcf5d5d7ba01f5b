#include "base/cache_folder.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>

namespace eft {
namespace {

/// Sets a variable of the environment, or removes it, until the end of the scope.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Variable() { set(old_ ? old_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const { value != nullptr ? setenv(name_, value, 1) : unsetenv(name_); }

  const char* name_;
  std::optional<std::string> old_;
};

TEST(CacheFolder, is_the_chosen_one_or_lies_in_the_home) {
  const Variable home("HOME", "/people/ada");
  {
    const Variable chosen("XDG_CACHE_HOME", "/disk/cache");
    EXPECT_EQ(user_cache_folder(), "/disk/cache");
  }
  for (const char* none : {static_cast<const char*>(nullptr), ""}) {
    const Variable chosen("XDG_CACHE_HOME", none);
    EXPECT_EQ(user_cache_folder(), "/people/ada/.cache");
    const Variable nowhere("HOME", none);
    EXPECT_EQ(user_cache_folder(), "");
  }
}

}  // namespace
}  // namespace eft
