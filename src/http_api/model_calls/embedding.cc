#include "http_api/model_calls/embedding.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/id.h"
#include "base/text.h"
#include "http_api/model_calls/door_work.h"

namespace bastide::http_api {
namespace {

using dialects::Dialect;
using dialects::EmbedAnswer;
using dialects::EmbedInput;
using dialects::EmbedRequest;

constexpr std::size_t body_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t answer_bytes_max = 64 * 1024 * 1024;
constexpr std::size_t gemini_texts_a_call = 100;  // its servers' own limit

/// The first `dimensions` numbers, of length one again (Matryoshka Representation Learning, Kusupati et al.
/// 2022).
void cut(std::vector<float>& vector, std::size_t dimensions) {
  vector.resize(dimensions);
  double square = 0;
  for (const float x : vector) square += static_cast<double>(x) * x;
  if (square <= 0) return;
  for (float& x : vector) x = static_cast<float>(x / std::sqrt(square));
}

std::string field_of_dimensions(Dialect from) {
  return from == Dialect::gemini    ? "outputDimensionality"
         : from == Dialect::mistral ? "output_dimension"
                                    : "dimensions";
}

/// What a model on this machine cannot do.
Result<void> check_local(const EmbedRequest& request) {
  if (!request.dtype.empty() && request.dtype != "float")
    return fail(Code::unsupported, "\"output_dtype\": models on this machine give real numbers only.",
                "field:output_dtype", "Leave the field out.");
  for (const auto& input : request.inputs) {
    const auto* field = request.from == Dialect::gemini ? "content.parts" : "input";
    if (!input.tokens_json.empty() || !input.content_json.empty())
      return fail(Code::unsupported,
                  fmt::format("\"{}\": models on this machine embed texts, not tokens or images.", field),
                  fmt::format("field:{}", field), "Send texts.");
  }
  return {};
}

struct Cutting {
  exchange::TooLong too_long = exchange::TooLong::refuse;
  dialects::Others others;  // without the fields that say it
};

/// Whether texts that are too long are cut, in the words that clients have for it: `truncate` of Cohere and
/// of Text Embeddings Inference, `truncate_prompt_tokens` of vLLM (-1: at what the model reads), Gemini's
/// `autoTruncate`.
Result<Cutting> cutting_of(const EmbedRequest& request) {
  constexpr std::array<std::string_view, 3> names{"truncate", "truncate_prompt_tokens", "autoTruncate"};
  constexpr std::array<std::string_view, 3> cuts{"true", "\"END\"", "-1"};
  constexpr std::array<std::string_view, 3> refuses{"false", "\"NONE\"", "null"};
  Cutting out;
  const auto take = [&](const dialects::Others& fields) -> Result<void> {
    for (const auto& field : fields) {
      if (std::ranges::find(names, field.name) == names.end()) {
        out.others.push_back(field);
      } else if (std::ranges::find(cuts, field.json) != cuts.end()) {
        out.too_long = exchange::TooLong::cut;
      } else if (std::ranges::find(refuses, field.json) == refuses.end()) {
        return fail(Code::invalid,
                    fmt::format("\"{}\": texts are cut at what the model reads, or not at all.", field.name),
                    "invalid_" + field.name, "Say \"truncate\": true.");
      }
    }
    return {};
  };
  if (auto taken = take(request.others); !taken) return pass(taken);
  for (const auto& input : request.inputs)
    if (auto taken = take(input.others); !taken) return pass(taken);
  return out;
}

class Embedding final : public DoorWork {
 public:
  Embedding(Call& call, EmbedRequest request) : DoorWork(call), request_(std::move(request)) {}

  Task<Result<void>> call(policy::ModelCard model, Leaves leaves, std::vector<std::string> texts) override {
    auto request = request_;
    if (auto put = put_texts(std::move(texts), leaves, request); !put) co_return put;
    const auto dialect = spoken_by(model);
    if (!dialect) {
      auto embedded = co_await call_local(model, std::move(request));
      co_return embedded;
    }
    if (*dialect == request.from) {
      auto passed = co_await pass_on(model, request);
      co_return passed;
    }
    auto translated = co_await translate(model, *dialect, std::move(request));
    co_return translated;
  }

 private:
  /// The texts as they may go to the model.
  Result<void> put_texts(std::vector<std::string> texts, Leaves leaves, EmbedRequest& request) const {
    if (texts.size() != request.inputs.size())
      return fail(Code::internal, "The guard gave back another number of texts.");
    for (std::size_t i = 0; i < texts.size(); ++i) {
      auto& input = request.inputs[i];
      if (!input.tokens_json.empty())
        if (auto may = refuse_unread(leaves, "input"); !may) return may;
      // Within a content of more than texts nothing can be replaced.
      if (!input.content_json.empty() && texts[i] != input.text)
        if (auto may = refuse_unread(leaves, "content"); !may) return may;
      input.text = std::move(texts[i]);
    }
    return {};
  }

  /// Asked in the dialect that the caller spoke: the answer is the provider's own, byte by byte.
  Task<Result<void>> pass_on(const policy::ModelCard& model, const EmbedRequest& request) {
    auto answer = co_await ask_provider(model, request.from, request);
    if (!answer) co_return pass(answer);
    count(dialects::told_usage(request.from, *answer));
    whole().body = std::move(*answer);
    co_return Result<void>{};
  }

  Task<Result<void>> translate(const policy::ModelCard& model, Dialect dialect, EmbedRequest request) {
    const auto at_once = dialect == Dialect::gemini ? gemini_texts_a_call : dialects::embed_inputs_max;
    EmbedAnswer all;
    dialects::Usage usage;
    bool counted = true;
    for (std::size_t first = 0; first < request.inputs.size(); first += at_once) {
      auto some = request;
      const auto begin = request.inputs.begin() + static_cast<std::ptrdiff_t>(first);
      const auto count = std::min(at_once, request.inputs.size() - first);
      some.inputs.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
      auto text = co_await ask_provider(model, dialect, some);
      if (!text) co_return pass(text);
      auto answer = dialects::decode_embed_answer(dialect, *text, count);
      if (!answer) co_return pass(answer);
      std::ranges::move(answer->vectors, std::back_inserter(all.vectors));
      counted = counted && answer->usage;
      if (answer->usage) usage.input += answer->usage->input;
    }
    if (counted) this->usage() = exchange::usage_of(usage);
    finish(model, std::move(all));
    co_return Result<void>{};
  }

  Task<Result<std::string>> ask_provider(const policy::ModelCard& model, Dialect dialect,
                                         const EmbedRequest& request) {
    dialects::Losses losses;
    auto encoded = dialects::encode_embed_request(dialect, request, model.upstream, losses);
    if (!encoded) co_return pass(encoded);
    if (auto said = lose(std::move(losses)); !said) co_return pass(said);
    auto answer = co_await send(model, std::move(encoded->path), std::move(encoded->body));
    if (!answer) co_return pass(answer);
    auto text = co_await exchange::read_all(std::move(*answer), answer_bytes_max);
    co_return text;
  }

  Task<Result<void>> call_local(const policy::ModelCard& model, EmbedRequest request) {
    if (auto able = check_local(request); !able) co_return able;
    const auto cutting = cutting_of(request);
    if (!cutting) co_return std::unexpected(cutting.error());
    dialects::Losses losses;
    for (const auto& field : cutting->others)
      dialects::lose(losses, field.name, "Models on this machine have no word for it.");
    if (auto said = lose(std::move(losses)); !said) co_return said;
    using Kind = exchange::Models::EmbedKind;
    using Purpose = EmbedInput::Purpose;
    constexpr std::array<std::pair<Purpose, Kind>, 3> kinds{
        {{Purpose::any, Kind::raw}, {Purpose::query, Kind::query}, {Purpose::passage, Kind::passage}}};
    EmbedAnswer answer;
    std::size_t texts_cut = 0;
    answer.vectors.resize(request.inputs.size());
    for (const auto& [purpose, kind] : kinds) {
      std::vector<std::string> texts;
      std::vector<std::size_t> places;
      for (std::size_t i = 0; i < request.inputs.size(); ++i) {
        if (request.inputs[i].purpose != purpose) continue;
        texts.push_back(request.inputs[i].text);
        places.push_back(i);
      }
      if (texts.empty()) continue;
      auto read = co_await services().models.embed(model.id, std::move(texts), kind, cutting->too_long);
      if (!read) co_return pass(read);
      for (std::size_t i = 0; i < places.size(); ++i) answer.vectors[places[i]] = std::move(read->vectors[i]);
      usage().input_tokens += read->tokens;
      texts_cut += read->texts_cut;
    }
    if (cutting->too_long == exchange::TooLong::cut) answer.texts_cut = texts_cut;
    for (std::size_t i = 0; i < answer.vectors.size(); ++i)
      if (auto fits = cut_to(request.inputs[i].dimensions, model, answer.vectors[i]); !fits) co_return fits;
    finish(model, std::move(answer));
    co_return Result<void>{};
  }

  [[nodiscard]] Result<void> cut_to(std::optional<std::int64_t> dimensions, const policy::ModelCard& model,
                                    std::vector<float>& vector) const {
    if (!dimensions || static_cast<std::size_t>(*dimensions) == vector.size()) return {};
    const auto& trained = model.embedding_dimensions;
    if (std::ranges::find(trained, *dimensions) == trained.end() ||
        static_cast<std::size_t>(*dimensions) > vector.size()) {
      const auto field = field_of_dimensions(request_.from);
      return fail(Code::unsupported,
                  fmt::format("\"{}\": this model's vectors have {} numbers{}.", field, vector.size(),
                              trained.empty() ? "; it was not trained to be cut"
                                              : fmt::format(", or {}", fmt::join(trained, ", "))),
                  "field:" + field, "Leave the field out.");
    }
    cut(vector, static_cast<std::size_t>(*dimensions));
    return {};
  }

  void finish(const policy::ModelCard& model, EmbedAnswer answer) {
    if (usage().input_tokens == 0) {
      usage().estimated = true;
      for (const auto& input : request_.inputs)
        usage().input_tokens += static_cast<std::int64_t>(count_code_points(input.text) + 2) / 3;
    }
    answer.usage = dialects::Usage{};
    answer.usage->input = usage().input_tokens;
    whole().body = dialects::encode_embed_answer(request_, answer, new_id("emb"), model.id);
  }

  const EmbedRequest request_;
};

Task<Result<void>> answer(Call& call, Result<EmbedRequest> request) {
  if (!request) co_return pass(request);
  WorkAsk ask;
  ask.dialect = request->from;
  ask.capability = "embeddings";
  ask.model = request->model;
  ask.bastide = request->bastide;
  for (const auto& input : request->inputs) ask.texts.push_back(input.text);
  Embedding work(call, std::move(*request));
  auto answered = co_await run_work(call, std::move(ask), work);
  co_return answered;
}

}  // namespace

Task<Result<void>> answer_embeddings(Call& call) {
  auto body = co_await call.http.read_all(body_bytes_max);
  if (!body) co_return pass(body);
  auto answered = co_await answer(call, dialects::decode_embed_request(dialect_of_client(call), *body));
  co_return answered;
}

Task<Result<void>> answer_gemini_embeddings(Call& call, EmbedRequest::Shape shape) {
  auto body = co_await call.http.read_all(body_bytes_max);
  if (!body) co_return pass(body);
  auto answered =
      co_await answer(call, dialects::decode_embed_request(Dialect::gemini, *body, call.variables[0], shape));
  co_return answered;
}

}  // namespace bastide::http_api
