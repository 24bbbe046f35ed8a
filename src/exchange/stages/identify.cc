// 1. Who asks, through which door and key.
#include <algorithm>

#include "exchange/stages/stages.h"

namespace bastide::exchange {
namespace {

std::string_view role_name(identity::Role role) {
  switch (role) {
    case identity::Role::member:
      return "A member";
    case identity::Role::manager:
      return "A manager";
    case identity::Role::admin:
      return "An administrator";
  }
  return "A member";
}

class Identify final : public Stage {
 public:
  [[nodiscard]] std::string_view name() const override { return "identify"; }

  [[nodiscard]] Task<Result<void>> run(Exchange& exchange, StageTrace& trace) const override {
    const auto& who = exchange.who;
    if (who.person.empty()) co_return fail(Code::unauthenticated, "Nobody is signed in.");
    if (!who.scopes.empty() && std::ranges::none_of(who.scopes, [](const auto& scope) {
          return scope == "chat" || scope == "models" || scope == "*";
        }))
      co_return fail(Code::forbidden, "This key may not call models.", "key_scope",
                     "Create a key with the scope chat.");
    if (!who.assistant.empty() && exchange.ask.assistant != who.assistant)
      co_return fail(Code::forbidden, "This key may only ask its own assistant.", "key_assistant",
                     "Name the assistant that the key was made for.");
    trace.decision = "known";
    trace.reasons.push_back(std::string(role_name(who.role)) + ", through " +
                            (who.via == identity::Via::key ? "an API key" : "a session") + ".");
    co_return Result<void>{};
  }
};
}  // namespace

std::unique_ptr<Stage> identify_stage() { return std::make_unique<Identify>(); }

}  // namespace bastide::exchange
