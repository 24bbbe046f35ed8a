#include "http_api/model_calls/moderation.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/id.h"
#include "dialects/moderations.h"
#include "http_api/model_calls/door_work.h"

namespace bastide::http_api {
namespace {

using dialects::Dialect;
using dialects::Judgement;
using dialects::ModerationRequest;

constexpr std::size_t body_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t answer_bytes_max = 32 * 1024 * 1024;
constexpr std::string_view own_model = "bastide-guard";

/// Mistral's names where it has them.
constexpr std::array<std::string_view, 4> own_categories{"pii", "secret", "injection", "jailbreaking"};

/// Nothing for what is no harm by itself: a town, a firm.
std::optional<std::size_t> category_of(std::string_view finding) {
  if (finding == "location" || finding == "organisation") return std::nullopt;
  if (finding == "secret") return 1;
  if (finding == "injection") return 2;
  return finding == "jailbreak" ? 3 : 0;
}

class Moderation final : public DoorWork {
 public:
  Moderation(Call& call, ModerationRequest request) : DoorWork(call), request_(std::move(request)) {}

  Task<Result<void>> call(policy::ModelCard model, Leaves leaves, std::vector<std::string> texts) override {
    const auto dialect = spoken_by(model);
    if (!dialect) {
      auto judged = co_await judge();
      co_return judged;
    }
    if (request_.has_media)
      if (auto may = refuse_unread(leaves, "input"); !may) co_return may;
    dialects::Losses losses;
    auto encoded = dialects::encode_moderation(*dialect, request_, texts, model.upstream, losses);
    if (!encoded) co_return pass(encoded);
    if (auto said = lose(std::move(losses)); !said) co_return said;
    auto answer = co_await send(std::move(model), std::move(encoded->path), std::move(encoded->body));
    if (!answer) co_return pass(answer);
    auto text = co_await exchange::read_all(std::move(*answer), answer_bytes_max);
    if (!text) co_return pass(text);
    count(dialects::told_usage(*dialect, *text));
    auto told = dialects::translate_moderation(*dialect, request_.from, std::move(*text));
    if (!told) co_return pass(told);
    whole().body = std::move(*told);
    co_return Result<void>{};
  }

 private:
  /// By the guard, on the pool: it reads every byte.
  Task<Result<void>> judge() {
    auto judgements = co_await door().blocking([this] { return judge_all(services().guard, stop()); });
    if (!judgements) co_return pass(judgements);
    whole().body = dialects::encode_judgements(new_id("modr"), own_model, *judgements);
    co_return Result<void>{};
  }

  Result<std::vector<Judgement>> judge_all(const exchange::Guard& guard, const std::stop_token& stop) const {
    std::vector<Judgement> out(request_.inputs);
    for (auto& judgement : out)
      for (const auto name : own_categories) judgement.categories.push_back({name, 0});
    for (std::size_t i = 0; i < request_.leaves.size(); ++i) {
      const auto& leaf = request_.leaves[i];
      const bool is_last = i + 1 == request_.leaves.size() || request_.leaves[i + 1].input != leaf.input;
      if (request_.of == ModerationRequest::Of::conversations && !is_last) continue;
      if (stop.stop_requested()) return fail(Code::cancelled, "The caller left.");
      const auto verdict = guard.inspect(leaf.text);
      if (verdict.decision == "block")
        return fail(Code::unavailable, "The text could not be looked at in full.", "guard_failed");
      for (const auto& finding : verdict.findings) {
        const auto category = category_of(finding.type);
        if (!category) continue;
        auto& score = out[leaf.input].categories[*category].score;
        score = std::max(score, finding.score);
      }
    }
    return out;
  }

  const ModerationRequest request_;
};

Task<Result<void>> answer(Call& call, ModerationRequest::Of of) {
  auto body = co_await call.http.read_all(body_bytes_max);
  if (!body) co_return pass(body);
  const auto dialect =
      of == ModerationRequest::Of::conversations ? Dialect::mistral : dialect_of_client(call);
  auto request = dialects::decode_moderation(dialect, of, *body);
  if (!request) co_return pass(request);
  WorkAsk ask;
  ask.dialect = request->from;
  const bool by_guard = request->model.empty() || request->model == own_model;
  if (by_guard && request->has_media)
    co_return fail(Code::unsupported, "\"input\": the guard of this house judges texts, not images.",
                   "field:input", "Name a model that judges images.");
  if (!by_guard) {
    ask.capability = "moderation";
    ask.model = request->model;
  }
  ask.bastide = request->bastide;
  for (const auto& leaf : request->leaves) ask.texts.push_back(leaf.text);
  Moderation work(call, std::move(*request));
  auto answered = co_await run_work(call, std::move(ask), work);
  co_return answered;
}

}  // namespace

Task<Result<void>> answer_moderations(Call& call) {
  auto answered = co_await answer(call, ModerationRequest::Of::texts);
  co_return answered;
}

Task<Result<void>> answer_chat_moderations(Call& call) {
  auto answered = co_await answer(call, ModerationRequest::Of::conversations);
  co_return answered;
}

}  // namespace bastide::http_api
