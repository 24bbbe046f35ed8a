#include "knowledge/citations/check.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "knowledge/citations/facts.h"
#include "knowledge/citations/layout.h"
#include "knowledge/citations/markers.h"
#include "knowledge/index/analyzer.h"
#include "knowledge/index/stop_words.h"
#include "knowledge/parse/sentences.h"

namespace bastide::knowledge::citations {
namespace {
using exchange::Citation;
using exchange::Passage;
using ClaimCheck = exchange::Knowledge::ClaimCheck;

constexpr double coverage_min =
    0.65;  // of the claim's content words, by the passage with its title and section
constexpr double window_coverage_min = 0.5;  // of the same, by the sentences around a number
constexpr double same_sentence =
    0.5;  // overlap from which a sentence of the passage speaks of the same thing
constexpr std::size_t sentence_bytes_max = 4000;

/// Words that speak of the answer and its sources, not of the matter. Folded.
bool speaks_of_sources(std::string_view word) {
  static constexpr std::string_view words[] = {
      "voici",    "voila",      "selon",    "apres",     "document", "documents", "passage",  "passages",
      "extrait",  "extraits",   "source",   "sources",   "fourni",   "fournis",   "fournies", "fournie",
      "suivant",  "suivants",   "suivante", "suivantes", "reponse",  "reponses",  "question", "questions",
      "resume",   "synthese",   "contexte", "texte",     "textes",   "base",      "based",    "according",
      "provided", "following",  "answer",   "answers",   "here",     "summary",   "context",  "text",
      "below",    "dessous",    "dessus",   "above",     "point",    "points",    "element",  "elements",
      "key",      "principaux", "resumee",  "bref",      "short",    "detail",    "details",  "ensemble",
      "liste",    "list",       "disent",   "dit",       "say",      "says"};
  return std::ranges::find(words, word) != std::end(words);
}

bool says_found(std::string_view word) {
  static constexpr std::string_view words[] = {
      "trouve",    "trouver",     "mention",   "mentionne",  "mentionnent", "mentionnee",  "mentions",
      "mentioned", "indique",     "indiquent", "indiquee",   "precise",     "precisent",   "precisee",
      "contient",  "contiennent", "permet",    "permettent", "repondre",    "information", "informations",
      "found",     "find",        "contain",   "contains",   "provide",     "provides",    "specify",
      "specified", "disponible",  "available", "figure",     "figurent",    "state",       "stated",
      "dispose",   "donnent",     "donne",     "give",       "answer",      "reponse",     "concernant",
      "regarding"};
  return std::ranges::find(words, word) != std::end(words);
}

bool is_courtesy(std::string_view word) {
  static constexpr std::string_view words[] = {"hesitez",  "besoin", "aide",  "aider",  "souhaitez", "voulez",
                                               "demander", "help",   "hope",  "let",    "know",      "need",
                                               "want",     "like",   "bien",  "sur",    "certainly", "sure",
                                               "bonjour",  "hello",  "autre", "autres", "savoir",    "plus",
                                               "avez",     "feel",   "free",  "ask",    "esperant",  "merci"};
  return std::ranges::find(words, word) != std::end(words);
}

/// Opposites that stand for each other in otherwise equal sentences. Folded words.
constexpr std::array<std::pair<std::string_view, std::string_view>, 34> opposites{{
    {"gratuit", "payant"},
    {"gratuite", "payante"},
    {"obligatoire", "facultatif"},
    {"obligatoire", "facultative"},
    {"ouvert", "ferme"},
    {"ouverte", "fermee"},
    {"ouverts", "fermes"},
    {"avant", "apres"},
    {"before", "after"},
    {"minimum", "maximum"},
    {"autorise", "interdit"},
    {"autorisee", "interdite"},
    {"autorises", "interdits"},
    {"possible", "impossible"},
    {"allowed", "forbidden"},
    {"mandatory", "optional"},
    {"open", "closed"},
    {"free", "paid"},
    {"increase", "decrease"},
    {"augmente", "diminue"},
    {"augmentation", "baisse"},
    {"inclus", "exclus"},
    {"included", "excluded"},
    {"debut", "fin"},
    {"matin", "soir"},
    {"pair", "impair"},
    {"paires", "impaires"},
    {"interne", "externe"},
    {"superieur", "inferieur"},
    {"above", "below"},
    {"accepte", "refuse"},
    {"accepted", "refused"},
    {"morning", "evening"},
    {"required", "optional"},
}};

bool has_word(const Facts& facts, std::string_view word) {
  return std::ranges::find(facts.words, word) != facts.words.end();
}

bool says_opposite(const Facts& claim, const Facts& sentence) {
  return std::ranges::any_of(opposites, [&](const auto& pair) {
    auto turned = [&](std::string_view a, std::string_view b) {
      return has_word(claim, a) && !has_word(claim, b) && has_word(sentence, b) && !has_word(sentence, a);
    };
    return turned(pair.first, pair.second) || turned(pair.second, pair.first);
  });
}

double coverage(const std::vector<std::string>& stems, const std::vector<std::string>& held) {
  if (stems.empty()) return 1;
  const auto found =
      std::ranges::count_if(stems, [&](const std::string& stem) { return holds_family(held, stem); });
  return static_cast<double>(found) / static_cast<double>(stems.size());
}

/// How many words that the question did not bring may be missing from the passage.
std::size_t misses_allowed(std::size_t novel) { return novel <= 3 ? 0 : novel <= 6 ? 1 : novel / 4; }

std::vector<std::string> joined(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::ranges::sort(a);
  return a;
}

struct Support {
  bool holds = false;
  double coverage = 0;
  std::string quote;
};

/// The claim against one text.
class Judge {
 public:
  Judge(const Facts& claim, const Facts& question) : claim_(claim) {
    for (const auto& stem : claim.stems)
      if (!question.has_stem(stem)) novel_.push_back(stem);
  }

  [[nodiscard]] Support judge(std::string_view heading, std::string_view text) const {
    Support support;
    const auto whole = facts_of(text);
    const auto head = facts_of(heading);
    const auto stems = joined(whole.stem_set, head.stem_set);
    support.coverage = coverage(claim_.stems, stems);
    if (support.coverage < coverage_min) return support;
    const auto missing =
        std::ranges::count_if(novel_, [&](const std::string& stem) { return !holds_family(stems, stem); });
    if (static_cast<std::size_t>(missing) > misses_allowed(novel_.size())) return support;
    if (!is_subset(claim_.numbers, joined(whole.numbers, head.numbers))) return support;
    if (!is_subset(claim_.dates, joined(whole.dates, head.dates))) return support;
    for (const auto& name : claim_.names)
      if (!std::ranges::binary_search(stems, name)) return support;
    if (!measures_agree(whole)) return support;
    return judge_sentences(std::move(support), head, text);
  }

 private:
  /// A number that the claim gives with a unit has that unit in the passage.
  [[nodiscard]] bool measures_agree(const Facts& passage) const {
    return std::ranges::all_of(claim_.measures, [&](const auto& measure) {
      return std::ranges::binary_search(passage.measures, measure) ||
             std::ranges::none_of(passage.measures,
                                  [&](const auto& other) { return other.first == measure.first; });
    });
  }

  /// Numbers near their words, and the polarity of the sentence that speaks of the same.
  [[nodiscard]] Support judge_sentences(Support support, const Facts& head, std::string_view text) const {
    struct Sentence {
      std::string_view text;
      Facts facts;
      double overlap;
    };
    std::vector<Sentence> sentences;
    double best = 0;
    for (const auto& sentence : parse::sentences(text)) {
      auto facts = facts_of(sentence.text);
      const auto overlap = coverage(claim_.stems, facts.stem_set) + 0.2 * shared_numbers(facts);
      best = std::max(best, overlap);
      sentences.push_back({sentence.text, std::move(facts), overlap});
    }
    const Sentence* chosen = nullptr;
    for (std::size_t i = 0; i < sentences.size(); ++i) {
      const auto& sentence = sentences[i];
      if (sentence.overlap < 0.8 * best) continue;
      auto stems = joined(sentence.facts.stem_set, head.stem_set);
      auto numbers = sentence.facts.numbers;
      auto dates = joined(sentence.facts.dates, head.dates);
      for (auto other : {i - 1, i + 1}) {
        if (other >= sentences.size()) continue;
        stems = joined(std::move(stems), sentences[other].facts.stem_set);
        numbers = joined(std::move(numbers), sentences[other].facts.numbers);
        dates = joined(std::move(dates), sentences[other].facts.dates);
      }
      // The header of a table says what its numbers are.
      if (sentence.text.find(" | ") != std::string_view::npos && !sentences.empty())
        stems = joined(std::move(stems), sentences.front().facts.stem_set);
      const bool has_figures = !claim_.numbers.empty() || !claim_.dates.empty();
      if (has_figures &&
          (!is_subset(claim_.numbers, joined(numbers, head.numbers)) || !is_subset(claim_.dates, dates) ||
           coverage(claim_.stems, stems) < window_coverage_min))
        continue;
      if (says_opposite(claim_, sentence.facts)) continue;
      if (sentence.overlap >= same_sentence && sentence.facts.negated != claim_.negated) continue;
      if (sentence.overlap < same_sentence && claim_.negated && !sentence.facts.negated) continue;
      if (!chosen || sentence.overlap > chosen->overlap) chosen = &sentence;
    }
    if (!chosen) return support;
    support.holds = true;
    support.quote = std::string(utf8_prefix(chosen->text, 700));
    return support;
  }

  [[nodiscard]] double shared_numbers(const Facts& facts) const {
    if (claim_.numbers.empty()) return 0;
    const auto found = std::ranges::count_if(
        claim_.numbers, [&](const std::string& n) { return std::ranges::binary_search(facts.numbers, n); });
    return static_cast<double>(found) / static_cast<double>(claim_.numbers.size());
  }

  const Facts& claim_;
  std::vector<std::string> novel_;
};

/// Introductions, courtesies and "the documents do not say" state nothing of the matter. "Yes" and "no" do.
bool states_something(const Facts& claim, const Facts& question, std::string_view text) {
  static constexpr std::string_view verdicts[] = {"oui", "non", "yes", "no"};
  if (!claim.words.empty() && std::ranges::find(verdicts, claim.words.front()) != std::end(verdicts))
    return true;
  const bool new_figures =
      !is_subset(claim.numbers, question.numbers) || !is_subset(claim.dates, question.dates);
  const bool new_names =
      std::ranges::any_of(claim.names, [&](const std::string& n) { return !question.has_stem(n); });
  if (new_figures || new_names) return true;
  bool matter = false, brought = false, source = false, found = false;
  for (const auto& word : claim.words) {
    if (index::is_function_word(word)) continue;
    source = source || speaks_of_sources(word);
    found = found || says_found(word);
    if (speaks_of_sources(word) || is_courtesy(word)) continue;
    const bool asked = holds_family(question.stem_set, index::stem(word));
    brought = brought || asked;
    matter = matter || (!asked && !says_found(word));
  }
  if (matter) return true;
  const auto plain = trim(text);
  if (plain.ends_with(':') || plain.ends_with('?')) return false;
  if (source && found && claim.negated) return false;  // "the documents do not mention it"
  return brought || (found && !source && !claim.stems.empty());
}

std::string heading_of(const Passage& passage) { return passage.title + "\n" + passage.section; }

std::optional<Support> try_passage(const Judge& judge, const Passage& passage) {
  auto support = judge.judge(heading_of(passage), passage.text);
  if (!support.holds) return std::nullopt;
  return support;
}

void cite(ClaimCheck& out, int marker, const Passage& passage, Support support) {
  std::string header;
  // A row of a table is quoted whole, under the names of its columns.
  if (const auto at = passage.text.find(support.quote); at != std::string::npos)
    if (const auto row = table_row_at(passage.text, at)) {
      support.quote = passage.text.substr(row->start, row->end - row->start);
      header = row->header;
    }
  out.citations.push_back({.marker = marker,
                           .passage = passage.id,
                           .document = passage.document,
                           .title = passage.title,
                           .page = passage.page,
                           .quote = std::move(support.quote),
                           .score = support.coverage,
                           .header = std::move(header)});
}
}  // namespace

ClaimCheck check(std::string_view sentence, std::string_view question, std::span<const Passage> passages) {
  ClaimCheck out;
  const auto marked = take_markers(sentence);
  out.text = marked.text;
  if (marked.text.size() > sentence_bytes_max) return out;
  const auto claim = facts_of(marked.text);
  const auto asked = facts_of(utf8_prefix(question, sentence_bytes_max));
  out.is_claim = !claim.words.empty() && states_something(claim, asked, marked.text);
  if (!out.is_claim) return out;
  // A verdict alone cannot be checked by words.
  if (claim.stems.empty() && claim.numbers.empty() && claim.dates.empty()) return out;

  const Judge judge(claim, asked);
  std::vector<int> cited;
  for (int marker : marked.markers)
    if (marker >= 1 && static_cast<std::size_t>(marker) <= passages.size()) cited.push_back(marker);
  for (int marker : cited) {
    const auto& passage = passages[static_cast<std::size_t>(marker) - 1];
    if (auto support = try_passage(judge, passage)) cite(out, marker, passage, std::move(*support));
  }
  if (out.citations.empty()) {
    std::optional<Support> best;
    std::size_t best_at = 0;
    for (std::size_t i = 0; i < passages.size(); ++i) {
      auto support = try_passage(judge, passages[i]);
      if (support && (!best || support->coverage > best->coverage)) {
        best = std::move(support);
        best_at = i;
      }
    }
    if (best) cite(out, static_cast<int>(best_at) + 1, passages[best_at], std::move(*best));
  }
  out.supported = !out.citations.empty();
  std::vector<int> markers;
  for (const auto& citation : out.citations) markers.push_back(citation.marker);
  out.text = put_markers(marked.text, markers);
  return out;
}

}  // namespace bastide::knowledge::citations
