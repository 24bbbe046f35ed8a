#include "app/usage_seals.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/json.h"
#include "base/log.h"
#include "storage/policy/usage_files.h"

namespace bastide::app {
namespace {

using governance::Hash;
namespace segments = storage::usage_segment;

std::string_view bytes_of(const policy::UsageRow& row) {
  return {reinterpret_cast<const char*>(&row), sizeof(row)};
}
std::string base64_of(const Hash& hash) {
  return base64({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

/// A tree in memory: every complete subtree, by level.
class Tree final : public governance::NodeSource {
 public:
  explicit Tree(std::vector<Hash> leaves) {
    levels_.push_back(std::move(leaves));
    while (levels_.back().size() > 1) {
      const auto& below = levels_.back();
      std::vector<Hash> level;
      for (std::size_t i = 0; i + 1 < below.size(); i += 2)
        level.push_back(governance::node_hash(below[i], below[i + 1]));
      levels_.push_back(std::move(level));
    }
  }
  Result<Hash> at(int level, std::int64_t position) override {
    const auto& nodes = levels_.at(static_cast<std::size_t>(level));
    return nodes.at(static_cast<std::size_t>(position));
  }
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(levels_[0].size()); }

 private:
  std::vector<std::vector<Hash>> levels_;
};

/// Gives `take` the whole rows [from, to) of a segment with their numbers in it, at most rows_max.
template <class F>
Result<void> each_row(const std::string& path, std::int64_t from, std::int64_t to, F take) {
  auto scanned = segments::scan(
      path,
      [&](const policy::UsageRow& row, std::uint64_t end_bytes) {
        const auto number = segments::row_at(end_bytes);
        if (number < to && number - from < UsageSeals::rows_max) take(row, number);
      },
      segments::begin_of(from));
  if (!scanned) return pass(scanned);
  return {};
}

/// What a seal says of rows. Their hashes are not kept: there may be rows_max of them.
struct Sum {
  governance::TreeHasher tree;
  std::int64_t end = 0;  // the first number behind them
};
Result<Sum> sum_of(const std::string& path, std::int64_t from, std::int64_t to) {
  Sum sum;
  sum.end = from;
  auto read = each_row(path, from, to, [&](const policy::UsageRow& row, std::int64_t number) {
    sum.tree.push(governance::leaf_hash(bytes_of(row)));
    sum.end = number + 1;
  });
  if (!read) return pass(read);
  return sum;
}

Result<std::string> words_between(const std::string& folder, std::int64_t from, std::int64_t to) {
  std::ifstream in(folder + "/words", std::ios::binary);
  std::string bytes(static_cast<std::size_t>(std::max<std::int64_t>(0, to - from)), '\0');
  in.seekg(from);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.gcount() != static_cast<std::streamsize>(bytes.size()))
    return fail(Code::corrupt, "The words of the usage log are cut.", "usage_words");
  return bytes;
}

std::string subject_of(const storage::UsageSeal& seal) {
  return fmt::format("{}:{}-{}", seal.segment, seal.from_row, seal.to_row);
}

std::unexpected<Error> no_such_exchange() {
  return fail(Code::not_found, "There is no such exchange.", "unknown_exchange", "Check the address.");
}

}  // namespace

UsageSeals::~UsageSeals() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  if (auto sealed = seal(); !sealed)
    log::error("usage_not_sealed", {{"code", code_name(sealed.error().code)}});
}

void UsageSeals::start() {
  thread_ = std::thread([this] { work(); });
}

void UsageSeals::work() {
  std::unique_lock lock(mutex_);
  bool failing = false;
  while (!wake_.wait_for(lock, every, [this] { return stopping_; })) {
    lock.unlock();
    auto sealed = seal();
    if (!sealed && !failing) log::error("usage_not_sealed", {{"code", code_name(sealed.error().code)}});
    failing = !sealed;
    lock.lock();
  }
}

Result<void> UsageSeals::seal() {
  const std::lock_guard lock(sealing_);
  if (auto flushed = log_.flush(); !flushed) return flushed;
  auto names = segments::list(log_.folder());
  if (!names) return pass(names);
  for (const auto& name : *names)
    if (auto sealed = seal_segment(name); !sealed) return sealed;
  return {};
}

Result<void> UsageSeals::seal_segment(const std::string& segment) {
  for (;;) {
    auto from = store_.sealed_rows(segment);
    if (!from) return pass(from);
    const auto path = log_.folder() + "/" + segment;
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    if (error || bytes <= segments::begin_of(*from)) return {};
    auto rows = sum_of(path, *from, INT64_MAX);
    if (!rows) {
      // Cut or of another version: `bastide audit verify` and the log say so; the others go on.
      if (rows.error().code == Code::corrupt || rows.error().code == Code::not_found) return {};
      return pass(rows);
    }
    if (rows->tree.size() == 0) return {};
    auto words_from = store_.sealed_words_bytes();
    if (!words_from) return pass(words_from);
    // A word is in the file before a row names it.
    const auto words_bytes = std::filesystem::file_size(log_.folder() + "/words", error);
    const auto words_to = std::max(*words_from, error ? 0 : static_cast<std::int64_t>(words_bytes));
    auto words = words_between(log_.folder(), *words_from, words_to);
    if (!words) return pass(words);
    const storage::UsageSeal seal{segment, *from, rows->end, words_to};
    JsonWriter json;
    json.object()
        .field("segment", segment)
        .field("from_row", seal.from_row)
        .field("to_row", seal.to_row)
        .field("rows", rows->tree.size())
        .field("rows_root", hex(rows->tree.root()))
        .field("words_from", *words_from)
        .field("words_to", words_to)
        .field("words_sha256", sha256_hex(*words))
        .end();
    if (auto logged = audit_.append(kind, "", subject_of(seal), json.take()); !logged) return logged;
    if (auto added = store_.add(seal); !added) return added;
  }
}

Result<std::string> UsageSeals::proof_json(std::string_view exchange, const identity::Principal& who) {
  auto place = log_.place_of(exchange);
  if (!place) return pass(place);
  if (!*place) return no_such_exchange();
  const auto& [row, segment, number] = **place;
  const bool is_own = !who.person.empty() && log_.words().text(row.person) == who.person;
  if (!is_own && !who.is_admin()) return no_such_exchange();
  auto seal_of_row = store_.covering(segment, number);
  if (seal_of_row && !*seal_of_row) {
    if (auto sealed = seal(); !sealed) return pass(sealed);
    seal_of_row = store_.covering(segment, number);
  }
  if (!seal_of_row) return pass(seal_of_row);
  if (!*seal_of_row) return no_such_exchange();
  const auto& found = **seal_of_row;
  std::vector<Hash> leaves;
  std::int64_t index = -1;  // of the row among those that are whole
  policy::UsageRow wanted;
  auto rows = each_row(log_.folder() + "/" + segment, found.from_row, found.to_row,
                       [&](const policy::UsageRow& each, std::int64_t at) {
                         if (at == number) {
                           index = static_cast<std::int64_t>(leaves.size());
                           wanted = each;
                         }
                         leaves.push_back(governance::leaf_hash(bytes_of(each)));
                       });
  if (!rows) return pass(rows);
  if (index < 0)
    return fail(Code::corrupt, "This row of the usage log is damaged.", "receipt_damaged",
                "An administrator should run `bastide audit verify`.");
  Tree tree(std::move(leaves));
  auto path = governance::inclusion_proof(tree, index, tree.size());
  if (!path) return pass(path);
  auto event = audit_.event_proof(kind, subject_of(found));
  if (!event) return pass(event);
  JsonWriter json;
  json.object();
  governance::write_fields(json, event->proof);
  json.field("seal", event->payload)
      .key("row")
      .object()
      .field("bytes", base64(bytes_of(wanted)))
      .field("index", index)
      .field("rows", tree.size())
      .key("inclusion")
      .array();
  for (const auto& hash : *path) json.value(base64_of(hash));
  return json.end().end().end().take();
}

governance::Witness usage_witness(std::string usage_folder) {
  return [folder = std::move(usage_folder)](const governance::EntryBody& body,
                                            std::string_view payload) -> std::optional<std::string> {
    if (body.kind != UsageSeals::kind) return std::nullopt;
    auto json = parse_json(payload);
    if (!json || !json->is_object()) return "it cannot be read.";
    const auto number = [&](const char* name) { return json->value(name, std::int64_t{-1}); };
    const auto text = [&](const char* name) { return json->value(name, std::string()); };
    auto words = words_between(folder, number("words_from"), number("words_to"));
    if (!words || sha256_hex(*words) != text("words_sha256"))
      return "the words that rows name are not those that were sealed.";
    const auto path = folder + "/" + text("segment");
    if (text("segment").find('/') != std::string::npos || ::access(path.c_str(), F_OK) != 0)
      return std::nullopt;  // rows are kept for some months only
    const auto rows = sum_of(path, number("from_row"), number("to_row"));
    if (!rows) return rows.error().message;
    if (rows->tree.size() != number("rows"))
      return fmt::format("{} of its {} rows are there.", rows->tree.size(), number("rows"));
    if (hex(rows->tree.root()) != text("rows_root")) return "its rows are not those that were sealed.";
    return std::nullopt;
  };
}

}  // namespace bastide::app
