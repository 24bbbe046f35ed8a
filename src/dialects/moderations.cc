#include "dialects/moderations.h"

#include <algorithm>

#include "dialects/common.h"
#include "dialects/json_in.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects {
namespace {

using namespace detail;
using Of = ModerationRequest::Of;

/// Whether a string under this name is something that somebody said. Within lists names do not matter.
bool is_said(std::string_view name) { return name.empty() || name == "text" || name == "content"; }

/// Writes `value` with the next of `texts` in the place of each text that somebody said; collects instead
/// when there are none.
class Leaves {
 public:
  explicit Leaves(const std::vector<std::string>* texts) : texts_(texts) {}

  void walk(element value, std::string_view name) {
    if (const auto text = as_text(value); text && is_said(name)) return take(*text);
    if (const auto list = as_array(value)) {
      json.array();
      for (const auto each : *list) walk(each, {});
      json.end();
    } else if (const auto fields = as_object(value)) {
      json.object();
      for (const auto [key, inner] : *fields) {
        has_media = has_media || (key == "type" && as_text(inner).value_or("text") != "text");
        json.key(key);
        walk(inner, key);
      }
      json.end();
    } else {
      json.raw(raw(value));
    }
  }

  JsonWriter json;
  std::vector<std::string> found;
  bool has_media = false;

 private:
  void take(std::string_view text) {
    if (!texts_) found.emplace_back(text);
    json.value(texts_ ? std::string_view(texts_->at(next_++)) : text);
  }
  const std::vector<std::string>* texts_;
  std::size_t next_ = 0;
};

/// One input: a text, a list of parts, or a conversation.
void read_one(element value, ModerationRequest& out) {
  Leaves leaves(nullptr);
  leaves.walk(value, {});
  out.has_media = out.has_media || leaves.has_media;
  for (auto& text : leaves.found) out.leaves.push_back({std::move(text), out.inputs});
  ++out.inputs;
}

Result<void> read_input(element value, ModerationRequest& out) {
  out.leaves.clear();  // of two fields of a name the last one counts
  out.inputs = 0;
  out.has_media = false;
  const auto wanted = out.of == Of::conversations ? "a list of messages, or of such lists"
                                                  : "a text, a list of 1 to 2,048 texts, or a list of parts";
  const auto list = as_array(value);
  if (list && list->begin() == list->end()) return wrong("input", wanted);
  const bool is_one = !list || (*list->begin()).is_object();
  if (!list && (!value.is_string() || out.of == Of::conversations)) return wrong("input", wanted);
  out.input_json = raw(value);
  if (is_one) {
    read_one(value, out);
    return {};
  }
  for (const auto each : *list) {
    const bool fits = out.of == Of::conversations ? each.is_array() : each.is_string();
    if (!fits || out.inputs >= moderation_inputs_max) return wrong("input", wanted);
    read_one(each, out);
  }
  return {};
}

}  // namespace

Result<ModerationRequest> decode_moderation(Dialect from, Of of, std::string_view body) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return std::unexpected(root.error());
  ModerationRequest out;
  out.from = from;
  out.of = of;
  for (const auto [name, value] : *root) {
    if (value.is_null()) continue;
    if (name == "input" || name == "inputs") {
      if (auto read = read_input(value, out); !read) return pass(read);
    } else if (name == "model") {
      const auto model = as_text(value);
      if (!model) return wrong("model", "a text");
      out.model = *model;
    } else if (name == "bastide") {
      auto options = read_bastide(value);
      if (!options) return pass(options);
      out.bastide = std::move(*options);
    } else {
      out.others.push_back({from, std::string(name), raw(value)});
    }
  }
  if (out.inputs == 0) return wrong("input", "a text or a list of 1 to 2,048 texts");
  return out;
}

Result<ModerationCall> encode_moderation(Dialect to, const ModerationRequest& request,
                                         const std::vector<std::string>& texts, std::string_view upstream,
                                         Losses& losses) {
  if (to != Dialect::openai && to != Dialect::mistral)
    return fail(Code::unsupported, "The provider of this model judges no texts.", "no_capability",
                "An administrator must take the capability out of the configuration.");
  if (texts.size() != request.leaves.size())
    return fail(Code::internal, "The guard gave back another number of texts.");
  if (request.of == Of::conversations && to != Dialect::mistral)
    lose_meaning(losses, "input", "This model's provider judges texts, not conversations.");
  if (request.has_media && to != Dialect::openai)
    lose_meaning(losses, "input", "This model's provider judges texts, not images.");
  JsonIn json;
  const auto wrapped = "{\"input\":" + request.input_json + "}";
  const auto root = json.object_of(wrapped);
  if (!root) return std::unexpected(root.error());
  Leaves leaves(&texts);
  for (const auto [name, value] : *root) leaves.walk(value, {});
  JsonWriter out;
  out.object().field("model", upstream).key("input").raw(leaves.json.text());
  put_others(out, request.others, to);
  lose_others(losses, request.others, to);
  return ModerationCall{request.of == Of::conversations ? "/chat/moderations" : "/moderations",
                        out.end().take()};
}

Result<std::string> translate_moderation(Dialect from, Dialect to, std::string body) {
  JsonIn json;
  const auto root = json.object_of(body);
  const auto results = root ? array_at(*root, "results") : std::nullopt;
  if (!results)
    return fail(Code::upstream, "The provider sent no judgements of its dialect.", "invalid_json",
                "An administrator must check the provider's address and dialect.");
  if (from == to || to != Dialect::openai) return body;
  JsonWriter out;
  out.object();
  for (const auto [name, value] : *root)
    if (name != "results") out.key(name).raw(raw(value));
  out.key("results").array();
  for (const auto each : *results) {
    const auto fields = as_object(each);
    if (!fields) continue;
    const auto categories = object_at(*fields, "categories");
    bool flagged = false;
    if (categories)
      for (const auto [name, value] : *categories) flagged = flagged || as_flag(value).value_or(false);
    out.object().field("flagged", flagged);
    for (const auto [name, value] : *fields)
      if (name != "flagged") out.key(name).raw(raw(value));
    out.end();
  }
  return out.end().end().take();
}

std::string encode_judgements(std::string_view id, std::string_view model,
                              const std::vector<Judgement>& judgements) {
  JsonWriter json;
  json.object().field("id", id).field("model", model).key("results").array();
  for (const auto& judgement : judgements) {
    const auto is_found = [](const auto& category) { return category.score > 0; };
    json.object().field("flagged", std::ranges::any_of(judgement.categories, is_found));
    json.key("categories").object();
    for (const auto& category : judgement.categories) json.field(category.name, is_found(category));
    json.end().key("category_scores").object();
    for (const auto& category : judgement.categories) json.field(category.name, category.score);
    json.end().key("category_applied_input_types").object();
    for (const auto& category : judgement.categories) json.key(category.name).array().value("text").end();
    json.end().end();
  }
  return json.end().end().take();
}

}  // namespace bastide::dialects
