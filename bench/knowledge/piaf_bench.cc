// Retrieval and quote-only on PIAF: knowledge_piaf_bench [--data DIR] [--vectors FILE] [--questions N]
// [--quotes N]
// [--titles with|without] [--k1 X] [--b X] [--dense WEIGHT]
// DIR/models holds e5-small (a data folder of Bastide); without it only what needs no vectors is measured.
// All questions are ranked, quotes are taken for the first N (500). Vectors are computed once and kept in
// FILE: the first run takes a quarter of an hour.
// [--evidence FILE] writes cosine and coverage of the best five, for choosing the thresholds of near_enough.
// The questions are in BASTIDE_TEST_DATA/knowledge/piaf/piaf-v1.1.json.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "bench/knowledge/cached_models.h"
#include "knowledge/citations/quotes.h"
#include "knowledge/index/analyzer.h"
#include "knowledge/ingest/header.h"
#include "knowledge/retrieval/hybrid.h"
#include "models/house.h"
#include "models/local/worker_main.h"

using namespace bastide;
using namespace bastide::knowledge;

namespace {
struct Paragraph {
  std::string title, text;
};
struct Question {
  std::string text;
  std::size_t paragraph = 0;
  std::vector<std::string> answers;
};
struct Piaf {
  std::vector<Paragraph> paragraphs;
  std::vector<Question> questions;
};

Piaf load(const std::string& path) {
  std::ifstream in(path);
  const auto json = nlohmann::json::parse(in);
  Piaf piaf;
  std::map<std::string, std::size_t> seen;
  for (const auto& article : json["data"])
    for (const auto& paragraph : article["paragraphs"]) {
      const auto text = paragraph["context"].get<std::string>();
      const auto [at, made] = seen.emplace(text, piaf.paragraphs.size());
      if (made) piaf.paragraphs.push_back({article["title"].get<std::string>(), text});
      for (const auto& qa : paragraph["qas"]) {
        Question question{qa["question"].get<std::string>(), at->second, {}};
        for (const auto& answer : qa["answers"])
          question.answers.push_back(answer["text"].get<std::string>());
        piaf.questions.push_back(std::move(question));
      }
    }
  return piaf;
}

void print(const std::string& figure, double value, double goal, std::size_t n) {
  JsonWriter json;
  json.object().field("figure", figure).field("value", std::round(value * 1e4) / 1e4);
  if (goal > 0) json.field("goal", goal);
  json.field("n", n).end();
  std::puts(json.text().c_str());
}

struct Score {
  double ndcg = 0, recall = 0;
  std::size_t n = 0;
  /// One right paragraph: nDCG@10 is 1 / log2(rank + 1).
  void take(int rank) {
    ++n;
    if (rank >= 1 && rank <= 10) {
      ndcg += 1 / std::log2(rank + 1);
      recall += 1;
    }
  }
};

int rank_of(const std::vector<retrieval::Candidate>& found, std::size_t paragraph) {
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i].key == paragraph) return static_cast<int>(i) + 1;
  return 0;
}

bool holds_answer(const std::vector<exchange::Citation>& quotes, std::size_t n, const Question& question) {
  for (std::size_t i = 0; i < std::min(n, quotes.size()); ++i)
    for (const auto& answer : question.answers)
      if (quotes[i].quote.find(answer) != std::string::npos) return true;
  return false;
}
}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "worker") == 0)
    return models::worker_main(std::vector<std::string>(argv + 2, argv + argc));
  std::string data_folder, dump_path, vectors_path = "build/piaf.vectors";
  std::size_t questions_max = 100'000, quotes_max = 500;
  index::Bm25 parameters;
  retrieval::HybridOptions mix;
  bool titles = false;  // as the published figures: paragraphs alone
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--vectors") vectors_path = argv[i + 1];
    if (option == "--data") data_folder = argv[i + 1];
    if (option == "--questions") questions_max = std::stoul(argv[i + 1]);
    if (option == "--quotes") quotes_max = std::stoul(argv[i + 1]);
    if (option == "--evidence") dump_path = argv[i + 1];
    if (option == "--titles") titles = std::string(argv[i + 1]) == "with";
    if (option == "--k1") parameters.k1 = std::stod(argv[i + 1]);
    if (option == "--b") parameters.b = std::stod(argv[i + 1]);
    if (option == "--dense") mix.dense_weight = std::stod(argv[i + 1]);
  }
  const char* data = std::getenv("BASTIDE_TEST_DATA");
  auto piaf = load(std::string(data ? data : "../shared/data") + "/knowledge/piaf/piaf-v1.1.json");
  std::mt19937 random(7);
  std::ranges::shuffle(piaf.questions, random);
  std::vector<std::string> subjects;
  for (const auto& paragraph : piaf.paragraphs) subjects.push_back(paragraph.title);
  if (!titles)
    for (auto& paragraph : piaf.paragraphs) paragraph.title.clear();
  piaf.questions.resize(std::min(questions_max, piaf.questions.size()));
  const bool dense = !data_folder.empty();
  Metrics metrics;
  Pool pool("bench", 1, 100);
  const auto client = net::Client::create();
  if (!client) return 1;
  models::HouseOptions house_options;
  house_options.data_folder = dense ? data_folder : "build/none";
  const auto house = models::House::create(Config{}, house_options, **client, pool, metrics);
  if (!house) return 1;
  bench::CachedModels models(vectors_path, **house);
  auto embed = [&](std::vector<std::string> texts, exchange::Models::EmbedKind kind) {
    auto made = sync_wait(models.embed("e5-small", std::move(texts), kind, exchange::TooLong::cut));
    if (!made) {
      std::fprintf(stderr, "%s\n", made.error().message.c_str());
      std::exit(1);
    }
    return std::move(made->vectors);
  };

  auto passages = index::make_memory_passage_index(parameters);
  auto vectors = index::make_memory_vector_index();
  index::LexicalBlock block;
  for (const auto& paragraph : piaf.paragraphs)
    block.add(ingest::indexed_terms(paragraph.title, "", paragraph.text));
  const auto count = static_cast<index::Key>(piaf.paragraphs.size());
  if (!passages->add(0, count, block.bytes())) return 1;
  if (dense) {
    std::vector<std::string> texts;
    for (const auto& paragraph : piaf.paragraphs)
      texts.push_back(ingest::embedded_text(paragraph.title, "", paragraph.text));
    const auto made = embed(std::move(texts), exchange::Models::EmbedKind::passage);
    if (!vectors->add(0, count, index::write_vectors(made))) return 1;
  }
  index::Bitmap all;
  all.add_range(0, count);
  const auto bits = all.bits();

  Score bm25, meaning, hybrid;
  std::FILE* dump = dump_path.empty() ? nullptr : std::fopen(dump_path.c_str(), "w");
  std::size_t quoted_questions = 0;
  double supported = 0, false_support = 0, one = 0, three = 0, one_given = 0;
  std::size_t quoted = 0;
  if (dense) {  // in large batches, before they are asked for one by one
    std::vector<std::string> texts;
    for (const auto& question : piaf.questions) texts.push_back(question.text);
    (void)embed(std::move(texts), exchange::Models::EmbedKind::query);
  }
  for (const auto& question : piaf.questions) {
    const auto terms = index::query_terms(question.text);
    bm25.take(rank_of(retrieval::rank(*passages, *vectors, terms, {}, bits), question.paragraph));
    if (!dense) continue;
    const auto query = embed({question.text}, exchange::Models::EmbedKind::query);
    retrieval::HybridOptions only_dense;
    only_dense.dense_weight = 1;
    meaning.take(
        rank_of(retrieval::rank(*passages, *vectors, terms, query[0], bits, only_dense), question.paragraph));
    const auto found = retrieval::rank(*passages, *vectors, terms, query[0], bits, mix);
    hybrid.take(rank_of(found, question.paragraph));
    supported += retrieval::near_enough(found, terms.size());
    // The same question where everything on its subject is missing: it should not be called supported.
    index::Bitmap others;
    for (index::Key i = 0; i < count; ++i)
      if (subjects[i] != subjects[question.paragraph]) others.add(i);
    const auto far = retrieval::rank(*passages, *vectors, terms, query[0], others.bits(), mix);
    false_support += retrieval::near_enough(far, terms.size());
    if (dump) {
      for (const auto* list : {&found, &far})
        for (std::size_t i = 0; i < std::min<std::size_t>(5, list->size()); ++i)
          std::fprintf(dump, "%d %zu %zu %.4f %.4f %zu\n", list == &found, quoted_questions, i,
                       (*list)[i].cosine.value_or(0), (*list)[i].coverage, terms.size());
      ++quoted_questions;
    }

    if (quoted == quotes_max) continue;
    auto passage_of = [&](index::Key key, double score) {
      exchange::Passage passage;
      passage.id = std::to_string(key);
      passage.title = piaf.paragraphs[key].title;
      passage.text = piaf.paragraphs[key].text;
      passage.score = score;
      return passage;
    };
    std::vector<exchange::Passage> best;
    for (std::size_t i = 0; i < std::min<std::size_t>(8, found.size()); ++i)
      best.push_back(passage_of(found[i].key, found[i].score));
    const auto quotes = sync_wait(citations::quote(models, "e5-small", question.text, best, 3));
    if (!quotes) continue;
    ++quoted;
    one += holds_answer(*quotes, 1, question);
    three += holds_answer(*quotes, 3, question);
    const auto given = sync_wait(citations::quote(
        models, "e5-small", question.text, {passage_of(static_cast<index::Key>(question.paragraph), 1)}, 1));
    if (given) one_given += holds_answer(*given, 1, question);
  }
  auto mean = [](double sum, std::size_t n) { return n ? sum / static_cast<double>(n) : 0; };
  print("piaf_bm25_ndcg10", mean(bm25.ndcg, bm25.n), 0.78, bm25.n);
  print("piaf_bm25_recall10", mean(bm25.recall, bm25.n), 0, bm25.n);
  if (hybrid.n) {
    print("piaf_dense_ndcg10", mean(meaning.ndcg, meaning.n), 0, meaning.n);
    print("piaf_hybrid_ndcg10", mean(hybrid.ndcg, hybrid.n), 0.84, hybrid.n);
    print("piaf_hybrid_recall10", mean(hybrid.recall, hybrid.n), 0, hybrid.n);
    print("piaf_near_enough", mean(supported, hybrid.n), 0, hybrid.n);
    print("piaf_near_enough_without_the_subject", mean(false_support, hybrid.n), 0, hybrid.n);
  }
  if (quoted) {
    print("piaf_three_quotes_hold_answer", mean(three, quoted), 0.65, quoted);
    print("piaf_one_quote_holds_answer", mean(one, quoted), 0, quoted);
    print("piaf_one_quote_right_paragraph_given", mean(one_given, quoted), 0, quoted);
  }
}
