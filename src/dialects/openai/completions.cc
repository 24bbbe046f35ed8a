// Completions of texts: read and written by way of the chat's own dialect, of which they are the elder form.
#include "dialects/completions.h"

#include <array>
#include <map>
#include <utility>

#include "base/text.h"
#include "dialects/infill.h"
#include "dialects/openai/openai.h"
#include "dialects/usage.h"

namespace bastide::dialects {
namespace {

using namespace detail;

constexpr std::int64_t tokens_unsaid = 16, top_max = 20, best_of_max = 128;
constexpr auto self = Dialect::openai;

Result<void> read_prompts(element value, std::vector<std::string>& out) {
  constexpr std::string_view expected = "a text or a list of 1 to 64 texts; lists of token ids are not read";
  if (const auto text = as_text(value)) {
    out.emplace_back(*text);
    return {};
  }
  const auto list = as_array(value);
  if (!list || list->size() == 0 || list->size() > prompts_max) return wrong("prompt", expected);
  for (const auto each : *list) {
    const auto text = as_text(each);
    if (!text) return wrong("prompt", expected);
    out.emplace_back(*text);
  }
  return {};
}

/// A field that chat does not have. `chat`: the same call in its words.
Result<bool> read_own(std::string_view name, element value, Completions& out, JsonWriter& chat) {
  if (name == "prompt") {
    if (auto read = read_prompts(value, out.prompts); !read) return pass(read);
  } else if (name == "suffix") {
    const auto text = as_text(value);
    if (!text) return wrong(name, "a text");
    out.suffix = *text;
  } else if (name == "echo") {
    const auto yes = as_flag(value);
    if (!yes) return wrong(name, "true or false");
    out.echo = *yes;
  } else if (name == "best_of") {
    out.best_of = as_integer(value).value_or(0);
    if (out.best_of < 1 || out.best_of > best_of_max) return wrong(name, "a count from 1");
  } else if (name == "logprobs") {
    const auto top = as_integer(value);
    if (!top || *top < 0 || *top > top_max) return wrong(name, "a whole number from 0 to 20");
    chat.field("logprobs", true).field("top_logprobs", *top);
  } else if (name == "max_tokens" && as_integer(value) == 0) {
    out.scores_only = true;
  } else if (name == "messages" || name == "tools" || name == "tool_choice" || name == "top_logprobs") {
    return wrong(name, "left out here: it is for /v1/chat/completions");
  } else {
    return false;
  }
  return true;
}

std::vector<element> elements(const object& from, std::string_view name) {
  std::vector<element> out;
  if (const auto list = array_at(from, name)) out.assign(list->begin(), list->end());
  return out;
}

/// {"tokens": [...], "token_logprobs": [...], "top_logprobs": [{...}]} as chat has them.
void put_chat_logprobs(JsonWriter& json, const object& given) {
  const auto tokens = elements(given, "tokens"), scores = elements(given, "token_logprobs");
  const auto tops = elements(given, "top_logprobs");
  json.object().key("content").array();
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    json.object().field("token", as_text(tokens[i]).value_or(""));
    const auto score = i < scores.size() ? as_real(scores[i]) : std::nullopt;
    json.field("logprob", score.value_or(0)).key("top_logprobs").array();
    if (const auto top = i < tops.size() ? as_object(tops[i]) : std::nullopt)
      for (const auto [token, value] : *top)
        json.object().field("token", token).field("logprob", as_real(value).value_or(0)).end();
    json.end().end();
  }
  json.end().end();
}

/// A choice as chat has it: its text under `holder` ("message" or "delta").
void put_chat_choice(JsonWriter& json, std::string_view holder, element given) {
  const auto fields = as_object(given);
  if (!fields) {
    json.raw(raw(given));
    return;
  }
  json.object().key(holder).object().field("role", "assistant").field("content", text(*fields, "text")).end();
  for (const auto [name, value] : *fields) {
    if (name == "text" || name == holder) continue;
    json.key(name);
    if (const auto logprobs = name == "logprobs" ? as_object(value) : std::nullopt)
      put_chat_logprobs(json, *logprobs);
    else
      json.raw(raw(value));
  }
  json.end();
}

/// An answer, or a chunk of one, as chat has it. What is no object stays what it is: its reader says so.
std::string as_chat(std::string_view body, std::string_view holder) {
  JsonIn in;
  const auto root = in.object_of(body);
  if (!root) return std::string(body);
  JsonWriter json;
  json.object();
  for (const auto [name, value] : *root) {
    json.key(name);
    const auto choices = name == "choices" ? as_array(value) : std::nullopt;
    if (!choices) {
      json.raw(raw(value));
      continue;
    }
    json.array();
    for (const auto each : *choices) put_chat_choice(json, holder, each);
    json.end();
  }
  return json.end().take();
}

class Decoder final : public StreamDecoder {
 public:
  Result<void> feed(std::string_view event, std::string_view data, std::vector<StreamEvent>& out) override {
    if (!data.starts_with('{')) return chat_->feed(event, data, out);
    return chat_->feed(event, as_chat(data, "delta"), out);
  }
  Result<void> finish(std::vector<StreamEvent>& out) override { return chat_->finish(out); }

 private:
  const std::unique_ptr<StreamDecoder> chat_ = make_openai_decoder(self);
};

const std::string& echo_of(const Echo& echo, std::size_t choice) {
  static const std::string nothing;
  const auto prompt = choice / static_cast<std::size_t>(std::max<std::int64_t>(echo.choices, 1));
  return prompt < echo.prompts.size() ? echo.prompts[prompt] : nothing;
}

/// `offset`: the code points of the choice's text before these tokens; counts on.
void put_logprobs(JsonWriter& json, const std::vector<TokenLogprob>& tokens, std::size_t& offset) {
  json.object().key("tokens").array();
  for (const auto& token : tokens) json.value(token.token);
  json.end().key("token_logprobs").array();
  for (const auto& token : tokens) json.value(token.logprob);
  json.end().key("top_logprobs").array();
  for (const auto& token : tokens) {
    // Tokens that are parts of characters look alike as texts.
    std::map<std::string_view, double> top;
    for (const auto& other : token.top) top.emplace(other.token, other.logprob);
    json.object();
    for (const auto& [text, score] : top) json.field(text, score);
    json.end();
  }
  json.end().key("text_offset").array();
  for (const auto& token : tokens) {
    json.value(offset);
    offset += count_code_points(token.token);
  }
  json.end().end();
}

std::string id_of(std::string_view id) {
  constexpr std::string_view prefix = "cmpl-";
  return id.starts_with(prefix) ? std::string(id) : std::string(prefix) + std::string(id);
}

void lose_part(Losses& losses) {
  lose(losses, "choices", "Only the text of an answer has a place in a completion.");
}

class Encoder final : public StreamEncoder {
 public:
  Encoder(const Echo& echo, const StreamIdentity& identity) : echo_(echo), identity_(identity) {}

  void feed(const StreamEvent& event, std::string& out, Losses& losses) override {
    std::visit(
        Overloaded{[&](const Start& it) { start(it, losses); },
                   [&](const TextDelta& it) { chunk(it.choice, it.text, nullptr, out); },
                   [&](const RefusalDelta& it) { chunk(it.choice, it.text, nullptr, out); },
                   [&](const LogprobsAdded& it) { chunk(it.choice, {}, &it.logprobs.content, out); },
                   [&](const UsageGiven& it) { usage_ = it.usage; },
                   [&](const Finished& it) { finished(it, out, losses); }, [&](const End&) { end(out); },
                   [&](const Failure& it) { append_event(out, write_openai_error(it.error, {}).body); },
                   [&](const Ping&) { append_ping(out); }, [](const PartEnd&) {},
                   [&](const PartStart& it) {
                     if (!std::holds_alternative<Text>(it.part.content)) lose_part(losses);
                   },
                   [&](const auto&) { lose_part(losses); }},
        event);
  }

 private:
  void start(const Start& it, Losses& losses) {
    if (identity_.id.empty()) identity_.id = it.id;
    if (identity_.model.empty()) identity_.model = it.model;
    if (identity_.created_s == 0) identity_.created_s = it.created_s;
    for (const auto& field : it.others)
      if (field.from == self) others_.push_back(field);
    lose_others(losses, it.others, self);
  }

  JsonWriter& head(JsonWriter& json) {
    json.object().field("id", id_of(identity_.id)).field("object", "text_completion");
    json.field("created", identity_.created_s).field("model", identity_.model);
    put_others(json, others_, self);
    return json;
  }

  /// The first text of a choice, after what it repeats.
  std::string with_echo(int choice, std::string_view text) {
    if (offsets_.contains(choice)) return std::string(text);
    const auto& echo = echo_of(echo_, static_cast<std::size_t>(choice));
    offsets_[choice] = count_code_points(echo);
    return echo + std::string(text);
  }

  void chunk(int choice, std::string_view text, const std::vector<TokenLogprob>* logprobs, std::string& out) {
    JsonWriter json;
    head(json).key("choices").array().object().field("text", with_echo(choice, text)).field("index", choice);
    json.key("logprobs");
    logprobs ? put_logprobs(json, *logprobs, offsets_[choice]) : static_cast<void>(json.null());
    append_event(out, json.key("finish_reason").null().end().end().end().take());
  }

  void finished(const Finished& it, std::string& out, Losses& losses) {
    JsonWriter json;
    head(json).key("choices").array().object().field("text", with_echo(it.choice, {}));
    json.field("index", it.choice).key("logprobs").null();
    json.field("finish_reason", openai_finish(self, it.finish, it.finish_raw));
    put_others(json, it.others, self);
    lose_others(losses, it.others, self, "choices.");
    json.end().end();
    if (!it.bastide_json.empty()) json.key("bastide").raw(it.bastide_json);
    append_event(out, json.end().take());
  }

  void end(std::string& out) {
    if (identity_.include_usage && usage_) {
      JsonWriter json;
      head(json).key("choices").array().end().key("usage");
      write_usage(json, self, *usage_);
      append_event(out, json.end().take());
    }
    append_event(out, "[DONE]");
  }

  const Echo& echo_;
  StreamIdentity identity_;
  Others others_;
  std::map<int, std::size_t> offsets_;  // code points of what each choice has told
  std::optional<Usage> usage_;
};

class Texts final : public Codec {
 public:
  explicit Texts(Echo echo) : echo_(std::move(echo)) {}

  [[nodiscard]] Dialect dialect() const override { return self; }
  [[nodiscard]] Result<ChatRequest> decode_request(std::string_view body, const RequestPath&) const override {
    auto read = read_completions(body);
    if (!read) return pass(read);
    if (read->prompts.size() != 1) return wrong("prompt", "one text");
    auto messages = messages_of(*read, 0);
    auto out = std::move(read->request);
    out.messages = std::move(messages);
    return out;
  }
  [[nodiscard]] Result<std::string> encode_request(const ChatRequest& request, const EncodeOptions& options,
                                                   Losses& losses) const override {
    // Without messages the conversation's writer has nothing but the fields that both share.
    auto rest = request;
    rest.messages.clear();
    (void)take_form(rest);
    auto texts = options;
    texts.limit = EncodeOptions::LimitField::max_tokens;
    auto talk = write_openai_request(self, rest, texts, losses);
    if (!talk) return talk;
    JsonIn in;
    auto fields = in.object_of(*talk);
    if (!fields) return pass(fields);
    JsonWriter json;
    json.object();
    for (const auto [name, value] : *fields)
      if (name != "messages" && name != "logprobs" && name != "top_logprobs")
        json.key(name).raw(detail::raw(value));
    if (request.sampling.logprobs.value_or(false))
      json.field("logprobs", request.sampling.top_logprobs.value_or(0));
    const auto gap = gap_of(request);
    json.field("prompt", gap.before);
    if (!gap.after.empty()) json.field("suffix", gap.after);
    return json.end().take();
  }
  [[nodiscard]] std::string request_path(std::string_view, bool) const override { return "/completions"; }

  [[nodiscard]] Result<ChatAnswer> decode_answer(std::string_view body) const override {
    return read_openai_answer(self, as_chat(body, "message"));
  }
  [[nodiscard]] std::string encode_answer(const ChatAnswer& answer, Losses& losses) const override {
    JsonWriter json;
    json.object().field("id", id_of(answer.id)).field("object", "text_completion");
    json.field("created", answer.created_s).field("model", answer.model).key("choices").array();
    for (std::size_t i = 0; i < answer.choices.size(); ++i) write_choice(json, i, answer.choices[i], losses);
    json.end();
    if (answer.usage) {
      json.key("usage");
      write_usage(json, self, *answer.usage);
    }
    if (!answer.bastide_json.empty()) json.key("bastide").raw(answer.bastide_json);
    put_others(json, answer.others, self);
    lose_others(losses, answer.others, self);
    return json.end().take();
  }

  [[nodiscard]] std::unique_ptr<StreamDecoder> stream_decoder() const override {
    return std::make_unique<Decoder>();
  }
  [[nodiscard]] std::unique_ptr<StreamEncoder> stream_encoder(const StreamIdentity& identity) const override {
    return std::make_unique<Encoder>(echo_, identity);
  }
  [[nodiscard]] HttpError encode_error(const Error& error, std::string_view exchange) const override {
    return openai_codec().encode_error(error, exchange);
  }
  [[nodiscard]] Error decode_error(int status, std::string_view body,
                                   const HeaderLookup& headers) const override {
    return openai_codec().decode_error(status, body, headers);
  }

 private:
  void write_choice(JsonWriter& json, std::size_t index, const Choice& choice, Losses& losses) const {
    auto offset = count_code_points(echo_of(echo_, index));
    auto text = echo_of(echo_, index);
    for (const auto& part : choice.parts)
      if (const auto* words = std::get_if<Text>(&part.content))
        text += words->text;
      else if (const auto* refusal = std::get_if<Refusal>(&part.content))
        text += refusal->text;
      else
        lose_part(losses);
    json.object().field("text", text).field("index", index).key("logprobs");
    choice.logprobs ? put_logprobs(json, choice.logprobs->content, offset) : static_cast<void>(json.null());
    json.field("finish_reason", openai_finish(self, choice.finish, choice.finish_raw));
    put_others(json, choice.others, self);
    lose_others(losses, choice.others, self, "choices.");
    json.end();
  }

  const Echo echo_;
};

}  // namespace

Result<Completions> read_completions(std::string_view body) {
  JsonIn in;
  const auto fields = in.object_of(body);
  if (!fields) return std::unexpected(fields.error());
  Completions out;
  JsonWriter chat;
  chat.object();
  for (const auto [name, value] : *fields) {
    if (value.is_null()) continue;
    auto own = read_own(name, value, out, chat);
    if (!own) return pass(own);
    if (!*own) chat.key(name).raw(raw(value));
  }
  if (out.prompts.empty()) return wrong("prompt", "a text");
  for (const auto& prompt : out.prompts)
    if (prompt.empty() && out.suffix.empty()) return wrong("prompt", "a text that is not empty");
  // The chat's reader wants a conversation.
  chat.key("messages").array().object().field("role", "user").field("content", "").end().end().end();
  auto request = read_openai_request(self, chat.text());
  if (!request) return pass(request);
  request->messages.clear();
  out.choices = std::exchange(request->sampling.n, std::nullopt).value_or(1);
  if (!request->sampling.max_tokens) request->sampling.max_tokens = tokens_unsaid;
  mark_form(*request, out.suffix.empty() ? Form::continuation : Form::gap);
  out.request = std::move(*request);
  return out;
}

std::vector<Message> messages_of(const Completions& completions, std::size_t prompt) {
  std::vector<Message> out{text_message(Role::user, completions.prompts[prompt])};
  if (!completions.suffix.empty()) out.push_back(text_message(Role::user, completions.suffix));
  return out;
}

std::unique_ptr<Codec> make_completions_codec(Echo echo) { return std::make_unique<Texts>(std::move(echo)); }

const Codec& completions_codec() {
  static const Texts codec{Echo{}};
  return codec;
}

}  // namespace bastide::dialects
