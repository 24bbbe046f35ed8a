// How the sections of bastide.toml are read: typed reads that know their file, line and path, and that
// remember which keys exist so that a typo finds its nearest name. Private to config*.cc; the TOML library
// stays in config_reader.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/result.h"

namespace bastide::detail {

struct ConfigSource;  // the parsed text, its name and the first error

/// A table of the file. Reads leave `into` as it is when the key is absent; the first thing that is wrong is
/// kept in the document, and everything read after it does not matter. Values of the document: they live no
/// longer than it. One thread.
class ConfigTable {
 public:
  ConfigTable(ConfigSource& source, const void* node, std::string where, std::string prefix);

  enum class Need { optional, required };
  /// `form` completes "KEY is ...": `an address such as "127.0.0.1:8080"`.
  void text(std::string_view key, std::string& into, std::string_view form, Need need = Need::optional);
  void text(std::string_view key, std::optional<std::string>& into, std::string_view form);
  void integer(std::string_view key, std::int64_t& into, std::int64_t low, std::int64_t high);
  void number(std::string_view key, double& into, double low, double high, Need need = Need::optional);
  void number(std::string_view key, std::optional<double>& into, double low, double high);
  void flag(std::string_view key, bool& into);
  void flag(std::string_view key, std::optional<bool>& into);
  void words(std::string_view key, std::vector<std::string>& into, std::string_view example);
  /// Whole numbers from `low` to `high`, each once.
  void integers(std::string_view key, std::vector<std::int64_t>& into, std::int64_t low, std::int64_t high,
                std::string_view example);
  /// A name that others refer to: 1 to 100 characters without spaces, quotes or control characters.
  void id(std::string_view key, std::string& into, Need need);
  /// One number, which gives both bounds, or [low, high].
  void range(std::string_view key, std::optional<Range>& into);
  /// Position in `names` of the word that stands there.
  std::optional<std::size_t> choice(std::string_view key, std::span<const std::string_view> names);
  /// What KEY_env or KEY_file give ("env" and "file" for an empty KEY); nothing when neither is there. KEY
  /// itself is an error that says so.
  std::optional<ProviderKeyConfig> secret(std::string_view key);
  std::optional<ConfigTable> table(std::string_view key);
  /// [[key]]; empty when absent.
  std::vector<ConfigTable> tables(std::string_view key);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] bool is_table(std::string_view key) const;
  [[nodiscard]] bool is_list(std::string_view key) const;
  /// Names the table in errors from here on: [[model]] "fast".
  void call_it(std::string_view name);
  /// Keeps `KEY message` as the error, at the line of `key` (of the table when it has no such key).
  void wrong(std::string_view key, std::string message);
  void warn(std::string_view key, std::string message);
  /// Reports a key that nothing has read. Call it last.
  void finish();
  [[nodiscard]] int line() const;

 private:
  const void* find(std::string_view key);
  void not_of(std::string_view key, const void* node, std::string_view form);
  [[nodiscard]] std::string place(std::string_view key) const;

  ConfigSource* source_;
  const void* node_;  // a toml::table
  std::string where_;
  std::string prefix_;
  std::vector<std::string> known_;
};

class ConfigDocument {
 public:
  static Result<ConfigDocument> parse(std::string_view toml, const std::string& name);
  ConfigDocument(ConfigDocument&&) noexcept;
  ~ConfigDocument();
  [[nodiscard]] ConfigTable root();
  [[nodiscard]] std::optional<Error> error() const;
  [[nodiscard]] std::vector<std::string> warnings() const;

 private:
  explicit ConfigDocument(std::unique_ptr<ConfigSource> source);
  std::unique_ptr<ConfigSource> source_;
};

/// The same document in ASCII, line by line: what stands in quotes is escaped, what stands in comments is
/// dropped. The parser (toml++ 3.3) has undefined behaviour on letters beyond ASCII outside of quotes, which
/// TOML does not allow anyway and which are an error here. So is text over several lines, which no key takes.
/// `toml` is valid UTF-8.
[[nodiscard]] Result<std::string> config_as_ascii(std::string_view toml, const std::string& name);

/// The name of `names` that is nearest to `word` by edits, when near enough to be a typo; else empty.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> names);
/// `; did you mean "x"?`, or `: one of "a", "b"` when nothing is near.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> names);

// The sections, each in a file of its own. Those below may rely on those above having been read.
void read_server(ConfigTable& root, Config& config);
void read_zones(ConfigTable& root, Config& config);
void read_providers(ConfigTable& root, Config& config);
void read_models(ConfigTable& root, Config& config);
void read_labels(ConfigTable& root, Config& config);
void read_policy(ConfigTable& root, Config& config);
void read_budgets(ConfigTable& root, Config& config);
void read_limits(ConfigTable& root, Config& config);
void read_rooms(ConfigTable& root, Config& config);
void read_observability(ConfigTable& root, Config& config);
void read_cache(ConfigTable& root, Config& config);
void read_responses(ConfigTable& root, Config& config);
void read_mail(ConfigTable& root, Config& config);

/// Whether `zone` is "walls", a country of ISO 3166-1 or a [[zone]]; if not, `key` of `table` is wrong.
void check_zone(ConfigTable& table, std::string_view key, const std::string& zone, const Config& config);
[[nodiscard]] std::vector<LabelConfig> standard_labels();

}  // namespace bastide::detail
