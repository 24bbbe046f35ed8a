// What a call costs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/config.h"
#include "policy/amounts.h"

namespace bastide::policy {

/// Of one call. `input` counts all that the model read, `output` all that it wrote; the others are parts of
/// them that have prices of their own.
struct TokenClasses {
  std::int64_t input = 0;
  std::int64_t cached_input = 0;
  std::int64_t cache_write = 0;
  std::int64_t audio_input = 0;
  std::int64_t image_input = 0;
  std::int64_t output = 0;
  std::int64_t reasoning = 0;
  std::int64_t audio_output = 0;
  std::int64_t image_output = 0;
  std::int64_t images = 0;      // that were made
  std::int64_t audio_ms = 0;    // of sound that was read: money only where the price is by time
  std::int64_t characters = 0;  // that were spoken: likewise

  [[nodiscard]] std::int64_t total() const { return input + output; }
};

enum class Batch : std::uint8_t { no, yes };

/// In Amounts' money, rounded up once for the whole call. Parts that exceed their whole are cut to it: an
/// upstream that counts wrongly never makes a negative cost.
[[nodiscard]] std::int64_t cost(const PriceConfig& price, const TokenClasses& tokens,
                                Batch batch = Batch::no);
/// The most that so many tokens can cost, whatever class they turn out to be.
[[nodiscard]] std::int64_t cost_bound(const PriceConfig& price, std::int64_t input_tokens,
                                      std::int64_t output_tokens, std::int64_t audio_ms = 0,
                                      std::int64_t characters = 0);

/// The price that holds at `wall`; null when none does yet. `prices` stand oldest first.
[[nodiscard]] const PriceConfig* price_at(std::span<const PriceConfig> prices, UnixMillis wall);

/// Why a price is what it is.
enum class PriceBasis : std::uint8_t {
  configured,
  own_machine,  // nothing is billed
  estimated     // nobody told the price: the dearest that is known stands in
};

/// For a model without a price: the dearest input and the dearest output of all `models`; where no model has
/// one, `price_of_last_resort`.
[[nodiscard]] PriceConfig stand_in_price(std::span<const ModelConfig> models);
/// Above what the large models of 2026 list, so that the estimate errs on the side that protects a budget.
inline constexpr PriceConfig price_of_last_resort{
    .input = 15, .output = 75, .audio_minute = 0.05, .characters = 60};

}  // namespace bastide::policy
