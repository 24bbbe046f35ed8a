#include "dialects/dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bastide::dialects {
namespace {

constexpr std::array<std::pair<Dialect, std::string_view>, 5> names{{{Dialect::openai, "openai"},
                                                                     {Dialect::responses, "responses"},
                                                                     {Dialect::anthropic, "anthropic"},
                                                                     {Dialect::gemini, "gemini"},
                                                                     {Dialect::mistral, "mistral"}}};
constexpr std::size_t warning_bytes_max = 1024;

}  // namespace

std::string_view dialect_name(Dialect dialect) {
  return std::ranges::find(names, dialect, &std::pair<Dialect, std::string_view>::first)->second;
}

Result<Dialect> parse_dialect(std::string_view name) {
  const auto found = std::ranges::find(names, name, &std::pair<Dialect, std::string_view>::second);
  if (found == names.end())
    return fail(Code::invalid, "A dialect is openai, responses, anthropic, gemini or mistral.",
                "unknown_dialect");
  return found->first;
}

void lose(Losses& losses, std::string field, std::string sentence) {
  losses.push_back({Loss::Weight::harmless, std::move(field), std::move(sentence)});
}

void lose_meaning(Losses& losses, std::string field, std::string sentence) {
  losses.push_back({Loss::Weight::meaning, std::move(field), std::move(sentence)});
}

Result<void> refuse_losses(const Losses& losses) {
  const auto found = std::ranges::find(losses, Loss::Weight::meaning, &Loss::weight);
  if (found == losses.end()) return {};
  return fail(Code::unsupported, fmt::format("\"{}\": {}", found->field, found->sentence),
              "field:" + found->field, "Leave the field out, or choose a model that knows it.");
}

std::string warning_of(const Losses& losses) {
  std::string out;
  for (const auto& loss : losses) {
    if (loss.weight != Loss::Weight::harmless) continue;
    auto one = loss.field + ": " + loss.sentence;
    std::ranges::replace_if(one, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    if (out.size() + one.size() + 2 > warning_bytes_max) break;
    if (!out.empty()) out += "; ";
    out += one;
  }
  return out;
}

}  // namespace bastide::dialects
