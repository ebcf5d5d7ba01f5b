#include "text/jinja/values/print.h"
#include "text/jinja/syntax/statement.h"

namespace eft::jinja {

std::shared_ptr<Loop> For::start(const Value& source, const ScopePtr& scope, Render& render) const {
  auto loop = std::make_shared<Loop>();
  if (!filter) {
    loop->items = iterate(source);
    return loop;
  }
  // Items are tested only when the loop asks for them, so that what the body sets is seen.
  loop->items = std::make_shared<Sequence>();
  loop->pull = [this, all = iterate(source), next = std::size_t{0}, scope, &render](Sequence& passed) mutable {
    while (next < all->items.size()) {
      render.step();
      const Value item = all->items[next++];
      const auto inner = std::make_shared<Scope>(Scope{scope});
      target.assign(render, inner, item);
      if (!truth(filter->evaluate(render, inner))) continue;
      passed.items.push_back(item);
      return true;
    }
    return false;
  };
  return loop;
}

void For::repeat(Render& render, const ScopePtr& scope, std::string& out, const Value& source, int depth) const {
  const auto loop = start(source, scope, render);
  loop->depth0 = depth;
  if (recursive) {
    loop->recurse = [this, scope, depth](Render& inner_render, const Arguments& arguments) {
      if (arguments.positional.size() != 1 || !arguments.named.empty()) throw Fault("loop() takes one argument");
      const CallGuard guard(inner_render);
      const int line_before = inner_render.line;
      std::string text;
      repeat(inner_render, scope, text, arguments.positional[0], depth + 1);
      inner_render.line = line_before;
      return make_string(std::move(text));
    };
  }
  bool completed_one = false;
  auto inner = std::make_shared<Scope>(Scope{scope});
  for (; loop->has(loop->index0); ++loop->index0) {
    render.step();
    render.line = line;
    // A macro may hold the scope of the last turn; otherwise it is used again.
    if (inner.use_count() > 1) inner = std::make_shared<Scope>(Scope{scope});
    inner->variables.clear();
    inner->set(loop_id, loop);
    target.assign(render, inner, loop->items->items[loop->index0]);
    const Flow flow = run_body(body, render, inner, out);
    if (flow == Flow::leave) break;
    // As in Jinja2, a turn that ends by `continue` does not count as one for `else`.
    completed_one = completed_one || flow == Flow::next;
  }
  if (!completed_one && !otherwise.empty()) {
    run_body(otherwise, render, std::make_shared<Scope>(Scope{scope}), out);
  }
}

Flow For::run(Render& render, const ScopePtr& scope, std::string& out) const {
  repeat(render, scope, out, iterable->evaluate(render, scope), 0);
  return Flow::next;
}

}  // namespace eft::jinja
