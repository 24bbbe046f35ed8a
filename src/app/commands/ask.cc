// `bastide ask`: the same way as in the browser, answered on the terminal.
#include <fmt/format.h>

#include <cstdio>

#include "app/commands.h"
#include "app/commands/acting.h"
#include "app/program.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "exchange/citation_json.h"
#include "exchange/exchange.h"

namespace bastide::app {
namespace {

// Prints text as it comes; what was withheld or replaced is said on its own line.
class TerminalSink final : public exchange::AnswerSink {
 public:
  enum class Mode { live, silent };
  explicit TerminalSink(Mode mode) : mode_(mode) {}

  Task<Result<void>> on_stage(const exchange::StageTrace&) override { co_return Result<void>{}; }
  Task<Result<void>> on_masked(const std::vector<exchange::Masked>& masked) override {
    if (mode_ == Mode::live) {
      fmt::print(stderr, "{} values are masked before the question leaves:\n", masked.size());
      for (const auto& item : masked) fmt::print(stderr, "  {} → {}\n", item.original, item.token);
    }
    co_return Result<void>{};
  }
  Task<Result<void>> on_text(std::string text) override {
    if (mode_ == Mode::live) {
      fmt::print("{}", text);
      std::fflush(stdout);
    }
    co_return Result<void>{};
  }
  Task<Result<void>> on_reasoning(std::string) override { co_return Result<void>{}; }
  Task<Result<void>> on_citation(const exchange::Citation&) override { co_return Result<void>{}; }
  Task<Result<void>> on_replace(std::string text, std::string) override {
    if (mode_ == Mode::live)
      fmt::print("\n\n(The passages do not support that answer. Their own sentences instead:)\n\n{}", text);
    co_return Result<void>{};
  }
  Task<Result<void>> on_event(dialects::StreamEvent) override { co_return Result<void>{}; }
  Task<Result<void>> on_done(const exchange::Exchange&) override { co_return Result<void>{}; }

 private:
  Mode mode_;
};

Task<Result<void>> walk(const exchange::Pipeline& pipeline, exchange::Exchange& exchange) {
  auto done = co_await pipeline.run(exchange);
  co_return done;
}

std::string as_json(const exchange::Exchange& exchange, const policy::Labels& labels) {
  JsonWriter json;
  json.object().field("answer", exchange.answer).key("citations").array();
  for (const auto& citation : exchange.citations) write_citation(json, citation);
  return json.end().key("receipt").raw(exchange::receipt_json(exchange, labels)).end().take();
}

}  // namespace

int ask_command(const Common& common, const AskOptions& options) {
  log::set_level(log::Level::warn);
  auto config = load_config(common);
  if (!config) return complain(config.error());
  auto program = Program::open(*config, common.data_folder);
  if (!program) return complain(program.error());
  auto who = acting_person((*program)->identity(), options.user);
  if (!who) return complain(who.error());

  exchange::Exchange exchange;
  exchange.id = new_id("ex");
  exchange.who = std::move(*who);
  exchange.ask.door = "cli";
  exchange.ask.model = options.model;
  if (!options.label.empty()) exchange.ask.label = options.label;
  exchange.ask.quote_only = options.quote_only;
  exchange.ask.language = language_of_terminal();
  exchange.ask.messages.push_back(dialects::text_message(dialects::Role::user, options.question));
  for (const auto& given : options.collections) {
    auto found = (*program)->library().find_collection(exchange.who, given);
    if (!found) return complain(found.error());
    exchange.ask.collections.push_back(found->id);
  }
  TerminalSink sink(options.json ? TerminalSink::Mode::silent : TerminalSink::Mode::live);
  exchange.sink = &sink;
  auto done = run_on_loop((*program)->loop(), walk((*program)->pipeline(), exchange));
  if (!done) return complain(done.error());
  if (options.json) {
    fmt::print("{}\n", as_json(exchange, (*program)->labels()));
    return 0;
  }
  fmt::print("\n");
  for (const auto& citation : exchange.citations) {
    fmt::print("\n[{}] {}", citation.marker, citation.title);
    if (citation.page > 0) fmt::print(", p. {}", citation.page);
    fmt::print("\n    « {} »\n", citation.quote);
  }
  fmt::print("\n{} · {} · {:.4f} Wh · {}\n", exchange.quoting ? "quotes" : exchange.model.id,
             (*program)->labels().id(exchange.label), (exchange.energy.wh_low + exchange.energy.wh_high) / 2,
             exchange.id);
  return 0;
}

}  // namespace bastide::app
