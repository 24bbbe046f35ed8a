// What callers leave in conversations, read.
#include <fmt/format.h>

#include <algorithm>

#include "dialects/responses/responses.h"
#include "dialects/responses_state.h"

namespace bastide::dialects {
namespace {

using namespace detail;

constexpr std::size_t metadata_max = 16, name_bytes_max = 64, value_bytes_max = 512;

Result<std::string> read_metadata(element value) {
  const auto fields = as_object(value);
  bool fits = fields && fields->size() <= metadata_max;
  if (fits)
    for (const auto [name, text] : *fields) {
      const auto word = as_text(text);
      fits = fits && name.size() <= name_bytes_max && word && word->size() <= value_bytes_max;
    }
  if (!fits) return wrong("metadata", "at most 16 texts of 512 bytes, under names of at most 64");
  return raw(value);
}

}  // namespace

Result<ConversationCall> read_conversation_call(std::string_view body) {
  JsonIn in;
  const auto root = in.object_of(body.empty() ? "{}" : body);
  if (!root) return std::unexpected(root.error());
  ConversationCall out;
  for (const auto [name, value] : *root) {
    if (value.is_null()) continue;
    if (name == "metadata") {
      auto read = read_metadata(value);
      if (!read) return pass(read);
      out.metadata_json = std::move(*read);
    } else if (name == "items") {
      // As they stand in a call, which a model must be able to read later.
      auto call = read_responses_call(fmt::format(R"({{"input":{}}})", raw(value)));
      if (!call || !value.is_array()) return wrong("items", "a list of at most 2,000 items, each an object");
      if (!call->references.empty()) return wrong("items", "items themselves, not their ids");
      if (!call->items.empty())
        if (auto read = responses_codec().decode_request(whole_call(*call, {}), {}); !read) return pass(read);
      out.items = std::move(call->items);
    }
  }
  return out;
}

Result<std::string> item_with_id(std::string_view item_json, std::string_view id) {
  JsonIn in;
  const auto item = in.object_of(item_json);
  if (!item) return std::unexpected(item.error());
  JsonWriter json;
  json.object().field("id", id);
  for (const auto [name, value] : *item)
    if (name != "id") json.key(name).raw(raw(value));
  return json.end().take();
}

}  // namespace bastide::dialects
