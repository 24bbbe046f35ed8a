#include "guard/detector.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "guard/detectors.h"
#include "guard/lexicon/lexicon.h"
#include "guard/normalise.h"
#include "guard/patterns.h"

namespace bastide::guard {
namespace {
constexpr std::size_t window_bytes = 256 * 1024;
constexpr std::size_t overlap_bytes = 20 * 1024;  // more than the longest match, a private key of 16 KB
constexpr std::size_t context_bytes = 1024;       // read again before a window, for the words around
constexpr std::size_t idle_workspaces_max = 16;
constexpr std::size_t workspace_bytes_max = 1024 * 1024;
constexpr std::size_t hidden_tags_min = 6;

std::size_t code_points_between(std::string_view text, std::size_t from, std::size_t to) {
  return count_code_points(text.substr(from, to - from));
}
}  // namespace

struct Detector::Workspace {
  Normal normal;
  Scan scan;
};

struct Detector::State {
  std::once_flag once;
  std::optional<Patterns> patterns;
  Lexicon lexicon;
  std::mutex mutex;
  std::vector<std::unique_ptr<Workspace>> idle;

  void ready() {
    std::call_once(once, [this] {
      patterns.emplace(pattern_rules());
      Normal tables;
      normalise("\xc3\xa9", tables);
    });
  }
  std::unique_ptr<Workspace> take() {
    ready();
    {
      std::lock_guard lock(mutex);
      if (!idle.empty()) {
        auto workspace = std::move(idle.back());
        idle.pop_back();
        return workspace;
      }
    }
    return std::make_unique<Workspace>();
  }
  void give_back(std::unique_ptr<Workspace> workspace) {
    if (workspace->scan.text.size() > workspace_bytes_max) return;
    std::lock_guard lock(mutex);
    if (idle.size() < idle_workspaces_max) idle.push_back(std::move(workspace));
  }
};

Detector::Detector() : state_(std::make_unique<State>()) {}
Detector::~Detector() = default;

void Detector::warm() const { state_->ready(); }

Result<std::vector<Match>> Detector::find_window(std::string_view text) const {
  auto workspace = state_->take();
  auto& [normal, scan] = *workspace;
  normalise(text, normal);
  scan.text = normal.text;
  scan.lexicon = &state_->lexicon;
  scan.hits.clear();
  tokenise(scan);

  state_->patterns->find(scan);
  find_country_numbers(scan);
  find_digit_runs(scan);
  find_phones(scan);
  find_addresses(scan);
  find_organisations(scan);
  find_places(scan);
  find_persons(scan);
  if (normal.hidden >= hidden_tags_min) {
    // Hidden letters are an instruction for the model that nobody sees.
    auto first = normal.text.size();
    std::size_t last = 0;
    for (std::size_t i = 0; i < normal.text.size(); ++i) {
      auto at = normal.original_begin(i);
      if (static_cast<unsigned char>(text[at]) != 0xF3) continue;
      first = std::min(first, i);
      last = i + 1;
    }
    if (first < last) scan.add(Type::injection, first, last, .9, "injection.hidden_tags");
  }
  if (scan.hits.empty()) {
    state_->give_back(std::move(workspace));
    return std::vector<Match>{};
  }
  resolve_overlaps(scan.hits);

  std::vector<Match> matches;
  matches.reserve(scan.hits.size());
  std::size_t byte = 0, point = 0;
  for (const auto& hit : scan.hits) {
    Match match;
    match.type = hit.type;
    match.begin = normal.original_begin(hit.begin);
    match.end = normal.original_end(hit.end);
    match.score = static_cast<double>(hit.score);
    match.rule = hit.rule;
    match.personal = hit.personal;
    match.gender = hit.gender;
    // Hits come in order of their start, and attacks may overlap data: count on from the last start.
    point += code_points_between(text, byte, match.begin);
    byte = match.begin;
    match.first = point;
    match.last = point + code_points_between(text, match.begin, match.end);
    matches.push_back(match);
  }
  // One character of the original can hold the ends of two neighbours (a ligature): the first keeps it.
  std::size_t reach = 0;
  std::erase_if(matches, [&](const Match& match) {
    if (!is_data(match.type)) return false;
    if (match.begin < reach) return true;
    reach = match.end;
    return false;
  });
  state_->give_back(std::move(workspace));
  return matches;
}

Result<std::vector<Match>> Detector::find(std::string_view text) const {
  if (text.size() <= 2 * window_bytes) return find_window(text);
  std::vector<Match> matches;
  WindowedFinder finder(*this, [&](const Match& match) { matches.push_back(match); });
  if (auto fed = finder.feed(text); !fed) return pass(fed);
  if (auto rest = finder.finish(); !rest) return pass(rest);
  return matches;
}

WindowedFinder::WindowedFinder(const Detector& detector, Sink sink)
    : detector_(detector), sink_(std::move(sink)) {}

std::size_t WindowedFinder::code_points() const { return base_points_ + count_code_points(buffer_); }

Result<void> WindowedFinder::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    auto piece = bytes.substr(0, window_bytes);
    bytes.remove_prefix(piece.size());
    pending_ += piece;
    auto tail = incomplete_utf8_tail(pending_);
    std::string rest = pending_.substr(pending_.size() - tail);
    pending_.resize(pending_.size() - tail);
    if (is_utf8(pending_))
      buffer_ += pending_;
    else
      buffer_ += to_valid_utf8(pending_);
    pending_ = std::move(rest);
    while (buffer_.size() >= window_bytes + overlap_bytes) {
      auto window = utf8_prefix(buffer_, window_bytes + overlap_bytes);
      if (auto done = process(window, false); !done) return done;
    }
  }
  return {};
}

Result<void> WindowedFinder::finish() {
  buffer_ += to_valid_utf8(pending_);
  pending_.clear();
  return process(buffer_, true);
}

Result<void> WindowedFinder::process(std::string_view window, bool last) {
  auto matches = detector_.find_window(window);
  if (!matches) return pass(matches);
  std::size_t cut = last ? window.size() : window.size() - overlap_bytes;
  std::size_t done = std::max(done_, cut);
  for (auto match : *matches) {
    if (match.begin < done_ || (match.begin >= cut && !last)) continue;
    done = std::max(done, match.end);
    match.begin += base_bytes_;
    match.end += base_bytes_;
    match.first += base_points_;
    match.last += base_points_;
    sink_(match);
  }
  // The next window starts at a line or a blank somewhat before the cut.
  std::size_t keep = last ? window.size() : cut - context_bytes;
  if (!last) {
    auto line = window.substr(0, keep).rfind('\n');
    if (line != std::string_view::npos && keep - line <= 4 * context_bytes) {
      keep = line + 1;
    } else {
      auto blank = window.substr(0, keep).rfind(' ');
      if (blank != std::string_view::npos && keep - blank <= context_bytes)
        keep = blank + 1;
      else
        keep = utf8_prefix(window, keep).size();
    }
  }
  base_points_ += code_points_between(window, 0, keep);
  base_bytes_ += keep;
  done_ = done - std::min(done, keep);
  buffer_.erase(0, keep);
  return {};
}

}  // namespace bastide::guard
