#include "dialects/scan.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/id.h"
#include "base/search.h"
#include "dialects/field_walk.h"
#include "dialects/json_in.h"
#include "dialects/usage.h"
#include "dialects/weight.h"

namespace bastide::dialects {
namespace {

namespace od = simdjson::ondemand;

constexpr std::int64_t bytes_a_token = 2;
constexpr std::int64_t tokens_an_attachment = 2000;

enum class Field : std::uint8_t {
  model,
  stream,
  stream_options,
  limit,
  choices,
  bastide,
  generation,
  input,
  other
};

Field field_of(Dialect dialect, std::string_view key) {
  if (key == "bastide") return Field::bastide;
  if (dialect == Dialect::gemini) {
    if (key == "generationConfig" || key == "generation_config") return Field::generation;
    return Field::input;
  }
  if (key == "model") return Field::model;
  if (key == "stream") return Field::stream;
  if (key == "stream_options") return Field::stream_options;
  if (key == "n") return Field::choices;
  if (key == "max_tokens" || key == "max_completion_tokens" || key == "max_output_tokens")
    return Field::limit;
  if (key == "messages" || key == "input" || key == "system" || key == "instructions" || key == "tools" ||
      key == "prompt" || key == "suffix" || key == "prediction" || key == "response_format" || key == "text")
    return Field::input;
  return Field::other;
}

/// Of "/v1beta/models/NAME:method": NAME and whether the method streams.
void read_path(std::string_view path, ChatHead& out) {
  path = path.substr(0, path.find('?'));
  const auto models = path.find("models/");
  if (models == std::string_view::npos) return;
  auto name = path.substr(models + 7);
  const auto colon = name.rfind(':');
  out.model = name.substr(0, colon);
  out.stream = colon != std::string_view::npos && name.substr(colon + 1) == "streamGenerateContent";
}

template <class Value>
std::optional<std::int64_t> count_of(Value& value) {
  std::int64_t out = 0;
  double real = 0;
  if (value.get_int64().get(out) == simdjson::SUCCESS) return out;
  if (value.get_double().get(real) == simdjson::SUCCESS && real >= 0 && real < 1e12)
    return static_cast<std::int64_t>(real);
  return std::nullopt;
}

/// Where the value of the first key `quoted` ('"usage"') begins, at any depth; npos when there is none.
/// Within JSON a quoted word before a colon is always a key.
std::size_t value_of_key(std::string_view data, std::string_view quoted) {
  for (auto at = data.find(quoted); at != std::string_view::npos; at = data.find(quoted, at)) {
    at = data.find_first_not_of(" \t\r\n", at + quoted.size());
    if (at == std::string_view::npos || data[at] != ':') continue;
    return data.find_first_not_of(" \t\r\n", at + 1);
  }
  return std::string_view::npos;
}

/// Whether such a key has a value that is not null.
bool says(std::string_view data, std::string_view quoted) {
  const auto at = value_of_key(data, quoted);
  return at != std::string_view::npos && !data.substr(at).starts_with("null");
}

bool holds(std::string_view data, std::string_view word) {
  return find_bytes(data, word) != std::string_view::npos;
}

/// False for what is malformed, which others will complain of.
bool is_null(od::value& value) {
  bool null = false;
  return value.is_null().get(null) == simdjson::SUCCESS && null;
}

/// The JSON of a value as it stands.
bool raw_of(od::value& value, std::string_view& out) {
  od::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  if (type == od::json_type::array) {
    od::array list;
    return value.get_array().get(list) == simdjson::SUCCESS && list.raw_json().get(out) == simdjson::SUCCESS;
  }
  if (type == od::json_type::object) {
    od::object object;
    return value.get_object().get(object) == simdjson::SUCCESS &&
           object.raw_json().get(out) == simdjson::SUCCESS;
  }
  out = value.raw_json_token();
  return true;
}

}  // namespace

struct Scanner::Impl {
  od::parser parser{detail::body_bytes_max};
  simdjson::dom::parser dom{detail::body_bytes_max};
  std::vector<char> copy;
  std::string key;

  simdjson::padded_string_view padded(std::string_view bytes, std::size_t readable) {
    if (readable >= bytes.size() + simdjson::SIMDJSON_PADDING)
      return simdjson::padded_string_view(bytes.data(), bytes.size(), readable);
    if (copy.size() < bytes.size() + simdjson::SIMDJSON_PADDING)
      copy.resize(bytes.size() + simdjson::SIMDJSON_PADDING);
    std::memcpy(copy.data(), bytes.data(), bytes.size());
    return simdjson::padded_string_view(copy.data(), bytes.size(), copy.size());
  }

  /// The counts in the raw JSON of a usage object, which lies in a padded buffer.
  std::optional<Usage> usage_in(Dialect dialect, std::string_view json) {
    detail::element root;
    detail::object fields;
    if (dom.parse(json.data(), json.size(), false).get(root) != simdjson::SUCCESS ||
        root.get(fields) != simdjson::SUCCESS)
      return std::nullopt;
    return detail::read_usage(dialect, fields);
  }

  /// The usage object of `from` or of the object under `holder` in it, whichever comes first.
  std::optional<Usage> find_usage(Dialect dialect, od::object from, std::string_view holder) {
    const std::string_view name = dialect == Dialect::gemini ? "usageMetadata" : "usage";
    for (auto field : from) {
      std::string_view found;
      if (field.unescaped_key().get(found) != simdjson::SUCCESS) return std::nullopt;
      const bool inner = !holder.empty() && found == holder;
      if (found != name && !inner) continue;
      od::value value;
      if (field.value().get(value) != simdjson::SUCCESS) return std::nullopt;
      od::json_type type{};
      if (value.type().get(type) != simdjson::SUCCESS) return std::nullopt;
      if (inner && type == od::json_type::array) {  // choices: Kimi and others put it on the choice
        od::array list;
        if (value.get_array().get(list) != simdjson::SUCCESS) return std::nullopt;
        for (auto each : list) {
          od::object choice;
          if (each.get_object().get(choice) != simdjson::SUCCESS) return std::nullopt;
          if (auto usage = find_usage(dialect, choice, {})) return usage;
        }
        continue;
      }
      if (type != od::json_type::object) continue;
      od::object object;
      if (value.get_object().get(object) != simdjson::SUCCESS) return std::nullopt;
      if (inner) {
        auto usage = find_usage(dialect, object, {});
        if (usage) return usage;
        continue;
      }
      std::string_view json;
      if (object.raw_json().get(json) != simdjson::SUCCESS) return std::nullopt;
      return usage_in(dialect, json);
    }
    return std::nullopt;
  }

  /// The top-level `type`, "" when it has none.
  std::string_view type_of(std::string_view bytes, std::size_t readable) {
    od::document document;
    std::string_view type;
    const auto text = padded(bytes, readable);
    if (bytes.size() > detail::body_bytes_max || parser.iterate(text).get(document) != simdjson::SUCCESS ||
        document["type"].get_string().get(type) != simdjson::SUCCESS)
      return {};
    return type;
  }

  std::optional<Usage> usage_of(Dialect dialect, std::string_view bytes, std::size_t readable,
                                std::string_view holder) {
    if (bytes.size() > detail::body_bytes_max) return std::nullopt;
    od::document document;
    od::object root;
    const auto text = padded(bytes, readable);
    if (parser.iterate(text).get(document) != simdjson::SUCCESS ||
        document.get_object().get(root) != simdjson::SUCCESS)
      return std::nullopt;
    return find_usage(dialect, root, holder);
  }
};

Scanner::Scanner() : impl_(std::make_unique<Impl>()) {}
Scanner::~Scanner() = default;

namespace {

Result<void> read_limits(od::value value, ChatHead& out) {
  od::object fields;
  if (value.get_object().get(fields) != simdjson::SUCCESS)
    return detail::wrong("generationConfig", "an object");
  for (auto field : fields) {
    std::string_view name;
    od::value inner;
    if (field.unescaped_key().get(name) != simdjson::SUCCESS || field.value().get(inner) != simdjson::SUCCESS)
      return fail(Code::invalid, "The JSON is malformed.", "json_malformed");
    auto* target = name == "maxOutputTokens" || name == "max_output_tokens" ? &out.max_tokens
                   : name == "candidateCount" || name == "candidate_count"  ? &out.choices
                                                                            : nullptr;
    if (target == nullptr || is_null(inner)) continue;
    const auto count = count_of(inner);
    if (!count || *count < 0) return detail::wrong(name, "a count");
    *target = *count;
  }
  return {};
}

Result<void> read_stream_options(od::value value, ChatHead& out) {
  od::object fields;
  if (value.get_object().get(fields) != simdjson::SUCCESS) return {};  // null
  bool include = false;
  auto found = fields.find_field_unordered("include_usage");
  if (found.get_bool().get(include) == simdjson::SUCCESS) out.include_usage = include;
  return {};
}

Result<void> read_model(std::string_view json, const char* begin, ChatHead& out) {
  while (!json.empty() && static_cast<unsigned char>(json.back()) <= ' ') json.remove_suffix(1);
  if (json.size() < 2 || json.front() != '"' || json.back() != '"' ||
      json.find('\\') != std::string_view::npos)
    return detail::wrong("model", "a plain text");
  out.model_at = static_cast<std::size_t>(json.data() - begin);
  out.model_bytes = json.size();
  out.model = json.substr(1, json.size() - 2);
  return {};
}

/// A whole number that needs no thought; nothing for all others.
std::optional<std::int64_t> plain_count(std::string_view json) {
  constexpr std::size_t digits_max = 12;
  if (json.empty() || json.size() > digits_max || json.front() == '0') return std::nullopt;
  std::int64_t out = 0;
  for (char c : json) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

/// The head of a body that every reader understands alike; nothing where a parser must judge, or complain.
/// For dialects that name model and stream in the body.
std::optional<ChatHead> plain_head(Dialect dialect, std::string_view body) {
  ChatHead out;
  Weight weight;
  unsigned seen = 0;
  FieldWalk walk(body);
  for (;;) {
    const auto step = walk.next();
    if (step == FieldWalk::Step::unsure) return std::nullopt;
    if (step == FieldWalk::Step::end) break;
    const auto field = field_of(dialect, walk.key());
    const auto value = walk.value();
    if (field < Field::input && field != Field::limit) {
      if ((seen >> static_cast<unsigned>(field) & 1U) != 0) return std::nullopt;
      seen |= 1U << static_cast<unsigned>(field);
    }
    switch (field) {
      case Field::model:
        if (!read_model(value, body.data(), out)) return std::nullopt;
        break;
      case Field::stream:
        if (value != "true" && value != "false") return std::nullopt;
        out.stream = value == "true";
        break;
      case Field::stream_options:
        if (value != R"({"include_usage":true})" && value != R"({"include_usage": true})")
          return std::nullopt;
        out.include_usage = true;
        break;
      case Field::limit:
      case Field::choices: {
        const auto count = plain_count(value);
        if (!count) return std::nullopt;
        auto& target = field == Field::limit ? out.max_tokens : out.choices;
        target = field == Field::limit ? std::max(target, *count) : *count;
        break;
      }
      case Field::bastide:
        out.has_bastide = true;
        break;
      case Field::input: {
        weight.add(value, walk.long_strings());
        break;
      }
      default:
        break;
    }
  }
  out.input_tokens_max =
      static_cast<std::int64_t>(weight.text) / bytes_a_token + weight.attachments * tokens_an_attachment;
  out.names_file = walk.names_file();
  return out;
}

/// FieldWalk::names_file, where a parser judged.
bool may_name_file(std::string_view body) {
  constexpr std::string_view begin = "\"file_";
  constexpr std::size_t id_bytes = 31;
  for (;;) {
    const auto at = find_bytes(body, begin);
    if (at >= body.size()) return false;
    const auto string = body.substr(at + 1, id_bytes + 1);
    if (string.ends_with('"') && is_id(string.substr(0, id_bytes), "file")) return true;
    body.remove_prefix(at + begin.size());
  }
}

bool has_room(std::string_view bytes, std::size_t readable) {
  return readable >= bytes.size() + simdjson::SIMDJSON_PADDING;
}

}  // namespace

Result<ChatHead> Scanner::head_of_request(Dialect dialect, std::string_view path, std::string_view body,
                                          std::size_t readable_bytes) {
  const auto malformed = [] { return fail(Code::invalid, "The JSON is malformed.", "json_malformed"); };
  if (body.size() > detail::body_bytes_max)
    return fail(Code::too_large, "The JSON is too large.", "json_too_large");
  if (dialect != Dialect::gemini && has_room(body, readable_bytes))
    if (auto plain = plain_head(dialect, body)) return *plain;
  ChatHead out;
  if (dialect == Dialect::gemini) read_path(path, out);
  od::document document;
  od::object root;
  const auto text = impl_->padded(body, readable_bytes);
  if (impl_->parser.iterate(text).get(document) != simdjson::SUCCESS) return malformed();
  if (document.get_object().get(root) != simdjson::SUCCESS)
    return fail(Code::invalid, "The JSON is not an object.", "not_an_object");

  unsigned seen = 0;
  Weight weight;
  for (auto entry : root) {
    std::string_view key;
    od::value value;
    if (entry.unescaped_key().get(key) != simdjson::SUCCESS || entry.value().get(value) != simdjson::SUCCESS)
      return malformed();
    const auto field = field_of(dialect, key);
    // "max_tokens" beside "max_completion_tokens" is two fields; the larger one is reserved for.
    if (field < Field::input && field != Field::limit) {
      if ((seen >> static_cast<unsigned>(field) & 1U) != 0)
        return fail(Code::invalid, "A field stands twice in the JSON.", "duplicate_field");
      seen |= 1U << static_cast<unsigned>(field);
    }
    Result<void> read{};
    std::string_view json;
    switch (field) {
      case Field::model:
        if (!raw_of(value, json)) return malformed();
        read = read_model(json, text.data(), out);
        break;
      case Field::stream:
        if (is_null(value)) break;
        if (value.get_bool().get(out.stream) != simdjson::SUCCESS)
          return detail::wrong("stream", "true or false");
        break;
      case Field::stream_options:
        read = read_stream_options(value, out);
        break;
      case Field::limit:
      case Field::choices: {
        if (is_null(value)) break;
        const auto count = count_of(value);
        if (!count || *count < 1) return detail::wrong(key, "a count from 1");
        auto& target = field == Field::limit ? out.max_tokens : out.choices;
        target = field == Field::limit ? std::max(target, *count) : *count;
        break;
      }
      case Field::generation:
        read = read_limits(value, out);
        break;
      case Field::bastide:
        out.has_bastide = true;
        break;
      case Field::input: {
        if (!raw_of(value, json)) return malformed();
        weight.add(json, FieldWalk::long_strings_of(json));
        break;
      }
      default:
        break;
    }
    if (!read) return pass(read);
  }
  const char* rest = nullptr;
  if (document.current_location().get(rest) != simdjson::OUT_OF_BOUNDS) return malformed();
  if (out.model_bytes > 0) out.model = body.substr(out.model_at + 1, out.model_bytes - 2);
  out.names_file = may_name_file(body);
  out.input_tokens_max =
      static_cast<std::int64_t>(weight.text) / bytes_a_token + weight.attachments * tokens_an_attachment;
  return out;
}

std::optional<Usage> Scanner::usage_of_answer(Dialect dialect, std::string_view body,
                                              std::size_t readable_bytes) {
  if (dialect != Dialect::gemini && has_room(body, readable_bytes) && body.size() <= detail::body_bytes_max) {
    FieldWalk walk(body);
    std::string_view usage;
    bool twice = false;
    auto step = walk.next();
    for (; step == FieldWalk::Step::field; step = walk.next())
      if (walk.key() == "usage") twice = !std::exchange(usage, walk.value()).empty() || twice;
    if (step == FieldWalk::Step::end && !twice)
      return usage.starts_with('{') ? impl_->usage_in(dialect, usage) : std::nullopt;
  }
  return impl_->usage_of(dialect, body, readable_bytes, {});
}

EventScan Scanner::scan_event(Dialect dialect, std::string_view data, std::size_t readable_bytes) {
  EventScan out;
  const auto usage = [&](std::string_view holder) {
    out.usage = impl_->usage_of(dialect, data, readable_bytes, holder);
  };
  switch (dialect) {
    case Dialect::openai:
    case Dialect::mistral:
      out.ends = data.starts_with("[DONE]");
      out.fails = says(data, "\"error\"") && !holds(data, "\"choices\"");
      if (says(data, "\"usage\"")) usage("choices");
      break;
    case Dialect::responses:
      if (holds(data, "\"response.completed\"") || holds(data, "\"response.incomplete\"") ||
          holds(data, "\"response.failed\"") || holds(data, "\"error\"")) {
        const auto type = impl_->type_of(data, readable_bytes);
        out.ends = type == "response.completed" || type == "response.incomplete";
        out.fails = type == "response.failed" || type == "error";
        if (out.ends || out.fails) usage("response");
      }
      break;
    case Dialect::anthropic:
      if (holds(data, "\"message_stop\"") || holds(data, "\"error\"")) {
        const auto type = impl_->type_of(data, readable_bytes);
        out.ends = type == "message_stop";
        out.fails = type == "error";
      }
      if (says(data, "\"usage\"")) usage("message");
      break;
    case Dialect::gemini:
      out.ends = says(data, "\"finishReason\"");
      out.fails = says(data, "\"error\"") && !holds(data, "\"candidates\"");
      if (says(data, "\"usageMetadata\"")) usage({});
      break;
  }
  return out;
}

void StreamMeter::take(const EventScan& event) {
  if (event.usage) {
    if (!usage_) usage_.emplace();
    detail::merge_usage(*usage_, *event.usage);
  }
  ended_ = ended_ || event.ends;
  failed_ = failed_ || event.fails;
}

}  // namespace bastide::dialects
