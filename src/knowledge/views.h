// What the knowledge room shows of collections and documents. Plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "exchange/exchange.h"

namespace bastide::knowledge {

/// Who may read: "everyone", "p:<person id>" or "g:<group id>". Identity turns e-mail addresses and names
/// into these.
using Reader = std::string;

/// One page of a list by key. `next` is what to give as `after` for the following page; absent at the end.
template <class T>
struct Listing {
  std::vector<T> items;
  std::optional<std::string> next;
};

/// `q` filters by a part of the name, ignoring case and accents. `limit` is capped at 200.
struct ListQuery {
  std::string q;
  std::string after;
  std::size_t limit = 50;
};

struct CollectionView {
  std::string id;
  std::string name;
  std::string label;
  std::vector<Reader> readers;  // without the owner, who always reads
  std::string owner;            // person id
  std::int64_t documents = 0;   // that the asker may read
  std::int64_t ready = 0;       // of these, searchable
  bool may_write = false;
  UnixMillis created_at = 0;
};

enum class DocumentState { queued, parsing, embedding, ready, failed };
[[nodiscard]] std::string_view state_name(DocumentState state);
[[nodiscard]] DocumentState state_of(std::string_view name);

/// How many documents are in each state; all states are there.
using DocumentCounts = std::map<DocumentState, std::int64_t>;

struct DocumentView {
  std::string id;
  std::string collection;
  std::string collection_name;
  std::string title;
  std::string name;
  std::string media_type;
  std::int64_t bytes = 0;
  DocumentState state = DocumentState::queued;
  double progress = 0;         // 0 to 1
  std::optional<Error> error;  // with state failed
  int pages = 0;
  std::int64_t chunks = 0;
  std::string label;        // the higher of the collection's and its own
  bool restricted = false;  // readers of its own
  bool searchable = false;  // a version of it is in the index (an older one while a new one is read)
  std::int64_t version = 1;
  std::string source_version;
  UnixMillis created_at = 0;
};

/// A part of a document's text as the viewer shows it.
struct BlockView {
  std::string kind;  // heading paragraph list table code
  int level = 0;
  int page = 0;
  std::string text;
  std::size_t start = 0;  // code points in the whole text
};

struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

/// Where a passage stands. Offsets are code points of the whole text; boxes are PDF points from the top left.
struct Highlight {
  std::size_t start = 0;
  std::size_t end = 0;
  int page = 0;
  std::vector<Box> boxes;
  float page_width = 0, page_height = 0;
};

/// What to mark in a document: a passage, or of it only `quote`, word for word. Both may be empty.
struct Mark {
  std::string passage;
  std::string quote;
};

struct ContentView {
  std::string id;
  std::string title;
  std::string media_type;
  int pages = 0;
  std::vector<BlockView> blocks;
  std::optional<Highlight> highlight;
};

/// A result of a search with what each stage said of it.
struct SearchHit {
  exchange::Passage passage;  // `score` is the hybrid one
  double bm25 = 0;            // raw
  int lexical_rank = 0;       // 1-based; 0: not among the lexical candidates
  int dense_rank = 0;
};

struct SearchAnswer {
  std::vector<SearchHit> results;
  std::int64_t searched = 0;  // passages that the asker may read in the collections asked
  bool supported = false;
  std::string reason;
  bool dense_available = true;
  std::int64_t took_us = 0;
};

}  // namespace bastide::knowledge
