#include "dialects/embeddings.h"

#include <fmt/format.h>

#include "dialects/common.h"
#include "dialects/json_in.h"
#include "dialects/openai/openai.h"

namespace bastide::dialects {
namespace {

using namespace detail;
using Purpose = EmbedInput::Purpose;
using Shape = EmbedRequest::Shape;

constexpr std::int64_t dimensions_max = 65'536;

Result<std::optional<std::int64_t>> read_dimensions(std::string_view field, element value) {
  const auto given = as_integer(value);
  if (!given || *given < 1 || *given > dimensions_max) return wrong(field, "a number from 1 to 65,536");
  return given;
}

// --- OpenAI and Mistral

/// A text, numbers of a vocabulary, or a list of either.
Result<void> read_input(element value, EmbedRequest& out) {
  constexpr std::string_view expected = "a text or a list of 1 to 2,048 texts";
  out.inputs.clear();  // of two fields of a name the last one counts
  out.shape = Shape::list;
  if (const auto one = as_text(value)) {
    out.shape = Shape::one;
    out.inputs.push_back({.text = std::string(*one)});
    return {};
  }
  const auto list = as_array(value);
  if (!list || list->begin() == list->end()) return wrong("input", expected);
  if ((*list->begin()).is_int64()) {
    out.shape = Shape::one;
    out.inputs.push_back({.tokens_json = raw(value)});
    return {};
  }
  for (const auto each : *list) {
    if (out.inputs.size() >= embed_inputs_max) return wrong("input", expected);
    if (const auto one = as_text(each))
      out.inputs.push_back({.text = std::string(*one)});
    else if (each.is_array())
      out.inputs.push_back({.tokens_json = raw(each)});
    else
      return wrong("input", expected);
  }
  return {};
}

Result<void> read_openai_field(std::string_view name, element value, EmbedRequest& out,
                               std::optional<std::int64_t>& dimensions) {
  const bool mistral = out.from == Dialect::mistral;
  if (name == "input" || (mistral && name == "inputs")) return read_input(value, out);
  if (name == "bastide") {
    auto options = read_bastide(value);
    if (!options) return pass(options);
    out.bastide = std::move(*options);
    return {};
  }
  // Clients of Mistral call OpenAI's address: these words are only theirs.
  if (name == "output_dimension" || name == "output_dtype") out.from = Dialect::mistral;
  if (name == "dimensions" || name == "output_dimension") {
    auto given = read_dimensions(name, value);
    if (!given) return pass(given);
    dimensions = *given;
    return {};
  }
  const bool is_word =
      name == "model" || name == "encoding_format" || name == "output_dtype" || name == "user";
  if (!is_word) {
    out.others.push_back({out.from, std::string(name), raw(value)});
    return {};
  }
  const auto word = as_text(value);
  if (!word) return wrong(name, "a text");
  if (name == "model") out.model = *word;
  if (name == "user") out.user = *word;
  if (name == "output_dtype") out.dtype = *word;
  if (name == "encoding_format") {
    if (*word != "float" && *word != "base64") return wrong(name, "\"float\" or \"base64\"");
    out.encoding_word = *word;
    if (*word == "base64") out.encoding = EmbedRequest::Encoding::base64;
  }
  return {};
}

Result<void> read_openai(const object& root, EmbedRequest& out) {
  std::optional<std::int64_t> dimensions;
  for (const auto [name, value] : root) {
    if (value.is_null()) continue;
    if (auto read = read_openai_field(name, value, out, dimensions); !read) return read;
  }
  if (out.from == Dialect::mistral)
    for (auto& field : out.others) field.from = Dialect::mistral;
  if (out.model.empty()) return wrong("model", "the name of a model");
  if (out.inputs.empty()) return wrong("input", "a text or a list of 1 to 2,048 texts");
  for (auto& input : out.inputs) input.dimensions = dimensions;
  return {};
}

Result<std::string> write_openai(Dialect to, const EmbedRequest& request, std::string_view upstream,
                                 Losses& losses) {
  const bool mistral = to == Dialect::mistral;
  const bool same = request.from == to;
  JsonWriter json;
  json.object().field("model", upstream);
  // Numbers are asked for where the answer must be read here.
  if (same && !request.encoding_word.empty())
    json.field("encoding_format", request.encoding_word);
  else if (!same && !mistral)
    json.field("encoding_format", "float");
  const auto& first = request.inputs.front();
  if (first.dimensions) json.field(mistral ? "output_dimension" : "dimensions", *first.dimensions);
  if (!request.dtype.empty() && mistral)
    json.field("output_dtype", request.dtype);
  else if (!request.dtype.empty() && request.dtype != "float")
    lose_meaning(losses, "output_dtype", "This model's provider makes vectors of real numbers only.");
  if (!request.user.empty() && !mistral) json.field("user", request.user);
  if (!request.user.empty() && mistral) lose(losses, "user", "The provider has no word for it.");
  json.key("input");
  if (request.shape == Shape::list) json.array();
  for (std::size_t i = 0; i < request.inputs.size(); ++i) {
    const auto& input = request.inputs[i];
    if (input.dimensions != first.dimensions)
      lose_meaning(losses, fmt::format("requests[{}].outputDimensionality", i),
                   "This model's provider makes all vectors of one call of one length.");
    if (!input.content_json.empty())
      lose_meaning(losses, fmt::format("requests[{}].content", i), "Only texts can be embedded.");
    if (!input.tokens_json.empty() && mistral)
      lose_meaning(losses, "input", "This model's provider embeds texts, not tokens.");
    input.tokens_json.empty() ? json.value(input.text) : json.raw(input.tokens_json);
    if (i == 0 && !input.task.empty()) lose(losses, "taskType", "The provider has no word for it.");
    if (i == 0 && !input.title.empty()) lose(losses, "title", "The provider has no word for it.");
    if (i == 0) lose_others(losses, input.others, to);
  }
  if (request.shape == Shape::list) json.end();
  put_others(json, request.others, to);
  lose_others(losses, request.others, to);
  return json.end().take();
}

// --- Gemini

/// A field in either of the spellings that Google's servers take.
bool is_field(std::string_view name, std::string_view camel, std::string_view snake) {
  return name == camel || name == snake;
}

Purpose purpose_of(std::string_view task) {
  if (task == "RETRIEVAL_QUERY" || task == "QUESTION_ANSWERING" || task == "FACT_VERIFICATION" ||
      task == "CODE_RETRIEVAL_QUERY")
    return Purpose::query;
  return task == "RETRIEVAL_DOCUMENT" ? Purpose::passage : Purpose::any;
}

Result<void> read_content(const std::string& path, element value, EmbedInput& out) {
  const auto fields = as_object(value);
  const auto parts = fields ? array_at(*fields, "parts") : std::nullopt;
  if (!parts || parts->begin() == parts->end()) return wrong(path + "content", "a content with parts");
  for (const auto part : *parts) {
    const auto part_fields = as_object(part);
    if (!part_fields) return wrong(path + "content.parts", "a list of parts");
    element given;
    if ((*part_fields)["text"].get(given) != simdjson::SUCCESS) {
      out.content_json = raw(value);
      continue;
    }
    const auto piece = as_text(given);
    if (!piece) return wrong(path + "content.parts", "a list of parts");
    out.text += *piece;
  }
  return {};
}

Result<EmbedInput> read_gemini_one(const object& fields, const std::string& path, EmbedRequest& request) {
  EmbedInput out;
  bool has_content = false;
  for (const auto [name, value] : fields) {
    if (value.is_null() || name == "model") continue;
    if (name == "content") {
      has_content = true;
      if (auto read = read_content(path, value, out); !read) return pass(read);
    } else if (is_field(name, "outputDimensionality", "output_dimensionality")) {
      auto given = read_dimensions(path + "outputDimensionality", value);
      if (!given) return pass(given);
      out.dimensions = *given;
    } else if (is_field(name, "taskType", "task_type") || name == "title") {
      const auto word = as_text(value);
      if (!word) return wrong(path + std::string(name), "a text");
      (name == "title" ? out.title : out.task) = *word;
    } else if (name == "bastide" && path.empty()) {
      auto options = read_bastide(value);
      if (!options) return pass(options);
      request.bastide = std::move(*options);
    } else {
      out.others.push_back({Dialect::gemini, std::string(name), raw(value)});
    }
  }
  if (!has_content) return wrong(path + "content", "a content with parts");
  out.purpose = purpose_of(out.task);
  return out;
}

Result<void> read_gemini_list(const object& root, EmbedRequest& out) {
  constexpr std::string_view expected = "a list of 1 to 2,048 requests";
  for (const auto [name, value] : root) {
    if (name == "bastide") {
      auto options = read_bastide(value);
      if (!options) return pass(options);
      out.bastide = std::move(*options);
      continue;
    }
    if (name != "requests") {
      if (!value.is_null()) out.others.push_back({Dialect::gemini, std::string(name), raw(value)});
      continue;
    }
    const auto list = as_array(value);
    if (!list) return wrong("requests", expected);
    for (const auto each : *list) {
      const auto path = fmt::format("requests[{}].", out.inputs.size());
      const auto fields = as_object(each);
      if (!fields || out.inputs.size() >= embed_inputs_max) return wrong("requests", expected);
      auto input = read_gemini_one(*fields, path, out);
      if (!input) return pass(input);
      out.inputs.push_back(std::move(*input));
    }
  }
  if (out.inputs.empty()) return wrong("requests", expected);
  return {};
}

void write_gemini_one(JsonWriter& json, const EmbedInput& input, const std::string& model, Losses& losses) {
  json.object().field("model", model).key("content");
  if (!input.content_json.empty())
    json.raw(input.content_json);
  else
    json.object().key("parts").array().object().field("text", input.text).end().end().end();
  if (!input.tokens_json.empty())
    lose_meaning(losses, "input", "This model's provider embeds texts, not tokens.");
  if (!input.task.empty()) json.field("taskType", input.task);
  if (!input.title.empty()) json.field("title", input.title);
  if (input.dimensions) json.field("outputDimensionality", *input.dimensions);
  put_others(json, input.others, Dialect::gemini);
  json.end();
}

EmbedCall write_gemini(const EmbedRequest& request, std::string_view upstream, Losses& losses) {
  const auto model = "models/" + std::string(upstream);
  if (!request.dtype.empty() && request.dtype != "float")
    lose_meaning(losses, "output_dtype", "This model's provider makes vectors of real numbers only.");
  if (!request.user.empty()) lose(losses, "user", "The provider has no word for it.");
  lose_others(losses, request.others, Dialect::gemini);
  JsonWriter json;
  // One by one is how its newest models are asked; all of them know it.
  if (request.inputs.size() == 1 && request.shape == Shape::one) {
    write_gemini_one(json, request.inputs.front(), model, losses);
    return {"/" + model + ":embedContent", json.take()};
  }
  json.object().key("requests").array();
  for (const auto& input : request.inputs) write_gemini_one(json, input, model, losses);
  json.end();
  put_others(json, request.others, Dialect::gemini);
  return {"/" + model + ":batchEmbedContents", json.end().take()};
}

}  // namespace

Result<EmbedRequest> decode_embed_request(Dialect from, std::string_view body, std::string_view model,
                                          Shape shape) {
  JsonIn json;
  const auto root = json.object_of(body);
  if (!root) return std::unexpected(root.error());
  EmbedRequest out;
  out.from = from;
  out.model = model;
  out.shape = shape;
  if (from != Dialect::gemini) {
    if (auto read = read_openai(*root, out); !read) return pass(read);
    return out;
  }
  if (shape == Shape::list) {
    if (auto read = read_gemini_list(*root, out); !read) return pass(read);
    return out;
  }
  auto input = read_gemini_one(*root, "", out);
  if (!input) return pass(input);
  out.inputs.push_back(std::move(*input));
  return out;
}

Result<EmbedCall> encode_embed_request(Dialect to, const EmbedRequest& request, std::string_view upstream,
                                       Losses& losses) {
  if (to == Dialect::anthropic)
    return fail(Code::unsupported, "The provider of this model makes no embeddings.", "no_capability",
                "An administrator must take the capability out of the configuration.");
  if (to == Dialect::gemini) return write_gemini(request, upstream, losses);
  auto body = write_openai(to, request, upstream, losses);
  if (!body) return pass(body);
  return EmbedCall{"/embeddings", std::move(*body)};
}

}  // namespace bastide::dialects
