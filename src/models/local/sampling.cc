#include "models/local/sampling.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace bastide::models::local {
namespace {

constexpr std::size_t stop_words_max = 16;
constexpr std::size_t stop_word_max_bytes = 1024;
constexpr std::size_t grammar_max_bytes = 256 * 1024;

using Json = nlohmann::json;

std::unexpected<Error> bad(std::string message) {
  return fail(Code::invalid, std::move(message), "bad_request");
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
      return bad(fmt::format("\"{}\" is a number between {} and {}.", name, low, high));
    into = static_cast<T>(read);
    return {};
  }
  return {};
}

Result<void> read_stop(const Json& body, std::vector<std::string>& into) {
  const Json* stop = find(body, "stop");
  if (!stop) return {};
  if (stop->is_string()) {
    into.push_back(stop->get<std::string>());
  } else {
    if (!stop->is_array() || stop->size() > stop_words_max)
      return bad(fmt::format("\"stop\" is a text or a list of at most {} texts.", stop_words_max));
    for (const auto& word : *stop) {
      if (!word.is_string()) return bad("\"stop\" is a text or a list of texts.");
      into.push_back(word.get<std::string>());
    }
  }
  for (const auto& word : into)
    if (word.size() > stop_word_max_bytes)
      return bad(fmt::format("A word of \"stop\" is longer than {} bytes.", stop_word_max_bytes));
  return {};
}

Result<void> read_constraint(const Json& body, Sampling& into) {
  if (const Json* grammar = find(body, "grammar")) {
    if (!grammar->is_string()) return bad("\"grammar\" is a text in GBNF.");
    into.grammar = grammar->get<std::string>();
  }
  const Json* schema = find(body, "json_schema");
  if (const Json* format = find(body, "response_format")) {
    const Json* type = format->is_object() ? find(*format, "type") : nullptr;
    if (!type || !type->is_string()) return bad("\"response_format\" is an object with a \"type\".");
    if (*type == "json_object") {
      schema = find(*format, "schema");
      if (!schema) into.json_schema = R"({"type":"object"})";
    } else if (*type == "json_schema") {
      const Json* wrapped = find(*format, "json_schema");
      schema = wrapped && wrapped->is_object() ? find(*wrapped, "schema") : nullptr;
      if (!schema) return bad("\"response_format.json_schema\" needs a \"schema\".");
    } else if (*type != "text") {
      return bad("\"response_format.type\" is text, json_object or json_schema.");
    }
  }
  if (schema) {
    if (!schema->is_object()) return bad("A JSON schema is an object.");
    into.json_schema = schema->empty() ? R"({"type":"object"})" : schema->dump();
  }
  if (!into.grammar.empty() && !into.json_schema.empty())
    return bad("Give \"grammar\" or a JSON schema, not both.");
  if (into.grammar.size() > grammar_max_bytes || into.json_schema.size() > grammar_max_bytes)
    return bad("The grammar or schema is longer than 256 KB.");
  return {};
}

}  // namespace

Result<Sampling> read_sampling(const Json& body) {
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
    // Seeds are 64-bit in the dialect; -1 asks for a random one.
    if (ok = number(body, {"seed"}, -9.2e18, 9.2e18, seed); !ok) return ok;
    if (ok = read_stop(body, out.stop_words); !ok) return ok;
    return read_constraint(body, out);
  };
  if (auto read = all(); !read) return pass(read);
  if (const Json* ignore = find(body, "ignore_eos")) {
    if (!ignore->is_boolean()) return bad("\"ignore_eos\" is true or false.");
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
