// A library on a real database and folder, with a parser that takes text as it is.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "base/id.h"
#include "knowledge/library.h"
#include "storage/knowledge/library_store.h"
#include "tests/knowledge/fake_models.h"

namespace bastide::test {

/// A folder that goes with its object.
struct Folder {
  std::string path = std::filesystem::temp_directory_path() / new_id("bastide_knowledge");
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};

/// Paragraphs between blank lines; "# " begins a heading, "!title " says what the document is called.
/// "!password" and "!crash" fail as such files do.
inline Result<knowledge::parse::ParsedDocument> parse_text(const knowledge::parse::ParseRequest& request) {
  using namespace knowledge::parse;
  std::ifstream in(request.path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  if (text.starts_with("!password"))
    return fail(Code::invalid, "The document asks for a password.", "password_protected",
                "Remove it, then upload again.");
  if (text.starts_with("!broken"))
    return fail(Code::internal, "The parser ended.", "parser_crashed", "Try again.");
  ParsedDocument document;
  document.media_type = "text/plain";
  std::size_t at = 0;
  while (at < text.size()) {
    auto end = text.find("\n\n", at);
    if (end == std::string::npos) end = text.size();
    Block block;
    block.text = text.substr(at, end - at);
    if (block.text.starts_with("# ")) {
      block.kind = BlockKind::heading;
      block.level = 1;
      block.text.erase(0, 2);
    }
    if (block.text.starts_with("!title ")) document.title = std::exchange(block.text, {}).substr(7);
    if (!block.text.empty()) document.blocks.push_back(std::move(block));
    at = end + 2;
  }
  place_blocks(document);
  return document;
}

class House {
 public:
  explicit House(std::string path, int workers = 2) : folder(std::move(path)) {
    database = std::move(storage::Database::open(folder + "/bastide.db").value());
    blobs = std::move(storage::open_folder_blobs(folder + "/blobs").value());
    store = storage::make_library_store(*database);
    library = knowledge::Library::make({.store = *store,
                                        .blobs = *blobs,
                                        .models = models,
                                        .labels = labels,
                                        .pool = pool,
                                        .metrics = metrics,
                                        .config = config.knowledge,
                                        .cache_folder = folder + "/cache",
                                        .parser = {.parse = parser, .render = render},
                                        .embedding = nullptr,
                                        .workers = workers});
  }

  static identity::Principal person(const std::string& id, std::vector<std::string> groups = {},
                                    identity::Role role = identity::Role::member) {
    identity::Principal who;
    who.person = id;
    who.groups = std::move(groups);
    who.role = role;
    return who;
  }

  std::string collection(const identity::Principal& who, const std::string& name,
                         std::vector<std::string> readers = {}) {
    return library->create_collection(who, {.name = name, .label = {}, .readers = std::move(readers)})
        .value();
  }

  Result<knowledge::UploadedDocument> upload(const identity::Principal& who, const std::string& collection,
                                             const std::string& name, const std::string& text,
                                             std::optional<std::vector<std::string>> readers = {},
                                             std::optional<std::string> label = {}) {
    const auto blob = blobs->put(text).value();
    return library->upload(who, {.collection = collection,
                                 .name = name,
                                 .media_type = "text/plain",
                                 .blob = blob,
                                 .bytes = static_cast<std::int64_t>(text.size()),
                                 .label = std::move(label),
                                 .readers = std::move(readers),
                                 .source_version = {}});
  }

  /// Waits until every document of `collection` is ready or failed.
  void settle(const identity::Principal& who, const std::string& collection) {
    for (int i = 0; i < 1000; ++i) {
      const auto list = library->documents(who, collection, {.q = {}, .after = {}, .limit = 200}).value();
      bool busy = false;
      for (const auto& document : list.items)
        busy = busy || (document.state != knowledge::DocumentState::ready &&
                        document.state != knowledge::DocumentState::failed);
      if (!busy) return;
      std::this_thread::sleep_for(Millis(20));
    }
    FAIL() << "still busy";
  }

  knowledge::SearchAnswer search(const identity::Principal& who, const std::string& query,
                                 std::vector<std::string> collections = {}, std::size_t limit = 20) {
    return sync_wait(library->search(who, query, std::move(collections), limit)).value();
  }

  std::string folder;
  std::function<Result<knowledge::parse::ParsedDocument>(const knowledge::parse::ParseRequest&)> parser =
      [this](const auto& request) {
        if (before_parse) before_parse(request);
        return parse_text(request);
      };
  std::function<Result<std::string>(const std::string&, int, int)> render = [](const std::string&, int page,
                                                                               int width) {
    return Result<std::string>("png " + std::to_string(page) + " " + std::to_string(width));
  };
  std::function<void(const knowledge::parse::ParseRequest&)> before_parse;
  Config config = default_config();
  policy::Labels labels{config};
  FakeModels models;
  Metrics metrics;
  Pool pool{"test", 2, 100};
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<storage::Blobs> blobs;
  std::unique_ptr<knowledge::LibraryStore> store;
  std::unique_ptr<knowledge::Library> library;
};

}  // namespace bastide::test
