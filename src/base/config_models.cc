// [[zone]], [[provider]], [[model]].
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "base/config_reader.h"
#include "base/key_ring.h"
#include "base/time.h"

namespace bastide::detail {
namespace {

constexpr std::string_view countries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ "
    "FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML "
    "MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR "
    "PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ "
    "TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

constexpr std::int64_t at_once_most = 1'000'000;
constexpr std::int64_t hedge_after_ms_most = 600'000;

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& items) {
  std::vector<std::string> ids;
  for (const auto& item : items) ids.push_back(item.id);
  return ids;
}

/// Reads the id that names a table, and refuses one that was there before.
template <class T>
void read_id(ConfigTable& table, std::string& into, const std::vector<T>& before) {
  table.id("id", into, ConfigTable::Need::required);
  if (into.empty()) return;
  table.call_it(into);
  if (std::ranges::any_of(before, [&](const T& other) { return other.id == into; }))
    table.wrong("id", fmt::format("\"{}\" is given twice: each needs a name of its own.", into));
}

/// The price of one table.
PriceConfig read_price(ConfigTable& table) {
  constexpr double most = 1e6;
  PriceConfig price;
  table.number("input", price.input, 0, most, ConfigTable::Need::required);
  table.number("output", price.output, 0, most, ConfigTable::Need::required);
  table.number("cached_input", price.cached_input, 0, most);
  table.number("cache_write", price.cache_write, 0, most);
  table.number("reasoning", price.reasoning, 0, most);
  table.number("audio_input", price.audio_input, 0, most);
  table.number("audio_output", price.audio_output, 0, most);
  table.number("image_input", price.image_input, 0, most);
  table.number("image_output", price.image_output, 0, most);
  table.number("image", price.image, 0, most);
  table.number("audio_minute", price.audio_minute, 0, most);
  table.number("characters", price.characters, 0, most);
  table.number("batch", price.batch, 0, 1);
  std::string from;
  table.text("from", from, "a day such as \"2026-01-01\"");
  if (auto day = parse_day(from))
    price.from_ms = *day;
  else if (!from.empty())
    table.wrong("from", "is the day from which the price holds, such as \"2026-01-01\".");
  table.finish();
  return price;
}

/// One table, or a list of them with the day from which each holds.
void read_prices(ConfigTable& model, ModelConfig& into) {
  if (model.is_list("price")) {
    for (auto& table : model.tables("price")) into.prices.push_back(read_price(table));
  } else if (auto table = model.table("price")) {
    into.prices.push_back(read_price(*table));
  }
  std::ranges::sort(into.prices, {}, &PriceConfig::from_ms);
  for (std::size_t i = 1; i < into.prices.size(); ++i)
    if (into.prices[i].from_ms == into.prices[i - 1].from_ms)
      model.wrong("price", "has two entries that hold from the same day: give each its own `from`.");
  const auto now = now_ms();
  for (const auto& price : into.prices)
    if (price.from_ms <= now) into.price = price;
}

/// key_env, key_file, or a list of either with weights.
void read_keys(ConfigTable& table, ProviderConfig& into) {
  constexpr auto keys_max = KeyRests::keys_max;
  if (auto one = table.secret("key")) into.keys.push_back(std::move(*one));
  if (table.has("keys") && !into.keys.empty())
    table.wrong("keys", "stands beside another key: put that one into the list.");
  for (auto& entry : table.tables("keys")) {
    auto key = entry.secret("");
    if (!key) entry.wrong("env", "is missing: a key is { env = \"NAME\" } or { file = \"PATH\" }.");
    std::int64_t weight = 1;
    entry.integer("weight", weight, 1, 100);
    entry.finish();
    if (!key) continue;
    key->weight = static_cast<int>(weight);
    into.keys.push_back(std::move(*key));
  }
  if (into.keys.size() > keys_max) table.wrong("keys", "has more than 16 entries.");
  if (!into.keys.empty()) into.key = into.keys.front().secret;
}

void read_parameters(ConfigTable& model, ModelConfig& into) {
  constexpr std::string_view key = "parameters_billion";
  if (!model.is_table(key)) {
    model.range(key, into.parameters_total);
    into.parameters_active = into.parameters_total;
    return;
  }
  auto table = model.table(key);
  table->range("active", into.parameters_active);
  table->range("total", into.parameters_total);
  table->finish();
  // A dense model uses all that it has.
  if (!into.parameters_active) into.parameters_active = into.parameters_total;
  if (!into.parameters_total) into.parameters_total = into.parameters_active;
  if (!into.parameters_active) return model.wrong(key, "needs active, total or both.");
  if (into.parameters_active->low > into.parameters_total->low ||
      into.parameters_active->high > into.parameters_total->high)
    model.wrong(key, "has more active than total parameters.");
}

}  // namespace

void check_zone(ConfigTable& table, std::string_view key, const std::string& zone, const Config& config) {
  if (zone == "walls" || is_country(zone)) return;
  auto known = ids_of(config.zones);
  if (std::ranges::find(known, zone) != known.end()) return;
  known.insert(known.begin(), "walls");
  table.wrong(
      key,
      fmt::format("names the zone \"{}\", which is neither \"walls\", nor a country of ISO 3166-1 such as "
                  "\"FR\", nor a [[zone]]{}",
                  zone, suggestion(zone, known)));
}

void read_zones(ConfigTable& root, Config& config) {
  for (auto& table : root.tables("zone")) {
    ZoneConfig zone;
    read_id(table, zone.id, config.zones);
    if (zone.id == "walls" || is_country(zone.id))
      table.wrong("id", fmt::format("\"{}\" has a meaning already: choose another name.", zone.id));
    table.words("countries", zone.countries, R"(["FR", "DE"])");
    if (zone.countries.empty()) table.wrong("countries", R"(is missing: it is a list such as ["FR", "DE"].)");
    for (const auto& country : zone.countries)
      if (!is_country(country))
        table.wrong(
            "countries",
            fmt::format("names \"{}\", which is no country of ISO 3166-1 (two capital letters, \"FR\").",
                        country));
    table.finish();
    config.zones.push_back(std::move(zone));
  }
}

void read_providers(ConfigTable& root, Config& config) {
  static constexpr std::array<std::string_view, 4> dialects{"openai", "anthropic", "gemini", "mistral"};
  for (auto& table : root.tables("provider")) {
    ProviderConfig provider;
    read_id(table, provider.id, config.providers);
    if (provider.id == "local")
      table.wrong("id", "\"local\" stands for the models on this machine: choose another name.");
    if (auto which = table.choice("dialect", dialects)) provider.dialect = static_cast<Dialect>(*which);
    table.text("base_url", provider.base_url, "an address such as \"https://api.example.org/v1\"",
               ConfigTable::Need::required);
    if (!provider.base_url.empty() && !provider.base_url.starts_with("http://") &&
        !provider.base_url.starts_with("https://"))
      table.wrong("base_url", "begins with https:// or http://.");
    while (provider.base_url.ends_with('/')) provider.base_url.pop_back();
    read_keys(table, provider);
    table.text("zone", provider.zone,
               "where its machines stand: \"walls\" (this organisation's own), a country such as \"FR\", or "
               "a [[zone]]",
               ConfigTable::Need::required);
    if (!provider.zone.empty()) check_zone(table, "zone", provider.zone, config);
    table.text("ca_file", provider.ca_file, "the path of a certificate authority in PEM");
    std::int64_t timeout_s = provider.timeout_s;
    table.integer("timeout_s", timeout_s, 1, 3600);
    provider.timeout_s = static_cast<int>(timeout_s);
    table.integer("max_concurrent", provider.max_concurrent, 1, at_once_most);
    table.finish();
    config.providers.push_back(std::move(provider));
  }
}

void read_models(ConfigTable& root, Config& config) {
  auto providers = ids_of(config.providers);
  providers.emplace_back("local");
  auto tables = root.tables("model");
  for (auto& table : tables) {
    ModelConfig model;
    read_id(table, model.id, config.models);
    if (model.id == "auto" || model.id.starts_with("auto:"))
      table.wrong("id", "\"auto\" lets Bastide choose: give the model another name.");
    table.text("name", model.name, "a name for people");
    table.text("provider", model.provider, "the id of a [[provider]], or \"local\"",
               ConfigTable::Need::required);
    if (!model.provider.empty() && std::ranges::find(providers, model.provider) == providers.end())
      table.wrong("provider", fmt::format("names \"{}\", which no [[provider]] has{}", model.provider,
                                          suggestion(model.provider, providers)));
    model.upstream = model.id;
    table.text("upstream", model.upstream, "the name that the provider knows");
    table.text("file", model.file, "the path of a GGUF file");
    if (!model.file.empty() && model.provider != "local")
      table.wrong("file", "is for models on this machine: provider = \"local\".");
    table.text("vision", model.vision, "the path of the GGUF file (mmproj) by which a model reads images");
    if (!model.vision.empty() && (model.file.empty() || model.provider != "local"))
      table.wrong("vision", "is for models on this machine that have a file: provider = \"local\" and file.");
    table.text("pooling", model.pooling, "\"mean\", \"cls\" or \"last\"");
    if (!model.pooling.empty() && model.pooling != "mean" && model.pooling != "cls" &&
        model.pooling != "last")
      table.wrong("pooling", "is \"mean\", \"cls\" or \"last\".");
    if (!model.pooling.empty() && model.provider != "local")
      table.wrong("pooling", "is for models on this machine: provider = \"local\".");
    table.text("draft", model.draft, "the id of a smaller model on this machine");
    if (!model.draft.empty() && model.provider != "local")
      table.wrong("draft", "is for models on this machine: provider = \"local\".");
    if (model.draft == model.id && !model.id.empty()) table.wrong("draft", "names the model itself.");
    if (table.has("gpu_layers")) {
      std::int64_t layers = 0;
      table.integer("gpu_layers", layers, 0, 10'000);
      model.gpu_layers = layers;
      if (model.provider != "local")
        table.wrong("gpu_layers", "is for models on this machine: provider = \"local\".");
    }
    table.flag("keep_loaded", model.keep_loaded);
    if (model.keep_loaded && model.provider != "local")
      table.wrong("keep_loaded", "is for models on this machine: provider = \"local\".");
    table.words("capabilities", model.capabilities, R"(["chat", "tools"])");
    constexpr std::int64_t context_most = 100'000'000;
    table.integer("context_tokens", model.context_tokens, 256, context_most);
    read_prices(table, model);
    if (table.has("output_tokens_max")) {
      std::int64_t longest = model.context_tokens;
      table.integer("output_tokens_max", longest, 1, context_most);
      model.output_tokens_max = longest;
    }
    read_parameters(table, model);
    table.words("fallback", model.fallback, R"(["local-small"])");
    table.flag("answers_documents", model.answers_documents);
    table.integers("embedding_dimensions", model.embedding_dimensions, 1, 65'536, "[256, 512]");
    table.words("aliases", model.aliases, R"(["default"])");
    table.words("tags", model.tags, R"(["code"])");
    std::int64_t weight = model.weight;
    table.integer("weight", weight, 0, 100);
    model.weight = static_cast<int>(weight);
    table.integer("max_concurrent", model.max_concurrent, 1, at_once_most);
    table.integer("hedge_after_ms", model.hedge_after_ms, 1, hedge_after_ms_most);
    table.finish();
    config.models.push_back(std::move(model));
  }
  const auto known = ids_of(config.models);
  std::map<std::string, std::size_t> sharing;
  for (std::size_t i = 0; i < config.models.size(); ++i)
    for (const auto& alias : config.models[i].aliases) {
      constexpr std::size_t sharing_max = 16;
      if (alias.empty() || alias == "auto" || std::ranges::find(known, alias) != known.end())
        tables[i].wrong("aliases", fmt::format("names \"{}\", which is a model's own name.", alias));
      if (++sharing[alias] > sharing_max)
        tables[i].wrong("aliases", fmt::format("gives \"{}\" to more than 16 models.", alias));
    }
  for (std::size_t i = 0; i < config.models.size(); ++i) {
    for (const auto& next : config.models[i].fallback) {
      if (next == config.models[i].id) tables[i].wrong("fallback", "names the model itself.");
      // Models that were pulled onto this machine are in no file, so an unknown name is not wrong by itself.
      if (std::ranges::find(known, next) == known.end())
        tables[i].warn("fallback",
                       fmt::format("names \"{}\", which no [[model]] has: taken for a model that is "
                                   "installed on this machine.",
                                   next));
    }
  }
}

}  // namespace bastide::detail

namespace bastide {

bool is_country(std::string_view alpha2) {
  if (alpha2.size() != 2) return false;
  const auto at = detail::countries.find(alpha2);
  return at != std::string_view::npos && at % 3 == 0;
}

}  // namespace bastide
