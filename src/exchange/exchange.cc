#include "exchange/exchange.h"

#include "exchange/ports.h"

namespace bastide::exchange {

Exchange::Exchange() = default;
Exchange::~Exchange() = default;

Task<Result<std::string>> read_all(std::unique_ptr<ProviderAnswer> answer, std::size_t bytes_max) {
  std::string all;
  while (true) {
    auto piece = co_await answer->read();
    if (!piece) co_return piece;
    if (piece->empty()) co_return all;
    if (all.size() + piece->size() > bytes_max)
      co_return fail(Code::upstream, "The provider's answer is too long.", "too_large",
                     "Choose another model.");
    all += *piece;
  }
}

Task<Result<std::unique_ptr<ProviderAnswer>>> Models::send(ProviderCall call, std::stop_token) {
  co_return fail(Code::not_found, "There is no provider of the model " + call.model.id + ".",
                 "unknown_model");
}

Usage usage_of(const dialects::Usage& usage) {
  Usage out;
  out.input_tokens = usage.input;
  out.output_tokens = usage.output;
  out.cached_input_tokens = usage.cache_read;
  out.cache_write_tokens = usage.cache_write_5m + usage.cache_write_1h;
  out.cache_write_1h_tokens = usage.cache_write_1h;
  out.reasoning_tokens = usage.reasoning;
  out.audio_input_tokens = usage.input_audio;
  out.audio_output_tokens = usage.output_audio;
  out.image_input_tokens = usage.input_image;
  out.image_output_tokens = usage.output_image;
  return out;
}

dialects::Usage usage_of(const Usage& usage) {
  dialects::Usage out;
  out.input = usage.input_tokens;
  out.output = usage.output_tokens;
  out.cache_read = usage.cached_input_tokens;
  out.cache_write_5m = usage.cache_write_tokens - usage.cache_write_1h_tokens;
  out.cache_write_1h = usage.cache_write_1h_tokens;
  out.reasoning = usage.reasoning_tokens;
  out.input_audio = usage.audio_input_tokens;
  out.output_audio = usage.audio_output_tokens;
  out.input_image = usage.image_input_tokens;
  out.output_image = usage.image_output_tokens;
  return out;
}

}  // namespace bastide::exchange
