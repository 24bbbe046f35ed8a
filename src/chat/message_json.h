// Messages as the workspace's API shows them (docs/workspace-api.md, MSG).
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "chat/conversation_store.h"
#include "exchange/citation_json.h"
#include "exchange/exchange.h"

namespace bastide::chat {

[[nodiscard]] std::string_view state_name(MessageState state);
void write_message(JsonWriter& json, const StoredMessage& message);
[[nodiscard]] std::string masked_json(const std::vector<exchange::Masked>& masked);

/// What only answers have, as the object that is kept beside the message: model, place, label, citations,
/// usage, cost, energy, quoting, masked, error.
[[nodiscard]] std::string answer_meta(const exchange::Exchange& exchange, const policy::Labels& labels,
                                      const policy::Router& router, std::string_view masked_json,
                                      const Error* error);
/// The problem that an answer's error shows.
[[nodiscard]] std::string error_json(const exchange::Exchange& exchange, const policy::Labels& labels,
                                     const Error& error);

}  // namespace bastide::chat
