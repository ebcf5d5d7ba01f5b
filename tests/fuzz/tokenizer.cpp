// A tokenizer.json, then texts that it encodes and decodes.
#include "text/tokenizer.h"

#include "target.h"

namespace eft {

void fuzz_one(std::string_view input) {
  const auto path = scratch_folder() / "tokenizer.json";
  write_text(path, std::string(input));
  expect_errors_only([&] {
    const Tokenizer tokenizer = Tokenizer::load(path);
    for (const std::string& text :
         {std::string("Hello wörld 👩🏽‍💻\r\n  <bos>x<eos>"), std::string(input.substr(0, 256))}) {
      expect_errors_only([&] {
        const auto spans = tokenizer.encode_spans(text);
        for (const TokenSpan& span : spans) expect(span.begin <= span.end && span.end <= text.size(), "a span inside");
        expect(tokenizer.encode(text).size() == spans.size(), "as many ids as spans");
        tokenizer.decode(tokenizer.encode(text), true);
      });
    }
  });
}

}  // namespace eft
