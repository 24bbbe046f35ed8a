#include "base/config_reader.h"

#include <fmt/format.h>

// toml++ 3.3 asserts that a table's name begins well just before it checks so and reports the error ("[?x]"):
// in a release build the compiler may then assume that it does. Its assertions are left out instead.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(expr) static_cast<void>(0)
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "base/secret_file.h"
#include "base/text.h"

namespace bastide::detail {
namespace {

const toml::node& as_node(const void* node) { return *static_cast<const toml::node*>(node); }

std::string_view kind(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    default:
      return "a date or a time";
  }
}

std::string plain(double number) { return fmt::format("{:g}", number); }

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

}  // namespace

struct ConfigSource {
  std::string name;
  toml::table root;
  std::optional<std::pair<std::uint32_t, std::string>> error;  // line, message: the first in the file
  std::vector<std::string> warnings;
};

std::string nearest(std::string_view word, std::span<const std::string> names) {
  constexpr std::size_t word_size_max = 64;  // beyond it nobody meant one of ours
  if (word.size() > word_size_max) return {};
  std::string best;
  std::size_t best_edits = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const auto& name : names) {
    const std::size_t distance = edits(ascii_lower(word), ascii_lower(name));
    if (distance < best_edits) {
      best_edits = distance;
      best = name;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> names) {
  if (auto near = nearest(word, names); !near.empty()) return fmt::format("; did you mean \"{}\"?", near);
  if (names.empty()) return ".";
  constexpr std::size_t shown_max = 12;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), shown_max); ++i)
    list += fmt::format("{}\"{}\"", i == 0 ? "" : ", ", names[i]);
  return fmt::format("; known here: {}{}.", list, names.size() > shown_max ? " and others" : "");
}

// --- ConfigTable
// ----------------------------------------------------------------------------------------------

ConfigTable::ConfigTable(ConfigSource& source, const void* node, std::string where, std::string prefix)
    : source_(&source), node_(node), where_(std::move(where)), prefix_(std::move(prefix)) {}

int ConfigTable::line() const { return static_cast<int>(as_node(node_).source().begin.line); }

std::string ConfigTable::place(std::string_view key) const {
  return fmt::format("{}{}{}{}", where_, where_.empty() ? "" : ": ", prefix_, key);
}

bool ConfigTable::has(std::string_view key) const { return as_node(node_).as_table()->contains(key); }
bool ConfigTable::is_table(std::string_view key) const {
  const auto* node = as_node(node_).as_table()->get(key);
  return node && node->is_table();
}
bool ConfigTable::is_list(std::string_view key) const {
  const auto* node = as_node(node_).as_table()->get(key);
  return node && node->is_array();
}

void ConfigTable::call_it(std::string_view name) { where_ += fmt::format(" \"{}\"", name); }

void ConfigTable::wrong(std::string_view key, std::string message) {
  const auto* node = as_node(node_).as_table()->get(key);
  const auto at = (node ? *node : as_node(node_)).source().begin.line;
  if (source_->error && source_->error->first <= at) return;
  source_->error.emplace(at, fmt::format("{} {}", place(key), message));
}

void ConfigTable::warn(std::string_view key, std::string message) {
  const auto* node = as_node(node_).as_table()->get(key);
  const auto at = (node ? *node : as_node(node_)).source().begin.line;
  source_->warnings.push_back(fmt::format("{}:{}: {} {}", source_->name, at, place(key), message));
}

const void* ConfigTable::find(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  return as_node(node_).as_table()->get(key);
}

void ConfigTable::not_of(std::string_view key, const void* node, std::string_view form) {
  wrong(key, fmt::format("is {}, not {}.", form, kind(as_node(node))));
}

void ConfigTable::text(std::string_view key, std::string& into, std::string_view form, Need need) {
  const void* node = find(key);
  if (!node) {
    if (need == Need::required) wrong(key, fmt::format("is missing: it is {}.", form));
    return;
  }
  const auto* value = as_node(node).as_string();
  if (!value) return not_of(key, node, form);
  constexpr std::size_t bytes_max = 4096;
  const std::string& read = value->get();
  if (trim(read).empty()) return wrong(key, fmt::format("is empty: it is {}.", form));
  if (read.size() > bytes_max) return wrong(key, fmt::format("is longer than {} bytes.", bytes_max));
  const bool has_controls =
      std::ranges::any_of(read, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (has_controls) return wrong(key, "holds control characters (a line break, a tab).");
  into = read;
}

void ConfigTable::text(std::string_view key, std::optional<std::string>& into, std::string_view form) {
  std::string value;
  text(key, value, form);
  if (!value.empty()) into = std::move(value);
}

void ConfigTable::id(std::string_view key, std::string& into, Need need) {
  std::string value;
  text(key, value, "a name such as \"fast\"", need);
  if (value.empty()) return;
  constexpr std::size_t bytes_max = 100;
  if (value.size() > bytes_max || value.find_first_of(" \"'`\\<>{}") != std::string::npos)
    return wrong(key, "is a name of at most 100 characters without spaces, quotes or brackets.");
  into = std::move(value);
}

void ConfigTable::integer(std::string_view key, std::int64_t& into, std::int64_t low, std::int64_t high) {
  const void* node = find(key);
  if (!node) return;
  const auto form = fmt::format("a whole number from {} to {}", low, high);
  const auto* value = as_node(node).as_integer();
  if (!value) {
    if (as_node(node).is_floating_point()) return wrong(key, fmt::format("is {}, not a fraction.", form));
    return not_of(key, node, form);
  }
  if (value->get() < low || value->get() > high)
    return wrong(key, fmt::format("is {}, not {}.", form, value->get()));
  into = value->get();
}

void ConfigTable::number(std::string_view key, double& into, double low, double high, Need need) {
  const auto form = fmt::format("a number from {} to {}", plain(low), plain(high));
  const void* node = find(key);
  if (!node) {
    if (need == Need::required) wrong(key, fmt::format("is missing: it is {}.", form));
    return;
  }
  if (!as_node(node).is_number()) return not_of(key, node, form);
  const double value = as_node(node).value<double>().value_or(NAN);
  if (!std::isfinite(value) || value < low || value > high)
    return wrong(key, fmt::format("is {}, not {}.", form, plain(value)));
  into = value;
}

void ConfigTable::number(std::string_view key, std::optional<double>& into, double low, double high) {
  double value = NAN;
  number(key, value, low, high);
  if (!std::isnan(value)) into = value;
}

void ConfigTable::flag(std::string_view key, bool& into) {
  const void* node = find(key);
  if (!node) return;
  const auto* value = as_node(node).as_boolean();
  if (!value) return not_of(key, node, "true or false, without quotes");
  into = value->get();
}

void ConfigTable::flag(std::string_view key, std::optional<bool>& into) {
  if (!has(key)) return static_cast<void>(find(key));
  bool value = false;
  flag(key, value);
  into = value;
}

void ConfigTable::words(std::string_view key, std::vector<std::string>& into, std::string_view example) {
  const void* node = find(key);
  if (!node) return;
  const auto form = fmt::format("a list of words such as {}", example);
  const auto* list = as_node(node).as_array();
  if (!list) return not_of(key, node, form);
  constexpr std::size_t words_max = 10'000;
  if (list->size() > words_max) return wrong(key, fmt::format("has more than {} entries.", words_max));
  std::vector<std::string> read;
  for (const auto& item : *list) {
    const auto* word = item.as_string();
    if (!word) return wrong(key, fmt::format("is {}; one of its entries is {}.", form, kind(item)));
    if (trim(word->get()).empty())
      return wrong(key, fmt::format("is {}; one of its entries is empty.", form));
    if (std::ranges::find(read, word->get()) != read.end())
      return wrong(key, fmt::format("names \"{}\" twice.", word->get()));
    read.push_back(word->get());
  }
  into = std::move(read);
}

void ConfigTable::integers(std::string_view key, std::vector<std::int64_t>& into, std::int64_t low,
                           std::int64_t high, std::string_view example) {
  const void* node = find(key);
  if (!node) return;
  const auto form = fmt::format("a list of whole numbers from {} to {} such as {}", low, high, example);
  const auto* list = as_node(node).as_array();
  if (!list) return not_of(key, node, form);
  std::vector<std::int64_t> read;
  for (const auto& item : *list) {
    const auto* number = item.as_integer();
    const bool fits = number && number->get() >= low && number->get() <= high;
    if (!fits || std::ranges::find(read, number->get()) != read.end())
      return wrong(key, fmt::format("is {}, each once.", form));
    read.push_back(number->get());
  }
  into = std::move(read);
}

void ConfigTable::range(std::string_view key, std::optional<Range>& into) {
  const void* node = find(key);
  if (!node) return;
  constexpr std::string_view form = "a number of billions such as 8, or low and high such as [8, 20]";
  if (as_node(node).is_number()) {
    const double value = as_node(node).value<double>().value_or(0);
    if (!std::isfinite(value) || value <= 0) return wrong(key, fmt::format("is {}, above zero.", form));
    into = Range{value, value};
    return;
  }
  const auto* list = as_node(node).as_array();
  if (!list) return not_of(key, node, form);
  if (list->size() != 2 || !(*list)[0].is_number() || !(*list)[1].is_number())
    return wrong(key, fmt::format("is {}: two numbers.", form));
  const double low = (*list)[0].value<double>().value_or(0);
  const double high = (*list)[1].value<double>().value_or(0);
  if (!std::isfinite(low) || !std::isfinite(high) || low <= 0 || high < low)
    return wrong(key, fmt::format("is {}, above zero and the lower one first.", form));
  into = Range{low, high};
}

std::optional<std::size_t> ConfigTable::choice(std::string_view key,
                                               std::span<const std::string_view> names) {
  const void* node = find(key);
  if (!node) return std::nullopt;
  const std::vector<std::string> known(names.begin(), names.end());
  const auto* value = as_node(node).as_string();
  const auto form = fmt::format("one of {}", fmt::join(names, ", "));
  if (!value) {
    not_of(key, node, form);
    return std::nullopt;
  }
  const auto found = std::ranges::find(names, std::string_view(value->get()));
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto near = nearest(value->get(), known);
  wrong(key, fmt::format("is {}, not \"{}\"{}", form, value->get(),
                         near.empty() ? "." : fmt::format("; did you mean \"{}\"?", near)));
  return std::nullopt;
}

std::optional<ProviderKeyConfig> ConfigTable::secret(std::string_view key) {
  const std::string env_key = key.empty() ? "env" : fmt::format("{}_env", key);
  const std::string file_key = key.empty() ? "file" : fmt::format("{}_file", key);
  if (!key.empty() && has(key)) {
    static_cast<void>(find(key));
    wrong(key, fmt::format("would put a secret into the file. Put it into an environment variable and write "
                           "{} = \"ITS_NAME\", or into a file and write {} = \"/its/path\".",
                           env_key, file_key));
    return std::nullopt;
  }
  std::string variable;
  std::string file;
  text(env_key, variable, "the name of an environment variable");
  text(file_key, file, "the path of a file that holds the secret");
  if (!variable.empty() && !file.empty()) {
    wrong(file_key, fmt::format("and {} are both given: keep one.", env_key));
    return std::nullopt;
  }
  if (!variable.empty()) {
    const char* value = std::getenv(variable.c_str());
    if (value && !trim(value).empty())
      return ProviderKeyConfig{Secret{std::string(trim(value))}, variable, {}, 1};
    wrong(env_key, fmt::format("names the environment variable {}, which is not set. Set it before the "
                               "start, or use {}.",
                               variable, file_key));
  }
  if (!file.empty()) {
    // A relative path starts where the configuration stands, so that both move together.
    const auto path = (std::filesystem::path(source_->name).parent_path() / file).string();
    if (auto value = read_secret_file(path))
      return ProviderKeyConfig{Secret{std::move(*value)}, path, path, 1};
    wrong(file_key,
          fmt::format("names {}, which cannot be read, is empty or holds more than one line.", path));
  }
  return std::nullopt;
}

std::optional<ConfigTable> ConfigTable::table(std::string_view key) {
  const void* node = find(key);
  if (!node) return std::nullopt;
  if (!as_node(node).is_table()) {
    if (where_.empty() && as_node(node).is_array_of_tables())
      wrong(key, fmt::format("stands once: write [{}], not [[{}]].", key, key));
    else if (where_.empty())
      wrong(key, fmt::format("is a section: write [{}] on a line of its own, then its keys.", key));
    else
      not_of(key, node, "a table such as { key = 1 }");
    return std::nullopt;
  }
  if (where_.empty()) return ConfigTable(*source_, node, fmt::format("[{}]", key), "");
  return ConfigTable(*source_, node, where_, fmt::format("{}{}.", prefix_, key));
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key) {
  const void* node = find(key);
  std::vector<ConfigTable> found;
  if (!node) return found;
  const std::string path =
      where_.empty() ? std::string(key) : fmt::format("{}.{}", where_.substr(1, where_.size() - 2), key);
  const auto* list = as_node(node).as_array();
  if (!list || !std::ranges::all_of(*list, [](const toml::node& item) { return item.is_table(); })) {
    wrong(key, fmt::format("may stand several times: write [[{}]] with double brackets before each.", path));
    return found;
  }
  constexpr std::size_t tables_max = 10'000;
  if (list->size() > tables_max) {
    wrong(key, fmt::format("stands more than {} times.", tables_max));
    return found;
  }
  for (const auto& item : *list) found.emplace_back(*source_, &item, fmt::format("[[{}]]", path), "");
  return found;
}

void ConfigTable::finish() {
  for (const auto& [key, node] : *as_node(node_).as_table()) {
    const std::string_view name = key.str();
    if (std::ranges::find(known_, name) != known_.end()) continue;
    const auto at = key.source().begin.line;
    if (source_->error && source_->error->first <= at) continue;
    const std::string shown(utf8_prefix(name, 80));
    source_->error.emplace(
        at, fmt::format("{}{}unknown {} \"{}{}\"{}", where_, where_.empty() ? "" : ": ",
                        where_.empty() ? "section" : "key", prefix_, shown, suggestion(name, known_)));
  }
}

// --- ConfigDocument
// -------------------------------------------------------------------------------------------

ConfigDocument::ConfigDocument(std::unique_ptr<ConfigSource> source) : source_(std::move(source)) {}
ConfigDocument::ConfigDocument(ConfigDocument&&) noexcept = default;
ConfigDocument::~ConfigDocument() = default;

Result<ConfigDocument> ConfigDocument::parse(std::string_view text, const std::string& name) {
  constexpr std::size_t bytes_max = 4 * 1024 * 1024;
  if (text.size() > bytes_max)
    return fail(Code::too_large, fmt::format("{}: larger than 4 MB.", name), "config",
                "A configuration is a short file: check the path.");
  if (!is_utf8(text))
    return fail(Code::invalid, fmt::format("{}: not UTF-8 text.", name), "config", "Save the file as UTF-8.");
  auto ascii = config_as_ascii(text, name);
  if (!ascii) return pass(ascii);
  auto parsed = toml::parse(*ascii, name);
  if (!parsed) {
    const auto& error = parsed.error();
    return fail(
        Code::invalid,
        fmt::format("{}:{}: {}.", name, error.source().begin.line, to_valid_utf8(error.description())),
        "config", "Correct the line; the form is TOML (toml.io).");
  }
  auto source = std::make_unique<ConfigSource>();
  source->name = name;
  source->root = std::move(parsed).table();
  return ConfigDocument(std::move(source));
}

ConfigTable ConfigDocument::root() {
  return ConfigTable(*source_, static_cast<const toml::node*>(&source_->root), "", "");
}

std::optional<Error> ConfigDocument::error() const {
  if (!source_->error) return std::nullopt;
  return Error{Code::invalid,
               fmt::format("{}:{}: {}", source_->name, source_->error->first, source_->error->second),
               "config", "Correct the line and start again."};
}

std::vector<std::string> ConfigDocument::warnings() const { return source_->warnings; }

}  // namespace bastide::detail
