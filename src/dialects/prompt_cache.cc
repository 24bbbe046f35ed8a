#include "dialects/prompt_cache.h"

#include <algorithm>

namespace bastide::dialects {
namespace {

constexpr std::size_t text_bytes_min = 4096;

bool is_marked(const ChatRequest& request) {
  const auto marked = [](const auto& each) { return each.cache.has_value(); };
  return request.cache || std::ranges::any_of(request.tools, marked) ||
         std::ranges::any_of(request.messages, [&](const Message& message) {
           return std::ranges::any_of(message.parts, marked);
         });
}

}  // namespace

void cache_where_it_pays(ChatRequest& request, Dialect target) {
  if (target != Dialect::anthropic || request.from == Dialect::anthropic) return;
  const auto is_answer = [](const Message& message) { return message.role == Role::assistant; };
  if (std::ranges::none_of(request.messages, is_answer) || is_marked(request)) return;
  std::size_t bytes = 0;
  for (const auto& message : request.messages) bytes += text_of(message).size();
  if (bytes >= text_bytes_min) request.cache = CacheMarker{};
}

}  // namespace bastide::dialects
