#include "exchange/queue_place.h"

#include <fmt/format.h>

#include <charconv>

namespace bastide::exchange {
namespace {

// No provider's stream carries this name: codecs name raw events after their dialect's.
constexpr std::string_view event_name = "bastide.queue";

}  // namespace

dialects::StreamEvent event_of(const QueuePlace& place) {
  return dialects::RawEvent{dialects::Dialect::openai, std::string(event_name),
                            fmt::format("{} {}", place.place, place.wait_s)};
}

std::optional<QueuePlace> queue_place_of(const dialects::StreamEvent& event) {
  const auto* raw = std::get_if<dialects::RawEvent>(&event);
  if (!raw || raw->name != event_name) return std::nullopt;
  QueuePlace out;
  const char* end = raw->json.data() + raw->json.size();
  const auto place = std::from_chars(raw->json.data(), end, out.place);
  if (place.ec != std::errc() || place.ptr == end) return std::nullopt;
  if (std::from_chars(place.ptr + 1, end, out.wait_s).ec != std::errc()) return std::nullopt;
  return out;
}

std::string sentence_of(const QueuePlace& place) {
  if (place.place == 0) return "The model begins now.";
  if (place.wait_s == 0) return fmt::format("Waiting for the model: place {} in the queue.", place.place);
  return fmt::format("Waiting for the model: place {} in the queue, about {} s.", place.place, place.wait_s);
}

}  // namespace bastide::exchange
