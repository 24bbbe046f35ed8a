// Calls for a provider that speaks another dialect than their caller.
#include <algorithm>

#include "dialects/codec.h"
#include "dialects/prompt_cache.h"
#include "gateway/passing.h"
#include "gateway/translator.h"

namespace bastide::gateway {
namespace {

using dialects::Dialect;

constexpr int client_error = 4;  // the hundreds of a status

// What the short way keeps no state for, or what several answers ask of it.
bool needs_stages(const dialects::ChatRequest& request, Dialect dialect) {
  const bool is_kept = dialect == Dialect::responses && request.store.value_or(true);
  return is_kept || request.background || !request.previous_response_id.empty() ||
         request.sampling.n.value_or(1) != 1 || request.bastide.has_value();
}

// Mistral's clients call OpenAI's address: read as what it is, nothing of it would be lost.
bool may_be_mistral(const dialects::Losses& losses) {
  return std::ranges::any_of(losses, [](const dialects::Loss& loss) {
    return loss.field == "safe_prompt" || loss.field == "random_seed" || loss.field == "prompt_mode" ||
           loss.field.ends_with(".prefix");
  });
}

// The stages try other names for a field that a server does not know.
bool asks_for_other_names(const net::Relayed& kept) {
  return kept.status / 100 == client_error && (kept.body.find("max_completion_tokens") != std::string::npos ||
                                               kept.body.find("stream_options") != std::string::npos);
}

}  // namespace

bool Gateway::read(Passing& passing) {
  if (passing.neutral) return true;
  if (&passing.codec != &dialects::codec_of(passing.dialect))
    return false;  // no other dialect has this address
  auto request =
      passing.codec.decode_request(passing.body, {std::string(passing.head.model), passing.head.stream});
  if (!request || needs_stages(*request, passing.dialect)) return false;
  passing.neutral = std::move(*request);
  return true;
}

bool Gateway::mask(Passing& passing, const Sight& sight) const {
  if (!read(passing)) return false;
  auto masked = rooms_.guard.mask(*passing.neutral, desk().texts.without(sight.places));
  // What the guard found stands where no token can take its place.
  if (!masked || masked->masked.empty() || !masked->restorer) return false;
  passing.neutral = std::move(masked->request);
  passing.restorer = std::move(masked->restorer);
  passing.found_types = masked->types;
  return true;
}

bool Gateway::translate(Passing& passing, const Plan& plan) {
  const auto dialect = plan.upstream->dialect;
  auto& translated = passing.translated;
  if (passing.passes_as_bytes(plan) || (translated.plan == &plan && translated.cap == passing.cap))
    return true;
  if (plan.needs_stages.load(std::memory_order_relaxed) || !read(passing)) return false;
  auto& request = *passing.neutral;
  const auto marked = request.cache;
  dialects::cache_where_it_pays(request, dialect);
  if (passing.cap > 0) request.sampling.max_tokens = passing.cap;
  dialects::EncodeOptions options;
  options.model = plan.card.upstream;
  // Proofs say themselves which of these dialects they are for.
  options.same_model = dialect == Dialect::anthropic || dialect == Dialect::gemini;
  if (plan.upstream->limit_field == "max_completion_tokens")
    options.limit = dialects::EncodeOptions::LimitField::max_completion_tokens;
  dialects::Losses losses;
  auto body = dialects::codec_of(dialect).encode_request(request, options, losses);
  request.cache = marked;  // another provider may be asked next
  if (!body || !dialects::refuse_losses(losses)) return false;
  if (passing.dialect == Dialect::openai && may_be_mistral(losses)) return false;
  translated = {&plan, passing.cap, std::move(*body), dialects::warning_of(losses)};
  return true;
}

void Gateway::put_in_words(Turn& turn, const Plan& plan) {
  if (asks_for_other_names(*turn.kept)) {
    plan.needs_stages.store(true, std::memory_order_relaxed);
    turn.what = Turn::What::needs_stages;
    return;
  }
  if (!turn.error) turn.error = Translator::error_of(dialects::codec_of(plan.upstream->dialect), *turn.kept);
}

Task<Gateway::Turn> Gateway::give_whole(net::ServerCall& http, Passing& passing, const Plan& plan,
                                        Translator& translator, std::string_view body) const {
  auto answer = translator.whole(body);
  if (!answer) co_return Turn{Turn::What::failed, std::move(answer.error()), {}};
  plan.upstream->health.succeeded();
  keep_copy(passing, plan, translator);
  settle(passing, &translator, {200, {}});
  auto sent = co_await http.send({200, translator.headers(), std::move(*answer)});
  (void)sent;  // the client left meanwhile
  co_return Turn{Turn::What::answered, {}, {}};
}

}  // namespace bastide::gateway
