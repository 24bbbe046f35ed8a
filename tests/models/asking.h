// Questions to a local model, and what came of them.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "models/local/local_model.h"

namespace bastide::models::test {

struct End {
  exchange::Finish finish = exchange::Finish::stop;
  exchange::Usage usage{};
};

struct Outcome {
  std::string text;
  std::string reasoning;
  std::optional<End> finish;
  std::optional<Error> error;
  exchange::Computed computed{};
};

inline Task<Outcome> read_all(exchange::Completion& completion) {
  Outcome out;
  while (true) {
    auto next = co_await completion.next();
    if (!next) {
      out.error = next.error();
      co_return out;
    }
    if (auto* text = std::get_if<dialects::TextDelta>(&*next)) out.text += text->text;
    if (auto* thought = std::get_if<dialects::ReasoningDelta>(&*next)) out.reasoning += thought->text;
    if (auto* end = std::get_if<dialects::Finished>(&*next)) out.finish = End{end->finish, {}};
    if (auto* usage = std::get_if<dialects::UsageGiven>(&*next))
      out.finish->usage = exchange::usage_of(usage->usage);
    if (std::holds_alternative<dialects::End>(*next)) {
      out.computed = completion.computed();
      co_return out;
    }
  }
}

inline Task<Outcome> ask(std::shared_ptr<local::LocalModel> model, std::string body,
                         std::stop_token stop = {}) {
  auto completion = co_await model->start(std::move(body), stop);
  if (!completion) {
    Outcome out;
    out.error = completion.error();
    co_return out;
  }
  auto out = co_await read_all(**completion);
  co_return out;
}

inline std::string body(const std::string& question,
                        const std::string& more = R"("max_tokens":24,"temperature":0)") {
  return R"({"messages":[{"role":"user","content":")" + question + R"("}],)" + more + "}";
}

}  // namespace bastide::models::test
