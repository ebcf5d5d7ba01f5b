// bench_tokenize TOKENIZER TEXTS THREADS: how long a tokenizer takes to load and to encode. TEXTS has a JSON string a
// line. Prints "LOAD_SECONDS MEGABYTES_PER_SECOND TOKENS", the median of five rounds.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "text/tokenizer.h"
#include "timing.h"

namespace {

using eft::bench::Clock;
using eft::bench::seconds_since;

constexpr std::size_t kTextsAtOnce = 64;

std::vector<std::string> read_texts(const char* path) {
  std::vector<std::string> texts;
  std::istringstream lines(eft::read_text(path));
  for (std::string line; std::getline(lines, line);) texts.push_back(nlohmann::json::parse(line));
  return texts;
}

/// Tokens of all texts, encoded by so many threads.
std::size_t encode_all(const eft::Tokenizer& tokenizer, const std::vector<std::string>& texts, int threads) {
  std::atomic<std::size_t> next{0}, tokens{0};
  const auto work = [&] {
    for (std::size_t begin; (begin = next.fetch_add(kTextsAtOnce)) < texts.size();) {
      std::size_t count = 0;
      for (std::size_t i = begin; i < std::min(begin + kTextsAtOnce, texts.size()); ++i) {
        count += tokenizer.encode_spans(texts[i]).size();
      }
      tokens += count;
    }
  };
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  return tokens;
}

int run(char** arguments) {
  const auto start = Clock::now();
  const eft::Tokenizer tokenizer = eft::Tokenizer::load(arguments[1]);
  const double load = seconds_since(start);
  const std::vector<std::string> texts = read_texts(arguments[2]);
  const int threads = std::max(std::atoi(arguments[3]), 1);
  double bytes = 0;
  for (const std::string& text : texts) bytes += static_cast<double>(text.size());
  std::array<double, 5> seconds{};
  std::size_t tokens = 0;
  for (double& one : seconds) {
    const auto begin = Clock::now();
    tokens = encode_all(tokenizer, texts, threads);
    one = seconds_since(begin);
  }
  std::ranges::sort(seconds);
  std::printf("%.3f %.2f %zu\n", load, bytes / seconds[2] / 1e6, tokens);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: bench_tokenize TOKENIZER TEXTS THREADS\n");
    return 2;
  }
  try {
    return run(arguments);
  } catch (const eft::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.exit_code();
  }
}
