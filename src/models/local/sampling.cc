#include "models/local/sampling.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace bastide::models::local {
namespace {

constexpr std::size_t stop_words_max = 16;
constexpr std::size_t stop_word_max_bytes = 1024;
constexpr std::size_t grammar_max_bytes = 256 * 1024;
constexpr std::size_t biases_max = 1024;
constexpr std::size_t names_max = 32;
constexpr std::size_t choices_max = 256;
constexpr int logprobs_max = 20;
constexpr double token_max = 1e7;

using Json = nlohmann::ordered_json;

/// "{field}" within `message` is the field's name.
std::unexpected<Error> bad(std::string field, std::string_view message, std::vector<ErrorValue> more = {}) {
  more.push_back({"field", std::move(field)});
  return std::unexpected(error_with(std::move(more), Code::invalid, message, "bad_request"));
}

std::unexpected<Error> wants_texts(const char* field, std::size_t texts_max) {
  return bad(field, "\"{field}\" is a list of at most {texts_max} texts.",
             {{"texts_max", static_cast<std::int64_t>(texts_max)}});
}

const Json* find(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found == body.end() || found->is_null() ? nullptr : &*found;
}

/// Numbers within [low, high]; `read` names are tried in order.
template <class T>
Result<void> number(const Json& body, std::initializer_list<const char*> names, double low, double high,
                    std::optional<T>& into) {
  for (const char* name : names) {
    const Json* value = find(body, name);
    if (!value) continue;
    const bool fits = std::is_floating_point_v<T> ? value->is_number() : value->is_number_integer();
    const double read = fits ? value->get<double>() : std::nan("");
    if (!(read >= low && read <= high))
      return bad(name, "\"{field}\" is a number between {low} and {high}.", {{"low", low}, {"high", high}});
    into = static_cast<T>(read);
    return {};
  }
  return {};
}

Result<void> texts(const Json& body, const char* name, std::optional<std::vector<std::string>>& into) {
  const Json* list = find(body, name);
  if (!list) return {};
  if (!list->is_array() || list->size() > names_max ||
      !std::ranges::all_of(*list, [](const Json& each) { return each.is_string(); }))
    return wants_texts(name, names_max);
  into = list->get<std::vector<std::string>>();
  return {};
}

/// {"id": bias} as in OpenAI's dialect, or [[id or text, bias or false]] as llama-server takes it.
Result<void> read_biases(const Json& body, std::vector<LogitBias>& into) {
  const Json* biases = find(body, "logit_bias");
  if (!biases) return {};
  const auto wrong = [] {
    return bad("logit_bias",
               "\"{field}\" gives a number between -100 and 100 to at most {biases_max} tokens.",
               {{"biases_max", std::int64_t{biases_max}}});
  };
  if (!(biases->is_object() || biases->is_array()) || biases->size() > biases_max) return wrong();
  const auto add = [&](const Json& which, const Json& bias) {
    LogitBias out;
    if (which.is_number_integer())
      out.token = static_cast<std::int32_t>(std::clamp(which.get<double>(), 0.0, token_max));
    else if (which.is_string())
      out.text = which.get<std::string>();
    else
      return false;
    if (bias.is_number())
      out.bias = bias.get<float>();
    else if (bias.is_boolean() && !bias.get<bool>())
      out.bias = -INFINITY;
    else
      return false;
    if (out.bias <= -100) out.bias = -INFINITY;
    into.push_back(std::move(out));
    return into.back().bias <= 100;
  };
  for (const auto& [name, bias] : biases->items()) {
    if (biases->is_array()) {
      if (!bias.is_array() || bias.size() != 2 || !add(bias[0], bias[1])) return wrong();
      continue;
    }
    std::int32_t token = -1;
    const auto end = name.data() + name.size();
    if (std::from_chars(name.data(), end, token).ptr != end || token < 0 || !add(token, bias)) return wrong();
  }
  return {};
}

Result<void> read_logprobs(const Json& body, int& into) {
  std::optional<int> top;
  if (auto ok = number(body, {"top_logprobs", "n_probs"}, 0, logprobs_max, top); !ok) return ok;
  const Json* wanted = find(body, "logprobs");
  if (wanted && !wanted->is_boolean()) return bad("logprobs", "\"{field}\" is true or false.");
  if (wanted ? wanted->get<bool>() : top.value_or(0) > 0) into = top.value_or(0);
  return {};
}

/// What the model must choose from, as a grammar.
Result<std::string> choice_grammar(const Json& choices) {
  if (!choices.is_array() || choices.empty() || choices.size() > choices_max)
    return wants_texts("guided_choice", choices_max);
  std::string out = "root ::= ";
  for (const auto& choice : choices) {
    if (!choice.is_string()) return wants_texts("guided_choice", choices_max);
    if (out.back() != ' ') out += " | ";
    // GBNF's escapes are those of JSON for what must be escaped.
    out += choice.dump();
  }
  return out;
}

/// vLLM's names: guided_json, guided_choice, guided_grammar, and the same within structured_outputs.
Result<void> read_guided(const Json& body, Sampling& into, Json& schema, std::string& where) {
  const Json* outputs = find(body, "structured_outputs");
  if (outputs && !outputs->is_object()) return bad("structured_outputs", "\"{field}\" is an object.");
  const auto either = [&](const char* alone, const char* within) {
    const Json* found = find(body, alone);
    return found || !outputs ? found : find(*outputs, within);
  };
  if (either("guided_regex", "regex"))
    return bad("guided_regex", "\"{field}\": expressions are not taken; give a schema with a \"pattern\".");
  if (const Json* given = either("guided_json", "json")) {
    schema = given->is_string() ? Json::parse(given->get<std::string>(), nullptr, false) : *given;
    if (!schema.is_object()) return bad("guided_json", "\"{field}\" is a JSON schema.");
    where = find(body, "guided_json") ? "guided_json" : "structured_outputs.json";
  }
  if (const Json* choices = either("guided_choice", "choice")) {
    auto grammar = choice_grammar(*choices);
    if (!grammar) return pass(grammar);
    into.grammar = std::move(*grammar);
  }
  if (const Json* grammar = either("guided_grammar", "grammar")) {
    if (!grammar->is_string()) return bad("guided_grammar", "\"{field}\" is a text in GBNF.");
    into.grammar = grammar->get<std::string>();
  }
  return {};
}

Result<void> read_stop_tokens(const Json& body, std::vector<std::int32_t>& into) {
  const Json* ids = find(body, "stop_token_ids");
  if (!ids) return {};
  const auto is_id = [](const Json& id) {
    return id.is_number_integer() && id.get<double>() >= 0 && id.get<double>() <= token_max;
  };
  if (!ids->is_array() || ids->size() > names_max || !std::ranges::all_of(*ids, is_id))
    return bad("stop_token_ids", "\"{field}\" is a list of at most {tokens_max} tokens' numbers.",
               {{"tokens_max", std::int64_t{names_max}}});
  into = ids->get<std::vector<std::int32_t>>();
  return {};
}

Result<void> read_stop(const Json& body, std::vector<std::string>& into) {
  constexpr std::string_view stop_form = "\"{field}\" is a text or a list of at most {texts_max} texts.";
  const Json* stop = find(body, "stop");
  if (!stop) return {};
  if (stop->is_string()) {
    into.push_back(stop->get<std::string>());
  } else {
    if (!stop->is_array() || stop->size() > stop_words_max)
      return bad("stop", stop_form, {{"texts_max", std::int64_t{stop_words_max}}});
    for (const auto& word : *stop) {
      if (!word.is_string()) return bad("stop", stop_form, {{"texts_max", std::int64_t{stop_words_max}}});
      into.push_back(word.get<std::string>());
    }
  }
  for (const auto& word : into)
    if (word.size() > stop_word_max_bytes)
      return bad("stop", "A word of \"{field}\" is longer than {bytes_max} bytes.",
                 {{"bytes_max", std::int64_t{stop_word_max_bytes}}});
  return {};
}

const Json any_object{{"type", "object"}};

Result<void> read_constraint(const Json& body, Sampling& into) {
  if (const Json* grammar = find(body, "grammar")) {
    if (!grammar->is_string()) return bad("grammar", "\"{field}\" is a text in GBNF.");
    into.grammar = grammar->get<std::string>();
  }
  Json guided;
  std::string where = "json_schema";
  if (auto ok = read_guided(body, into, guided, where); !ok) return ok;
  const Json* schema = guided.is_null() ? find(body, "json_schema") : &guided;
  if (const Json* format = find(body, "response_format")) {
    const Json* type = format->is_object() ? find(*format, "type") : nullptr;
    if (!type || !type->is_string())
      return bad("response_format", "\"{field}\" is an object with a \"type\".");
    if (*type == "json_object") {
      schema = find(*format, "schema");
      where = "response_format.schema";
      if (!schema) schema = &any_object;
    } else if (*type == "json_schema") {
      const Json* wrapped = find(*format, "json_schema");
      schema = wrapped && wrapped->is_object() ? find(*wrapped, "schema") : nullptr;
      where = "response_format.json_schema.schema";
      if (!schema) return bad("response_format.json_schema", "\"{field}\" needs a \"schema\".");
    } else if (*type != "text") {
      return bad("response_format.type", "\"{field}\" is text, json_object or json_schema.");
    }
  }
  if (schema) {
    if (!schema->is_object()) return bad(where, "\"{field}\" is an object.");
    if (schema->empty()) schema = &any_object;
    into.json_schema = schema->dump();
  }
  if (!into.grammar.empty() && !into.json_schema.empty())
    return bad("grammar", "Give \"{field}\" or a JSON schema, not both.");
  if (into.grammar.size() > grammar_max_bytes || into.json_schema.size() > grammar_max_bytes)
    return bad(into.json_schema.empty() ? "grammar" : where, "\"{field}\" is longer than {bytes_max} bytes.",
               {{"bytes_max", std::int64_t{grammar_max_bytes}}});
  if (!schema) return {};
  auto grammar = schema::grammar_of(*schema, where, "json-", schema::Notation::json, true);
  if (!grammar) return pass(grammar);
  into.schema = std::move(*grammar);
  return {};
}

}  // namespace

Result<Sampling> read_sampling(const Json& body, schema::Notation arguments) {
  Sampling out;
  std::optional<std::int64_t> max_tokens;
  std::optional<std::int64_t> seed;
  Result<void> ok;
  const auto all = [&]() -> Result<void> {
    if (ok = number(body, {"max_completion_tokens", "max_tokens", "n_predict"}, -1, 1e9, max_tokens); !ok)
      return ok;
    if (ok = number(body, {"temperature"}, 0, 10, out.temperature); !ok) return ok;
    if (ok = number(body, {"top_p"}, 0, 1, out.top_p); !ok) return ok;
    if (ok = number(body, {"min_p"}, 0, 1, out.min_p); !ok) return ok;
    if (ok = number(body, {"typical_p"}, 0, 1, out.typical_p); !ok) return ok;
    if (ok = number(body, {"repeat_penalty", "repetition_penalty"}, 0, 10, out.repeat_penalty); !ok)
      return ok;
    if (ok = number(body, {"presence_penalty"}, -10, 10, out.presence_penalty); !ok) return ok;
    if (ok = number(body, {"frequency_penalty"}, -10, 10, out.frequency_penalty); !ok) return ok;
    if (ok = number(body, {"top_k"}, -1, 1e6, out.top_k); !ok) return ok;
    if (ok = number(body, {"repeat_last_n"}, -1, 1e6, out.repeat_last_n); !ok) return ok;
    if (ok = number(body, {"top_n_sigma"}, -1, 100, out.top_n_sigma); !ok) return ok;
    if (ok = number(body, {"min_keep"}, 0, 1e6, out.min_keep); !ok) return ok;
    if (ok = number(body, {"dynatemp_range"}, 0, 10, out.dynatemp_range); !ok) return ok;
    if (ok = number(body, {"dynatemp_exponent"}, 0, 10, out.dynatemp_exponent); !ok) return ok;
    if (ok = number(body, {"xtc_probability"}, 0, 1, out.xtc_probability); !ok) return ok;
    if (ok = number(body, {"xtc_threshold"}, 0, 1, out.xtc_threshold); !ok) return ok;
    if (ok = number(body, {"dry_multiplier"}, 0, 100, out.dry_multiplier); !ok) return ok;
    if (ok = number(body, {"dry_base"}, 0, 100, out.dry_base); !ok) return ok;
    if (ok = number(body, {"dry_allowed_length"}, 0, 1e6, out.dry_allowed_length); !ok) return ok;
    if (ok = number(body, {"dry_penalty_last_n"}, -1, 1e6, out.dry_penalty_last_n); !ok) return ok;
    if (ok = texts(body, "dry_sequence_breakers", out.dry_sequence_breakers); !ok) return ok;
    if (ok = texts(body, "samplers", out.samplers); !ok) return ok;
    if (ok = number(body, {"speculative.n_max"}, 0, 1024, out.guess_max); !ok) return ok;
    if (ok = number(body, {"speculative.n_min"}, 0, 1024, out.guess_min); !ok) return ok;
    if (ok = number(body, {"mirostat"}, 0, 2, out.mirostat); !ok) return ok;
    if (ok = number(body, {"mirostat_tau"}, 0, 100, out.mirostat_tau); !ok) return ok;
    if (ok = number(body, {"mirostat_eta"}, 0, 1, out.mirostat_eta); !ok) return ok;
    if (ok = read_biases(body, out.logit_bias); !ok) return ok;
    if (ok = read_logprobs(body, out.logprobs); !ok) return ok;
    if (ok = read_stop_tokens(body, out.stop_token_ids); !ok) return ok;
    // Seeds are 64-bit in the dialect; -1 asks for a random one.
    if (ok = number(body, {"seed"}, -9.2e18, 9.2e18, seed); !ok) return ok;
    if (ok = read_stop(body, out.stop_words); !ok) return ok;
    return read_constraint(body, out);
  };
  if (auto read = all(); !read) return pass(read);
  auto tools = read_tool_schemas(body, arguments);
  if (!tools) return pass(tools);
  out.tools = std::move(*tools);
  if (find(body, "lora")) return bad("lora", "\"{field}\": name the adapter in the model, as NAME:ADAPTER.");
  if (const Json* ignore = find(body, "ignore_eos")) {
    if (!ignore->is_boolean()) return bad("ignore_eos", "\"{field}\" is true or false.");
    out.ignore_eos = ignore->get<bool>();
  }
  if (max_tokens && *max_tokens > 0) out.max_tokens = *max_tokens;
  if (seed && *seed != -1) {
    const auto bits = body.at("seed").get<std::int64_t>();
    out.seed =
        static_cast<std::uint32_t>(bits) ^ static_cast<std::uint32_t>(static_cast<std::uint64_t>(bits) >> 32);
  }
  return out;
}

}  // namespace bastide::models::local
