#include "dialects/told_usage.h"

#include "dialects/json_in.h"
#include "dialects/usage.h"

namespace bastide::dialects {
namespace {

using namespace detail;

constexpr double ms_a_second = 1000;

std::int64_t milliseconds(const object& from, std::string_view name) {
  element value;
  if (from[name].get(value) != simdjson::SUCCESS) return 0;
  const auto seconds = as_real(value).value_or(0);
  constexpr double most = 1e9;
  return seconds > 0 && seconds < most ? static_cast<std::int64_t>(seconds * ms_a_second) : 0;
}

}  // namespace

std::optional<ToldUsage> told_usage(Dialect from, std::string_view json) {
  JsonIn in;
  const auto root = in.object_of(json);
  const auto usage =
      root ? object_at(*root, from == Dialect::gemini ? "usageMetadata" : "usage") : std::nullopt;
  if (!usage) return std::nullopt;
  ToldUsage out;
  out.tokens = read_usage(from, *usage);
  // OpenAI's audio models count as its responses do, whisper and Mistral's (also) by time.
  if (const auto input = tokens(*usage, "input_tokens")) out.tokens.input = input;
  if (const auto output = tokens(*usage, "output_tokens")) out.tokens.output = output;
  if (const auto details = object_at(*usage, "input_token_details"))
    out.tokens.input_audio = tokens(*details, "audio_tokens");
  if (const auto details = object_at(*usage, "output_token_details"))
    out.tokens.output_audio = tokens(*details, "audio_tokens");
  out.audio_ms = milliseconds(*usage, from == Dialect::mistral ? "prompt_audio_seconds" : "seconds");
  return out;
}

}  // namespace bastide::dialects
