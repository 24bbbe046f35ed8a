// bastide.toml as values. Every field has its default here; what a file sets wrongly is an error with file,
// line and the expected form, and never a silent default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bastide {

/// A value from a file or the environment, read at start and kept out of logs.
struct Secret {
  std::string value;
};

/// Low and high bound, in billions of parameters. A single number in the file gives both.
struct Range {
  double low = 0;
  double high = 0;
};

struct ServerConfig {
  std::string listen = "127.0.0.1:8080";
  std::optional<std::string> tls_certificate_file;
  std::optional<std::string> tls_key_file;
  std::string public_url;  // what links are made with; empty: http(s)://listen
  std::uint64_t upload_bytes_max = 512ULL * 1024 * 1024;
  std::string organisation = "Bastide";  // shown on the sign-in page
};

enum class Dialect { openai, anthropic, gemini, mistral };

/// One of the keys by which a provider knows this organisation.
struct ProviderKeyConfig {
  Secret secret;     // as it was when the file was read
  std::string name;  // of the environment variable, or the file's path: what an alert may say
  std::string file;  // to be read again when it changes; empty: from the environment
  int weight = 1;    // its share of the calls
};

struct ProviderConfig {
  std::string id;
  Dialect dialect = Dialect::openai;
  std::string base_url;
  std::optional<Secret> key;            // the first of `keys`
  std::vector<ProviderKeyConfig> keys;  // from key_env, key_file or keys
  std::string zone;
  std::string ca_file;
  int timeout_s = 120;
  std::int64_t max_concurrent = 0;  // calls at once; 0: no limit
};

struct ZoneConfig {
  std::string id;
  std::vector<std::string> countries;  // ISO 3166-1 alpha-2
};

/// Per million tokens, in the organisation's currency. A class without a price of its own costs what `input`
/// or `output` says.
struct PriceConfig {
  double input = 0;
  double output = 0;
  std::optional<double> cached_input{};
  std::optional<double> cache_write{};
  std::optional<double> reasoning{};
  std::optional<double> audio_input{};
  std::optional<double> audio_output{};
  std::optional<double> image_input{};
  std::optional<double> image_output{};
  std::optional<double> image{};         // each image that is made
  std::optional<double> audio_minute{};  // of sound that is read, where the provider bills by time
  std::optional<double> characters{};    // a million that are spoken, where it bills by them
  double batch = 1;                      // the share that a batch pays: 0.5 is half
  std::int64_t from_ms = 0;              // since 1970, when this price begins to hold; 0: always has
};

struct ModelConfig {
  std::string id;
  std::string name;      // for people; empty: id
  std::string provider;  // "local" for a file on this machine
  std::string upstream;
  std::string file;     // local models: a GGUF path
  std::string vision;   // of one with a file: the path of its projector, by which it reads images
  std::string pooling;  // of a local embedding model: "mean", "cls" or "last"; empty: what its file says
  std::vector<std::string> capabilities{"chat"};
  std::int64_t context_tokens = 8192;
  std::optional<PriceConfig> price;               // that holds when the file is read
  std::vector<PriceConfig> prices;                // all of them, oldest first
  std::optional<std::int64_t> output_tokens_max;  // the longest answer; unset: the context
  std::optional<Range> parameters_active;
  std::optional<Range> parameters_total;
  std::vector<std::string> fallback;
  std::string draft;  // of a local model: a smaller one of this machine that guesses ahead for it
  std::optional<std::int64_t> gpu_layers;  // of a local model, that GPUs compute; unset: as many as fit
  std::optional<bool> keep_loaded;         // a local model that is never unloaded; unset: as it was installed
  std::optional<bool> answers_documents;   // whether it may answer from passages; unset: from its size
  std::vector<std::string> aliases;        // other names that callers may say; models may share one
  int weight = 1;                          // its share of the calls for an alias that it shares
  std::vector<std::string> tags;           // what it is for: "auto:TAG" chooses among those that have it
  /// Lengths to which an embedding model was trained to be cut (Matryoshka).
  std::vector<std::int64_t> embedding_dimensions;
  std::int64_t max_concurrent = 0;  // calls at once; 0: no limit
  std::int64_t hedge_after_ms = 0;  // without an answer's begin, another provider is asked too; 0: never
};

struct LabelConfig {
  std::string id;
  std::string name_fr;
  std::string name_en;
};

struct AllowConfig {
  std::string label;
  std::vector<std::string> zones;
  std::vector<std::string> models;  // empty: all models in those zones
};

/// What may be spent in each day, week and month (UTC); unset: no limit.
struct PeriodsConfig {
  std::optional<double> day, week, month;
};

struct BudgetConfig {
  PeriodsConfig money;   // in the organisation's currency
  PeriodsConfig tokens;  // input and output
  PeriodsConfig requests;
  PeriodsConfig energy;  // Wh, upper estimate
};

/// Who has a budget or limits as a whole, beside each person's own.
struct OwnerConfig {
  enum class Of { person, group, key, assistant, model, organisation };
  Of of = Of::group;
  std::string name;  // e-mail, name or id; empty for the organisation
};

struct SharedBudgetConfig {
  OwnerConfig owner;
  BudgetConfig budget;
};

/// 0: no limit.
struct LimitsConfig {
  std::int64_t requests_per_minute = 600;
  std::int64_t tokens_per_minute = 400'000;
  std::int64_t concurrent = 0;
};

struct SharedLimitsConfig {
  OwnerConfig owner;
  LimitsConfig limits{0, 0, 0};
};

struct GuardConfig {
  /// Zones outside the walls get pseudonyms instead of personal data.
  bool pseudonymise_outside = true;
  /// Finding types that are refused rather than masked when they would leave the walls.
  std::vector<std::string> block_outside{"secret"};
};

struct KnowledgeConfig {
  std::string embedding_model = "e5-small";
  int parse_seconds_max = 120;
  int parse_memory_mb_max = 1024;
};

/// Of the models on this machine.
struct LocalModelsConfig {
  std::int64_t idle_minutes = 10;  // that nobody called for so long is unloaded
};

struct FootprintConfig {
  std::string country = "FRA";  // ISO 3166-1 alpha-3, the mix of machines within the walls
};

/// Answers that are given again to the very same question.
struct CacheConfig {
  bool on = false;
  std::vector<std::string> models;  // whose calls use it unless they say otherwise; empty: those that ask
  std::int64_t seconds = 3600;
  std::int64_t bytes_max = 64LL * 1024 * 1024;
};

struct ObservabilityConfig {
  std::string otlp_url;    // of a collector's traces, OTLP over HTTP; empty: none leave
  double trace_share = 1;  // of the calls that come without a decision of their own
  std::string access_log;  // "stdout" or a file; empty: none
};

/// Answers of OpenAI's responses that are kept for later calls.
struct ResponsesConfig {
  bool store = true;            // unless the call says otherwise; false: none is
  std::int64_t keep_days = 30;  // after their conversation went on last
};

/// The server that takes our letters; without one none is sent.
struct MailConfig {
  enum class Tls { required, from_start, none };
  std::string host;
  std::int64_t port = 587;
  Tls tls = Tls::required;  // by STARTTLS, from the first byte, or not at all
  std::string ca_file;      // PEM to trust instead of the system's
  std::string from;
  std::string user;
  Secret password;
  [[nodiscard]] bool is_on() const { return !host.empty(); }
};

struct Config {
  ServerConfig server;
  std::vector<ProviderConfig> providers;
  std::vector<ZoneConfig> zones;
  std::vector<ModelConfig> models;
  /// Lowest first. Default: public, internal, confidential, secret.
  std::vector<LabelConfig> labels;
  std::string default_label;
  std::vector<AllowConfig> allow;
  BudgetConfig budget_default;  // of each person
  std::vector<SharedBudgetConfig> budgets;
  LimitsConfig limits;  // of each person
  std::vector<SharedLimitsConfig> shared_limits;
  GuardConfig guard;
  KnowledgeConfig knowledge;
  LocalModelsConfig local_models;
  FootprintConfig footprint;
  CacheConfig cache;
  ObservabilityConfig observability;
  ResponsesConfig responses;
  MailConfig mail;
  /// What is allowed but may surprise, as lines for a person: logged at start, shown by `bastide doctor`.
  std::vector<std::string> warnings;
};

/// What runs without a file: four labels, everything allowed within the walls, nothing outside.
[[nodiscard]] Config default_config();

/// Reads `path`. The error's message is complete and for a person: `bastide.toml:12: [[model]] "fast":
/// capabilities is a list of words such as ["chat", "tools"], not a number.` Unknown keys are errors that
/// suggest the nearest name; references (a model's provider, a label, a zone, a fallback) are checked.
[[nodiscard]] Result<Config> read_config(const std::string& path);
/// As read_config, on text; `name` stands for the path in errors.
[[nodiscard]] Result<Config> parse_config(std::string_view toml, const std::string& name);

/// Whether `alpha2` is an officially assigned code of ISO 3166-1 alpha-2, in capitals.
[[nodiscard]] bool is_country(std::string_view alpha2);

}  // namespace bastide
