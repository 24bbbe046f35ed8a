#include "exchange/pipeline.h"

#include "base/log.h"
#include "base/time.h"
#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

std::vector<std::unique_ptr<Stage>> in_order(const Rooms& rooms) {
  std::vector<std::unique_ptr<Stage>> stages;
  // Who asks, through which key: nothing can be judged before.
  stages.push_back(identify_stage());
  // Limits, and budgets in requests and tokens, before anything costs.
  stages.push_back(admit_stage(rooms.admission));
  // How sensitive the question is by itself; what is read later can only raise it.
  stages.push_back(label_stage(rooms.labels));
  // Personal data and secrets in the question, seen before any of it is used.
  stages.push_back(guard_in_stage(rooms.guard));
  // Passages that this person may read; their labels join. Before routing, because they decide where it may
  // go.
  stages.push_back(retrieve_stage(rooms.knowledge, rooms.labels));
  // The prompt, so that its size is known when a model is chosen.
  stages.push_back(compose_stage(rooms.models));
  // The smallest sufficient model that policy allows for the final label and that budgets can pay; nothing
  // allowed is a refusal.
  stages.push_back(route_stage(rooms.router, rooms.labels, rooms.models, rooms.admission));
  // Only now is it known whether the prompt leaves the walls.
  stages.push_back(pseudonymise_stage(rooms.router, rooms.guard));
  // Fails over until the first token, never after.
  stages.push_back(call_stage(rooms.router, rooms.models, rooms.knowledge, rooms.admission, rooms.gates));
  // While it streams: real values come back, claims are held to their passages before anyone sees them.
  stages.push_back(guard_out_stage(rooms.knowledge));
  // The receipt and the audit are durable before anyone is told that the answer is done.
  stages.push_back(record_stage(rooms));
  // The end of the stream, resumable.
  stages.push_back(deliver_stage());
  return stages;
}

constexpr std::size_t stages_before_sending = 7;  // identify to route
constexpr std::size_t index_of_admit = 1;
constexpr std::size_t index_of_retrieve = 4;
constexpr std::size_t index_of_route = 6;
constexpr std::size_t index_of_pseudonymise = 7;

}  // namespace

Pipeline::Pipeline(const Rooms& rooms)
    : rooms_(rooms), stages_(in_order(rooms)), record_(record_stage(rooms)) {}

Task<Result<void>> Pipeline::step(const Stage& stage, Exchange& exchange) const {
  StageTrace trace;
  trace.name = stage.name();
  auto begun = Steady::now();
  auto result = co_await stage.run(exchange, trace);
  trace.took_us = std::chrono::duration_cast<Micros>(Steady::now() - begun).count();
  if (!result) {
    if (trace.decision.empty())
      trace.decision = result.error().code == Code::refused_by_policy ? "refused" : "failed";
    trace.reasons.push_back(result.error().message);
  }
  exchange.trace.push_back(trace);
  // After its end an answer has no reader to tell of a stage.
  if (exchange.sink && stage.name() != "deliver") {
    auto told = co_await exchange.sink->on_stage(exchange.trace.back());
    if (!told && result) co_return pass(told);
  }
  co_return result;
}

Task<Result<void>> Pipeline::run(Exchange& exchange) const {
  std::vector<const Stage*> stages;
  for (const auto& stage : stages_) stages.push_back(stage.get());
  auto done = co_await walk(exchange, std::move(stages));
  co_return done;
}

Task<Result<void>> Pipeline::run(Exchange& exchange, Work& work) const {
  const auto call = work_stage(rooms_, work);
  std::vector<const Stage*> stages;
  for (std::size_t i = 0; i < index_of_retrieve; ++i) stages.push_back(stages_[i].get());
  stages.insert(stages.end(), {stages_[index_of_route].get(), stages_[index_of_pseudonymise].get(),
                               call.get(), record_.get()});
  exchange.prompt = exchange.ask.messages;
  auto done = co_await walk(exchange, std::move(stages));
  co_return done;
}

Task<Result<void>> Pipeline::walk(Exchange& exchange, std::vector<const Stage*> stages) const {
  exchange.started_at = now_ms();
  if (rooms_.spans) exchange.span = rooms_.spans->begin(exchange.ask.traceparent);
  for (const auto* stage : stages) {
    bool answered = stage->name() == "record" || stage->name() == "deliver";
    Result<void> result;
    if (exchange.stop.stop_requested() && !answered && exchange.answer.empty())
      result = fail(Code::cancelled, "The caller left before the answer began.");
    else
      result = co_await step(*stage, exchange);
    if (result) continue;
    log::info("exchange_ended_early", {{"exchange", exchange.id},
                                       {"stage", stage->name()},
                                       {"code", code_name(result.error().code)},
                                       {"detail", result.error().detail}});
    if (!answered) {
      exchange.finish =
          result.error().code == Code::refused_by_policy ? Finish::refusal : Finish::interrupted;
      exchange.error = code_name(result.error().code);
      exchange.status = http_status(result.error().code);
      StageTrace kept;
      auto recorded = co_await record_->run(exchange, kept);
      if (!recorded)
        log::error("receipt_not_kept",
                   {{"exchange", exchange.id}, {"code", code_name(recorded.error().code)}});
    }
    co_return result;
  }
  co_return Result<void>{};
}

Task<Result<void>> Pipeline::preview(Exchange& exchange) const {
  exchange.started_at = now_ms();
  for (std::size_t i = 0; i < stages_before_sending; ++i) {
    if (i == index_of_admit) continue;
    auto result = co_await step(*stages_[i], exchange);
    if (!result) co_return result;
  }
  co_return Result<void>{};
}

}  // namespace bastide::exchange
