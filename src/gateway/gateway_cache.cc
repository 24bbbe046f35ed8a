// Calls that the cache answers, or may answer next time.
#include <algorithm>

#include "gateway/passing.h"

namespace bastide::gateway {

bool Gateway::finds_answer(Passing& passing, const net::Headers& headers) const {
  const auto wish = cache_wish(headers.find("x-bastide-cache").value_or(""));
  const auto& id = passing.plan->card.id;
  const bool takes_part =
      wish == CacheWish::use || wish == CacheWish::refresh ||
      (wish == CacheWish::unsaid && std::ranges::find(cached_models_, id) != cached_models_.end());
  if (!takes_part) return false;
  const auto& who = passing.who;
  const auto rights = cache_everyone_.empty() ? who.person + "\n" + who.application : cache_everyone_;
  // The default label is that of every call that passes as bytes.
  // What an answer depends on besides the body: Gemini says in its path how it wants it, others in headers.
  std::string beside = passing.head.stream ? "stream" : "whole";
  for (const auto* field : {"anthropic-beta", "openai-beta", "anthropic-version"}) {
    beside += '\n';
    beside += headers.find(field).value_or("");
  }
  auto key = AnswerCache::key_of(rights, id, passing.dialect, beside, passing.body);
  if (!key) return false;
  passing.cache_key = *key;
  if (wish != CacheWish::refresh) passing.hit = cache_->find(*key, Steady::now());
  return passing.hit != nullptr;
}

Task<Gateway::Outcome> Gateway::replay(net::ServerCall& http, Passing& passing) const {
  passing.begun = policy::Moment::now();
  passing.account = caller_of(rooms_.accounts, passing.who, passing.begun).account;
  policy::Amounts bound;
  bound.requests = 1;
  auto admitted = passing.account->admit(bound, passing.begun);
  if (!admitted) {
    passing.hit = nullptr;
    co_return refuse(passing, std::move(admitted.error()));
  }
  passing.reservation = *admitted;
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(passing.begun.steady - passing.hit->made_at);
  net::Headers headers{{"content-type", passing.hit->content_type},
                       {"x-bastide-exchange", passing.exchange},
                       {"x-bastide-cache", "hit"},
                       {"age", std::to_string(age.count())}};
  headers.add_lines(rate_lines(*passing.account, passing.dialect, passing.begun));
  settle(passing, nullptr, {200, {}});
  auto sent = co_await http.send({200, std::move(headers), passing.hit->body});
  (void)sent;  // the client left meanwhile
  co_return Outcome{Way::answered, passing.exchange, {}, {}, {}};
}

}  // namespace bastide::gateway
