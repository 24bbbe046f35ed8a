// Whole answers, ends, probabilities and sources.
#include <array>

#include "dialects/gemini/gemini.h"
#include "dialects/usage.h"

namespace bastide::dialects::gemini {
namespace {

using detail::at;

constexpr std::array<std::string_view, 10> filters{
    "SAFETY",    "RECITATION",      "BLOCKLIST",   "PROHIBITED_CONTENT",
    "SPII",      "IMAGE_SAFETY",    "MODEL_ARMOR", "IMAGE_PROHIBITED_CONTENT",
    "JAILBREAK", "IMAGE_RECITATION"};

TokenLogprob read_token(const object& from) {
  TokenLogprob out;
  out.token = text_field(from, "token");
  if (const auto value = field(from, "logProbability")) out.logprob = detail::as_real(*value).value_or(0);
  if (const auto value = field(from, "tokenId")) out.token_id = detail::as_integer(*value);
  return out;
}

Logprobs read_logprobs(const object& given) {
  Logprobs out;
  if (const auto chosen = array_field(given, "chosenCandidates"))
    for (const auto each : *chosen)
      if (const auto token = detail::as_object(each)) out.content.push_back(read_token(*token));
  if (const auto top = array_field(given, "topCandidates")) {
    std::size_t index = 0;
    for (const auto step : *top) {
      if (index == out.content.size()) break;
      auto& token = out.content[index++];
      const auto fields = detail::as_object(step);
      const auto candidates = fields ? array_field(*fields, "candidates") : std::nullopt;
      if (!candidates) continue;
      for (const auto each : *candidates)
        if (const auto one = detail::as_object(each)) token.top.push_back(read_token(*one));
    }
  }
  return out;
}

void put_token(JsonWriter& json, const TokenLogprob& token) {
  json.object().field("token", token.token);
  if (token.token_id) json.field("tokenId", *token.token_id);
  json.field("logProbability", token.logprob).end();
}

/// The web page that chunk `number` of the grounding stands for.
std::optional<object> web_of(const std::optional<array>& chunks, element number) {
  const auto index = detail::as_integer(number);
  if (!chunks || !index || *index < 0 || static_cast<std::size_t>(*index) >= chunks->size())
    return std::nullopt;
  const auto chunk = detail::as_object(chunks->at(static_cast<std::size_t>(*index)).value_unsafe());
  return chunk ? object_field(*chunk, "web") : std::nullopt;
}

}  // namespace

Finish read_finish(std::string_view reason) {
  if (reason == "STOP" || reason.empty()) return Finish::stop;
  if (reason == "MAX_TOKENS") return Finish::length;
  return std::ranges::find(filters, reason) != filters.end() ? Finish::filter : Finish::other;
}

std::string write_finish(Finish finish, const RawField& raw) {
  if (raw.from == own && raw.name == "finishReason" && raw.json.size() > 2)
    return raw.json.substr(1, raw.json.size() - 2);
  switch (finish) {
    case Finish::length:
    case Finish::context_length:
      return "MAX_TOKENS";
    case Finish::refusal:
    case Finish::filter:
      return "SAFETY";
    case Finish::cancelled:
    case Finish::other:
      return "OTHER";
    default:
      return "STOP";
  }
}

namespace {
/// What the model recited, with the addresses it is from.
void read_recited(const object& candidate, std::vector<Citation>& out) {
  const auto metadata = object_field(candidate, "citationMetadata");
  const auto sources = metadata ? array_field(*metadata, "citationSources") : std::nullopt;
  if (!sources) return;
  for (const auto each : *sources) {
    const auto source = detail::as_object(each);
    if (!source || text_field(*source, "uri").empty()) continue;
    Citation citation;
    citation.url = text_field(*source, "uri");
    citation.title = text_field(*source, "title");
    out.push_back(std::move(citation));
  }
}
}  // namespace

std::vector<Citation> read_grounding(const object& candidate) {
  std::vector<Citation> out;
  read_recited(candidate, out);
  const auto grounding = object_field(candidate, "groundingMetadata");
  if (!grounding) return out;
  const auto chunks = array_field(*grounding, "groundingChunks");
  const auto supports = array_field(*grounding, "groundingSupports");
  if (!supports) return out;
  for (const auto each : *supports) {
    const auto support = detail::as_object(each);
    const auto numbers = support ? array_field(*support, "groundingChunkIndices") : std::nullopt;
    if (!numbers) continue;
    for (const auto number : *numbers) {
      const auto web = web_of(chunks, number);
      if (!web) continue;
      Citation citation;
      citation.url = text_field(*web, "uri");
      citation.title = text_field(*web, "title");
      if (const auto segment = object_field(*support, "segment"))
        citation.quote = text_field(*segment, "text");
      out.push_back(std::move(citation));
    }
  }
  return out;
}

void read_candidate(const object& candidate, Choice& out) {
  const auto reason = text_field(candidate, "finishReason");
  out.finish = read_finish(reason);
  if (!reason.empty() && out.finish != Finish::stop && out.finish != Finish::length)
    out.finish_raw = {own, "finishReason", '"' + detail::plain_word(reason) + '"'};
  const bool calls = std::ranges::any_of(
      out.parts, [](const Part& part) { return std::holds_alternative<ToolCall>(part.content); });
  if (calls && out.finish == Finish::stop) out.finish = Finish::tool_calls;
  if (const auto logprobs = object_field(candidate, "logprobsResult"))
    out.logprobs = read_logprobs(*logprobs);
  keep_others(candidate, {"content", "finishReason", "index", "logprobsResult"}, out.others);
}

void write_logprobs(JsonWriter& json, const Logprobs& logprobs) {
  json.key("logprobsResult").object().key("chosenCandidates").array();
  for (const auto& token : logprobs.content) put_token(json, token);
  json.end().key("topCandidates").array();
  for (const auto& token : logprobs.content) {
    json.object().key("candidates").array();
    for (const auto& top : token.top) put_token(json, top);
    json.end().end();
  }
  json.end().end();
}

Result<ChatAnswer> read_answer(std::string_view body) {
  detail::JsonIn in;
  const auto root = in.object_of(body);
  if (!root) return detail::not_of_dialect("gemini");
  if (object_field(*root, "error")) return std::unexpected(read_error(0, *root, 0));
  const auto candidates = array_field(*root, "candidates");
  const auto feedback = object_field(*root, "promptFeedback");
  if (!candidates && !feedback) return detail::not_of_dialect("gemini");
  ChatAnswer out;
  out.from = own;
  out.id = text_field(*root, "responseId");
  out.model = text_field(*root, "modelVersion");
  if (candidates)
    for (const auto each : *candidates) {
      const auto candidate = detail::as_object(each);
      if (!candidate) return detail::not_of_dialect("gemini");
      Choice choice;
      const auto content = object_field(*candidate, "content");
      const auto parts = content ? array_field(*content, "parts") : std::nullopt;
      std::size_t index = 0;
      if (parts)
        for (const auto given : *parts) {
          const auto fields = detail::as_object(given);
          if (!fields) return detail::not_of_dialect("gemini");
          const auto path = at("parts", index++);
          auto part = read_part(*fields, path, out.id + "/" + std::to_string(out.choices.size()) + path);
          if (!part) return detail::not_of_dialect("gemini");
          choice.parts.push_back(std::move(*part));
        }
      read_candidate(*candidate, choice);
      auto sources = read_grounding(*candidate);
      for (auto& part : choice.parts)
        if (auto* words = std::get_if<Text>(&part.content); words && !sources.empty())
          words->citations = std::exchange(sources, {});
      out.choices.push_back(std::move(choice));
    }
  if (out.choices.empty()) {
    // The prompt itself was refused.
    Choice refused;
    refused.finish = Finish::filter;
    out.choices.push_back(std::move(refused));
  }
  if (const auto usage = object_field(*root, "usageMetadata")) {
    Others others;
    out.usage = detail::read_usage(own, *usage, &others);
    out.usage->others = std::move(others);
  }
  if (const auto ours = object_field(*root, "bastide")) out.bastide_json = simdjson::minify(*ours);
  keep_others(*root, {"candidates", "usageMetadata", "modelVersion", "responseId", "bastide"}, out.others);
  return out;
}

void lose_usage(const Usage& usage, Losses& losses) {
  if (usage.cache_write_5m + usage.cache_write_1h > 0)
    lose(losses, "usage", "The dialect gemini does not tell the tokens that were written to the cache.");
}

namespace {
void write_citations(JsonWriter& json, const Choice& choice, Losses& losses) {
  bool any = false;
  for (const auto& part : choice.parts) {
    const auto* text = std::get_if<Text>(&part.content);
    if (text == nullptr) continue;
    for (const auto& citation : text->citations) {
      if (citation.url.empty()) {
        lose(losses, "citations", "A citation without an address has no place in the dialect gemini.");
        continue;
      }
      if (!std::exchange(any, true)) json.key("citationMetadata").object().key("citationSources").array();
      json.object().field("uri", citation.url);
      if (!citation.title.empty()) json.field("title", citation.title);
      if (citation.start >= 0) json.field("startIndex", citation.start);
      if (citation.end >= 0) json.field("endIndex", citation.end);
      json.end();
    }
  }
  if (any) json.end().end();
}
}  // namespace

std::string write_answer(const ChatAnswer& answer, Losses& losses) {
  const PartContext context{Reader::client, true, {}, losses};
  JsonWriter json;
  json.object().key("candidates").array();
  for (std::size_t i = 0; i < answer.choices.size(); ++i) {
    const auto& choice = answer.choices[i];
    json.object().key("content").object().key("parts").array();
    for (std::size_t j = 0; j < choice.parts.size(); ++j) {
      const auto part = write_part(choice.parts[j], at("parts", j), context);
      if (!part.empty()) json.raw(part);
    }
    json.end().field("role", "model").end();
    json.field("finishReason", write_finish(choice.finish, choice.finish_raw)).field("index", i);
    if (choice.logprobs) write_logprobs(json, *choice.logprobs);
    bool grounded = false;
    for (const auto& each : choice.others)
      if (each.from == own) {
        grounded |= each.name == "groundingMetadata" || each.name == "citationMetadata";
        json.key(each.name).raw(each.json);
      }
    if (!grounded) write_citations(json, choice, losses);
    json.end();
  }
  json.end();
  if (answer.usage) {
    json.key("usageMetadata");
    detail::write_usage(json, own, *answer.usage);
    lose_usage(*answer.usage, losses);
  }
  json.field("modelVersion", answer.model).field("responseId", answer.id);
  for (const auto& each : answer.others)
    if (each.from == own) json.key(each.name).raw(each.json);
  if (!answer.bastide_json.empty()) json.key("bastide").raw(answer.bastide_json);
  return json.end().take();
}

}  // namespace bastide::dialects::gemini
