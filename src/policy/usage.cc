#include "policy/usage.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace bastide::policy {
namespace {

std::uint64_t checksum_of(const UsageRow& row) {
  constexpr auto after = sizeof(row.checksum);
  return XXH3_64bits(reinterpret_cast<const char*>(&row) + after, sizeof(row) - after);
}

std::uint32_t saturated(std::int64_t count) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(count, 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

void UsageRow::set_exchange(std::string_view id) {
  exchange = {};
  std::memcpy(exchange.data(), id.data(), std::min(id.size(), exchange.size()));
}

std::string_view UsageRow::exchange_id() const {
  const std::string_view all(exchange.data(), exchange.size());
  return all.substr(0, all.find('\0'));
}

void UsageRow::set_tokens(const TokenClasses& from) {
  input = saturated(from.input);
  cached_input = saturated(from.cached_input);
  cache_write = saturated(from.cache_write);
  audio_input = saturated(from.audio_input);
  image_input = saturated(from.image_input);
  output = saturated(from.output);
  reasoning = saturated(from.reasoning);
  audio_output = saturated(from.audio_output);
  image_output = saturated(from.image_output);
  images = saturated(from.images);
}

TokenClasses UsageRow::tokens() const {
  TokenClasses out;
  out.input = input;
  out.cached_input = cached_input;
  out.cache_write = cache_write;
  out.audio_input = audio_input;
  out.image_input = image_input;
  out.output = output;
  out.reasoning = reasoning;
  out.audio_output = audio_output;
  out.image_output = image_output;
  out.images = images;
  return out;
}

Amounts UsageRow::amounts() const {
  return {.nano_money = nano_money,
          .tokens = std::int64_t{input} + output,
          .requests = model == 0 ? 0 : 1,
          .micro_wh = micro_wh_high};
}

bool UsageRow::is_whole() const { return checksum == checksum_of(*this); }

bool UsageWriter::append(UsageRow row) {
  const auto head = ends_.head.load(std::memory_order_relaxed);
  if (head - ends_.tail.load(std::memory_order_acquire) >= capacity_) {
    ends_.refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  row.sequence = head;
  row.run = run_;
  row.writer = writer_;
  row.checksum = checksum_of(row);
  rows_[head & (capacity_ - 1)] = row;
  ends_.head.store(head + 1, std::memory_order_release);
  return true;
}

}  // namespace bastide::policy
