#include "gateway/key_watch.h"

#include "base/task.h"
#include "base/time.h"
#include "identity/later.h"

namespace bastide::gateway {
namespace {
constexpr Millis look_every{500};
}

/// Of one thread.
struct KeyWatched::Watched {
  KeyWatched* first = nullptr;
  bool looks = false;  // a look is due
};

KeyWatched::Watched& KeyWatched::watched() {
  thread_local Watched one;
  return one;
}

Error KeyWatched::over() { return identity::key_over(); }

KeyWatched::KeyWatched(const identity::KeyTable& keys, const std::string& key) : keys_(keys), key_(key) {
  if (key.empty()) return;
  linked_ = true;
  auto& all = watched();
  next_ = all.first;
  if (next_) next_->before_ = this;
  all.first = this;
  if (all.looks) return;
  all.looks = true;
  Executor::current()->post_at(Steady::now() + look_every, [] { look(); });
}

KeyWatched::~KeyWatched() {
  if (!linked_) return;
  (before_ ? before_->next_ : watched().first) = next_;
  if (next_) next_->before_ = before_;
}

void KeyWatched::look() {
  auto& all = watched();
  const auto now = now_ms();
  const auto is_over = [&](const KeyWatched& each) {
    const auto entry = each.keys_.with_id(each.key_);
    return !entry || entry->is_over(now);
  };
  for (auto* each = all.first; each; each = each->next_) each->due_ = is_over(*each);
  // Telling one may end it, and with it any other: the list is begun anew after each.
  for (auto* each = all.first; each;) {
    if (!each->due_) {
      each = each->next_;
      continue;
    }
    each->due_ = false;
    each->on_key_over();
    each = all.first;
  }
  all.looks = all.first != nullptr;
  if (all.looks) Executor::current()->post_at(Steady::now() + look_every, [] { look(); });
}

}  // namespace bastide::gateway
