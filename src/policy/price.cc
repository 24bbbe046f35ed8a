#include "policy/price.h"

#include <algorithm>

namespace bastide::policy {
namespace {

constexpr double tokens_per_price = 1e6;

double dearest_input(const PriceConfig& price) {
  return std::max({price.input, price.cached_input.value_or(0), price.cache_write.value_or(0),
                   price.audio_input.value_or(0), price.image_input.value_or(0)});
}
double dearest_output(const PriceConfig& price) {
  return std::max({price.output, price.reasoning.value_or(0), price.audio_output.value_or(0),
                   price.image_output.value_or(0)});
}

/// Takes up to `part` from what is left of the whole.
double part_of(std::int64_t& left, std::int64_t part) {
  const auto taken = std::clamp<std::int64_t>(part, 0, left);
  left -= taken;
  return static_cast<double>(taken);
}

double count(std::int64_t number) { return static_cast<double>(std::max<std::int64_t>(0, number)); }

double by_time_and_characters(const PriceConfig& price, std::int64_t audio_ms, std::int64_t characters) {
  constexpr double ms_a_minute = 60'000;
  constexpr double characters_a_price = 1e6;
  return count(audio_ms) / ms_a_minute * price.audio_minute.value_or(0) +
         count(characters) / characters_a_price * price.characters.value_or(0);
}

}  // namespace

std::int64_t cost(const PriceConfig& price, const TokenClasses& tokens, Batch batch) {
  auto input = std::max<std::int64_t>(0, tokens.input);
  auto output = std::max<std::int64_t>(0, tokens.output);
  double sum = 0;
  sum += part_of(input, tokens.cached_input) * price.cached_input.value_or(price.input);
  sum += part_of(input, tokens.cache_write) * price.cache_write.value_or(price.input);
  sum += part_of(input, tokens.audio_input) * price.audio_input.value_or(price.input);
  sum += part_of(input, tokens.image_input) * price.image_input.value_or(price.input);
  sum += static_cast<double>(input) * price.input;
  sum += part_of(output, tokens.reasoning) * price.reasoning.value_or(price.output);
  sum += part_of(output, tokens.audio_output) * price.audio_output.value_or(price.output);
  sum += part_of(output, tokens.image_output) * price.image_output.value_or(price.output);
  sum += static_cast<double>(output) * price.output;
  const double images =
      static_cast<double>(std::max<std::int64_t>(0, tokens.images)) * price.image.value_or(0);
  const double others = images + by_time_and_characters(price, tokens.audio_ms, tokens.characters);
  return to_amount(Unit::money, (sum / tokens_per_price + others) * (batch == Batch::yes ? price.batch : 1));
}

std::int64_t cost_bound(const PriceConfig& price, std::int64_t input_tokens, std::int64_t output_tokens,
                        std::int64_t audio_ms, std::int64_t characters) {
  const double tokens =
      count(input_tokens) * dearest_input(price) + count(output_tokens) * dearest_output(price);
  return to_amount(Unit::money,
                   tokens / tokens_per_price + by_time_and_characters(price, audio_ms, characters));
}

const PriceConfig* price_at(std::span<const PriceConfig> prices, UnixMillis wall) {
  const PriceConfig* found = nullptr;
  for (const auto& price : prices)
    if (price.from_ms <= wall) found = &price;
  return found;
}

PriceConfig stand_in_price(std::span<const ModelConfig> models) {
  PriceConfig dearest;
  bool known = false;
  for (const auto& model : models)
    for (const auto& price : model.prices) {
      dearest.input = std::max(dearest.input, dearest_input(price));
      dearest.output = std::max(dearest.output, dearest_output(price));
      dearest.audio_minute = std::max(dearest.audio_minute, price.audio_minute);
      dearest.characters = std::max(dearest.characters, price.characters);
      known = true;
    }
  if (!known) return price_of_last_resort;
  // Nobody may have told a price by time or by characters.
  if (!dearest.audio_minute) dearest.audio_minute = price_of_last_resort.audio_minute;
  if (!dearest.characters) dearest.characters = price_of_last_resort.characters;
  return dearest;
}

}  // namespace bastide::policy
