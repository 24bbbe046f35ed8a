// What a model writes: no caller's doing, but nobody's promise either.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "fuzz/models/families.h"
#include "models/local/answer_parser.h"
#include "models/local/llama_impl.h"

namespace {

using namespace bastide::models::local;
using bastide::models::fuzz::families;

constexpr std::size_t answer_max_bytes = 512;  // each piece is parsed from the beginning
constexpr const char* bodies[] = {
    R"({"messages":[{"role":"user","content":"Hello"}]})",
    R"({"messages":[{"role":"user","content":"Weather?"}],"tools":[{"type":"function","function":{"name":"get_weather",
        "parameters":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}}}}}]})"};

/// By family, without and with tools.
const AnswerFormat& format_of(std::size_t family, bool has_tools) {
  static std::array<std::array<AnswerFormat, 2>, families.size()> formats = [] {
    silence_llama();
    std::array<std::array<AnswerFormat, 2>, families.size()> out;
    for (std::size_t i = 0; i < families.size(); ++i) {
      const auto templates = read_templates(common_chat_templates_init(
          nullptr, bastide::models::fuzz::template_of(families[i]), "<s>", "</s>"));
      for (const int tools : {0, 1})
        out[i][static_cast<std::size_t>(tools)] =
            render(templates, common_json::parse(bodies[tools]), {}).format;
    }
    return out;
  }();
  return formats[family][has_tools];
}

void check(const Delta& delta) {
  if (bastide::to_valid_utf8(delta.text) != delta.text) std::abort();
  if (!delta.tool_calls.empty() && !nlohmann::json::accept(delta.tool_calls)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  auto format = format_of(data[0] % families.size(), (data[1] & 1) != 0);
  if (format.parsers.empty()) return 0;
  format.continues = (data[1] & 2) != 0;
  const std::size_t piece = 1 + data[2] % 32;
  const auto text = bastide::to_valid_utf8(
      std::string_view(reinterpret_cast<const char*>(data + 3), std::min(size - 3, answer_max_bytes)));
  bastide::Steady::time_point now{};
  ParsingTime time;
  time.now = [&] { return now += std::chrono::seconds(1); };
  AnswerParser parser(std::move(format), time);
  TextGate gate({});
  for (std::size_t at = 0; at < text.size(); at += piece)
    check(parser.feed(gate.feed(std::string_view(text).substr(at, piece)), AnswerParser::Piece::text));
  check(parser.finish(gate.finish(), (data[1] & 4) != 0 ? Ending::cut : Ending::whole));
  return 0;
}
