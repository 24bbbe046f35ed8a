#include "dialects/infill.h"

#include <algorithm>
#include <utility>

namespace bastide::dialects {
namespace {

constexpr std::string_view mark = "bastide.infill";  // a name that no dialect has
bool is_mark(const RawField& field) { return field.name == mark; }

}  // namespace

void mark_infill(ChatRequest& request) {
  request.others.push_back({request.from, std::string(mark), "true"});
}

bool is_infill(const ChatRequest& request) { return std::ranges::any_of(request.others, is_mark); }

bool take_infill_mark(ChatRequest& request) { return std::erase_if(request.others, is_mark) > 0; }

Gap gap_of(const ChatRequest& request) {
  Gap out;
  bool is_after = false;
  for (const auto& message : request.messages)
    if (message.role == Role::user)
      (std::exchange(is_after, true) ? out.after : out.before) = text_of(message);
  return out;
}

}  // namespace bastide::dialects
