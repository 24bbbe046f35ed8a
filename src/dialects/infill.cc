#include "dialects/infill.h"

#include <algorithm>
#include <utility>

namespace bastide::dialects {
namespace {

// Names that no dialect has.
constexpr std::string_view gap_mark = "bastide.gap", continuation_mark = "bastide.continuation";
bool is_mark(const RawField& field) { return field.name == gap_mark || field.name == continuation_mark; }

}  // namespace

void mark_form(ChatRequest& request, Form form) {
  (void)take_form(request);
  if (form == Form::talk) return;
  request.others.push_back(
      {request.from, std::string(form == Form::gap ? gap_mark : continuation_mark), "true"});
}

Form form_of(const ChatRequest& request) {
  const auto found = std::ranges::find_if(request.others, is_mark);
  if (found == request.others.end()) return Form::talk;
  return found->name == gap_mark ? Form::gap : Form::continuation;
}

Form take_form(ChatRequest& request) {
  const auto form = form_of(request);
  std::erase_if(request.others, is_mark);
  return form;
}

Gap gap_of(const ChatRequest& request) {
  Gap out;
  bool is_after = false;
  for (const auto& message : request.messages)
    if (message.role == Role::user)
      (std::exchange(is_after, true) ? out.after : out.before) = text_of(message);
  return out;
}

}  // namespace bastide::dialects
