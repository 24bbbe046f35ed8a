#include "models/catalogue/speed.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace bastide::models {
namespace {

constexpr double number_max = 1e9;

double get(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number()) return 0;
  const double value = found->get<double>();
  return std::isfinite(value) ? std::clamp(value, 0.0, number_max) : 0;
}

std::string get_text(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

void put_speed(JsonWriter& json, const Speed& speed) {
  json.field("measured_at", speed.at).field("machine", speed.machine);
  json.field("threads", speed.threads).field("load_s", speed.load_s).field("place", speed.place);
  if (speed.embedding > 0)
    json.field("embedding_tokens_per_s", speed.embedding);
  else
    json.field("prompt_tokens_per_s", speed.prompt)
        .field("one_answer_tokens_per_s", speed.one_answer)
        .field("eight_answers_tokens_per_s", speed.eight_answers);
  if (!speed.energy.empty()) json.field("wh_per_1000_tokens", speed.wh).field("energy_source", speed.energy);
}

std::optional<Speed> get_speed(const nlohmann::json& json) {
  if (!json.is_object()) return std::nullopt;
  Speed out;
  out.at = get_text(json, "measured_at");
  out.machine = get_text(json, "machine");
  out.place = get_text(json, "place");
  out.energy = get_text(json, "energy_source");
  out.load_s = get(json, "load_s");
  out.threads = static_cast<int>(get(json, "threads"));
  out.prompt = get(json, "prompt_tokens_per_s");
  out.one_answer = get(json, "one_answer_tokens_per_s");
  out.eight_answers = get(json, "eight_answers_tokens_per_s");
  out.embedding = get(json, "embedding_tokens_per_s");
  out.wh = get(json, "wh_per_1000_tokens");
  if (out.at.empty() || (out.one_answer <= 0 && out.embedding <= 0)) return std::nullopt;
  return out;
}

}  // namespace bastide::models
