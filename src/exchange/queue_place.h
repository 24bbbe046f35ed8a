// QueuePlace: where a call stands that waits for one of this house's models.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/codec.h"

namespace bastide::exchange {

struct QueuePlace {
  int place = 0;            // 1: next; 0: it waits no longer
  std::int64_t wait_s = 0;  // about so many seconds from now; 0: not known
};

/// As a completion tells it among its events, before the answer's first word.
[[nodiscard]] dialects::StreamEvent event_of(const QueuePlace& place);
[[nodiscard]] std::optional<QueuePlace> queue_place_of(const dialects::StreamEvent& event);

/// For a person: "3rd in the queue, about 12 seconds" without the ordinal's grammar.
[[nodiscard]] std::string sentence_of(const QueuePlace& place);

/// The stage's name under which sinks learn it.
constexpr std::string_view queue_stage = "queue";

}  // namespace bastide::exchange
