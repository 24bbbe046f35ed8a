#include "knowledge/citations/quotes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "knowledge/citations/layout.h"
#include "knowledge/index/analyzer.h"
#include "knowledge/parse/sentences.h"

namespace bastide::knowledge::citations {
namespace {

constexpr std::size_t passages_max = 10;
constexpr std::size_t sentences_max = 200;  // of one passage
constexpr std::size_t embedded_max = 32;    // what is compared by meaning: some 30 ms a sentence on a core
constexpr std::size_t quote_bytes_max = 700;
constexpr std::size_t fragment_words = 5;
constexpr double far_behind = 0.6;  // of the best: what is weaker is left out although there is room

// Weights of the three signs, chosen on PIAF (bench/knowledge/piaf_bench).
constexpr double weight_meaning = 0.50;
constexpr double weight_words = 0.25;
constexpr double weight_passage = 0.25;

struct Sentence {
  std::size_t passage = 0;
  std::size_t index = 0;           // within its passage
  std::size_t start = 0, end = 0;  // bytes of the passage's text
  std::string_view header;         // of the table, when this is one of its rows
  std::vector<std::string> terms;
  double words = 0;  // share of the question's weight that its terms carry
  double meaning = 0;
  double score = 0;
};

// A heading says what the sentences under it are about and answers nothing itself.
bool names_passage(std::string_view text, const exchange::Passage& passage) {
  const auto own = trim(text);
  return passage.title.find(own) != std::string::npos || passage.section.find(own) != std::string::npos;
}

/// What can be quoted of one passage: its sentences, and its tables row by row, without what only names them.
void split(const exchange::Passage& passage, std::size_t number, std::vector<Sentence>& all) {
  const std::string_view text = passage.text;
  std::size_t index = 0, taken_until = 0;
  for (const auto& sentence : parse::sentences(text)) {
    if (index == sentences_max) return;
    Sentence one;
    one.passage = number;
    one.start = static_cast<std::size_t>(sentence.text.data() - text.data());
    one.end = one.start + sentence.text.size();
    if (one.start < taken_until) continue;  // the rest of a row
    one.index = index++;
    if (const auto row = table_row_at(text, one.start)) {
      taken_until = row->end;
      if (row->names_columns) continue;
      one.start = row->start;
      one.end = row->end;
      one.header = row->header;
    } else if (names_passage(sentence.text, passage) || is_heading(text, one.start, one.end)) {
      continue;
    }
    one.terms = index::terms(text.substr(one.start, one.end - one.start));
    std::ranges::sort(one.terms);
    all.push_back(std::move(one));
  }
}

std::vector<Sentence> split(const std::vector<exchange::Passage>& passages) {
  std::vector<Sentence> all;
  for (std::size_t p = 0; p < std::min(passages.size(), passages_max); ++p) split(passages[p], p, all);
  return all;
}

void weigh_words(std::vector<Sentence>& sentences, const std::vector<std::string>& query) {
  std::vector<double> weights;
  double sum = 0;
  for (const auto& term : query) {
    const auto holding = std::ranges::count_if(
        sentences, [&](const Sentence& s) { return std::ranges::binary_search(s.terms, term); });
    weights.push_back(
        std::log(1 + static_cast<double>(sentences.size()) / (1 + static_cast<double>(holding))));
    sum += weights.back();
  }
  if (sum <= 0) return;
  for (auto& sentence : sentences) {
    for (std::size_t i = 0; i < query.size(); ++i)
      if (std::ranges::binary_search(sentence.terms, query[i])) sentence.words += weights[i];
    sentence.words /= sum;
  }
}

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// Raw cosines of one model lie close together: within this question they are spread to 0..1.
void weigh_meaning(std::span<Sentence> sentences, const std::vector<float>& query,
                   const std::vector<std::vector<float>>& vectors) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    sentences[i].meaning = dot(query, vectors[i]);
    low = std::min(low, sentences[i].meaning);
    high = std::max(high, sentences[i].meaning);
  }
  for (auto& sentence : sentences)
    sentence.meaning = high > low ? (sentence.meaning - low) / (high - low) : 1;
}

bool leans_back(std::string_view text) {
  static constexpr std::string_view pronouns[] = {"il",       "elle",     "ils",   "elles", "ce", "cela",
                                                  "celle-ci", "celui-ci", "cette", "ces",   "it", "they",
                                                  "he",       "she",      "this",  "these"};
  const auto first = index::words(text, 1);
  return !first.empty() && std::ranges::find(pronouns, first[0].folded) != std::end(pronouns);
}

/// Whether a new paragraph or row begins between two places.
bool parted(std::string_view text, std::size_t from, std::size_t to) {
  return text.substr(from, to - from).find('\n') != std::string_view::npos;
}

/// A fragment, or a sentence whose subject is in the one before, takes its neighbour along.
void complete(Sentence& sentence, std::string_view text, const std::vector<Sentence>& all) {
  if (table_row_at(text, sentence.start)) return;
  const Sentence* before = nullptr;
  const Sentence* after = nullptr;
  for (const auto& other : all) {
    if (other.passage != sentence.passage) continue;
    if (other.index + 1 == sentence.index && !parted(text, other.end, sentence.start)) before = &other;
    if (other.index == sentence.index + 1 && !parted(text, sentence.end, other.start)) after = &other;
  }
  const auto own = text.substr(sentence.start, sentence.end - sentence.start);
  const bool fragment = index::words(own, fragment_words).size() < fragment_words || own.ends_with(':');
  if ((fragment || leans_back(own)) && before && !own.ends_with(':') &&
      sentence.end - before->start <= quote_bytes_max)
    sentence.start = before->start;
  else if (fragment && after && after->end - sentence.start <= quote_bytes_max)
    sentence.end = after->end;
}

std::vector<exchange::Citation> choose(std::vector<Sentence> ranked, const std::vector<Sentence>& all,
                                       const std::vector<exchange::Passage>& passages, std::size_t limit) {
  std::vector<exchange::Citation> quotes;
  std::vector<Sentence> taken;
  for (auto& sentence : ranked) {
    if (quotes.size() == limit || sentence.score < far_behind * ranked.front().score) break;
    const auto& passage = passages[sentence.passage];
    complete(sentence, passage.text, all);
    const bool again = std::ranges::any_of(taken, [&](const Sentence& t) {
      return t.passage == sentence.passage && sentence.start < t.end && t.start < sentence.end;
    });
    if (again) continue;
    taken.push_back(sentence);
    auto text =
        utf8_prefix(std::string_view(passage.text).substr(sentence.start, sentence.end - sentence.start),
                    quote_bytes_max);
    quotes.push_back({.marker = static_cast<int>(quotes.size()) + 1,
                      .passage = passage.id,
                      .document = passage.document,
                      .title = passage.title,
                      .page = passage.page,
                      .quote = std::string(text),
                      .score = sentence.score,
                      .header = std::string(utf8_prefix(sentence.header, quote_bytes_max))});
  }
  return quotes;
}

void sort_best_first(std::vector<Sentence>& sentences) {
  std::ranges::sort(sentences, [](const Sentence& a, const Sentence& b) {
    return std::tuple(-a.score, a.passage, a.index) < std::tuple(-b.score, b.passage, b.index);
  });
}
}  // namespace

Task<Result<std::vector<exchange::Citation>>> quote(exchange::Models& models, std::string model,
                                                    std::string query,
                                                    std::vector<exchange::Passage> passages,
                                                    std::size_t limit) {
  const auto all = split(passages);
  auto sentences = all;
  weigh_words(sentences, index::query_terms(query));
  for (auto& sentence : sentences)
    sentence.score = weight_words * sentence.words + weight_passage * passages[sentence.passage].score;
  sort_best_first(sentences);
  if (sentences.size() > embedded_max) sentences.resize(embedded_max);

  if (!model.empty() && !sentences.empty()) {
    std::vector<std::string> texts;
    for (const auto& sentence : sentences)
      texts.push_back(passages[sentence.passage].text.substr(sentence.start, sentence.end - sentence.start));
    using Kind = exchange::Models::EmbedKind;
    auto question =
        co_await models.embed(model, std::vector<std::string>(1, query), Kind::query, exchange::TooLong::cut);
    if (question && question->vectors.size() == 1) {
      auto read = co_await models.embed(model, std::move(texts), Kind::passage, exchange::TooLong::cut);
      if (read && read->vectors.size() == sentences.size()) {
        weigh_meaning(sentences, question->vectors.front(), read->vectors);
        for (auto& sentence : sentences) sentence.score += weight_meaning * sentence.meaning;
        sort_best_first(sentences);
      }
    }
  }
  co_return choose(std::move(sentences), all, passages, limit);
}

}  // namespace bastide::knowledge::citations
