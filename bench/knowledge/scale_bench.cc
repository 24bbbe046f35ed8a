// Search over many passages, hybrid and under rights: knowledge_scale_bench [--passages N] [--queries N]
// Text is drawn from a Zipf vocabulary, vectors lie in clusters, each document in one of 50 collections.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "knowledge/index/analyzer.h"
#include "knowledge/index/passage_index.h"
#include "knowledge/index/vector_index.h"
#include "tests/storage/knowledge/fixture.h"

using namespace bastide;
using namespace bastide::knowledge;

namespace {
constexpr std::size_t dimensions = 384;
constexpr int per_document = 50;

class World {
 public:
  World() : centres_(200) {
    for (auto& centre : centres_) centre = noise(1.0F);
    double sum = 0;
    for (int i = 1; i <= 80'000; ++i) harmonic_.push_back(sum += 1.0 / std::pow(i, 1.05));
  }
  std::string text(int words) {
    std::string out;
    for (int i = 0; i < words; ++i) {
      const auto at =
          std::ranges::lower_bound(harmonic_, uniform_(random_) * harmonic_.back()) - harmonic_.begin();
      out += "mot" + std::to_string(at) + (i % 15 == 14 ? ". " : " ");
    }
    return out;
  }
  std::vector<float> vector() {
    auto out = noise(0.6F);
    const auto& centre = centres_[random_() % centres_.size()];
    float norm = 0;
    for (std::size_t i = 0; i < dimensions; ++i) {
      out[i] += centre[i];
      norm += out[i] * out[i];
    }
    for (float& x : out) x /= std::sqrt(norm);
    return out;
  }
  std::mt19937& random() { return random_; }

 private:
  std::vector<float> noise(float size) {
    std::vector<float> out(dimensions);
    for (float& x : out) x = size * normal_(random_);
    return out;
  }
  std::mt19937 random_{17};
  std::normal_distribution<float> normal_;
  std::uniform_real_distribution<double> uniform_;
  std::vector<std::vector<float>> centres_;
  std::vector<double> harmonic_;
};

/// Answers embeddings at once with a clustered vector: the model's own time is another figure.
class ClusterModels final : public exchange::Models {
 public:
  explicit ClusterModels(World& world) : world_(world) {}
  [[nodiscard]] std::vector<policy::ModelCard> catalogue() const override {
    policy::ModelCard card;
    card.id = "e5-small";
    return {card};
  }
  Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall, std::stop_token) override {
    co_return fail(Code::unavailable, "Only embeddings here.");
  }
  [[nodiscard]] std::int64_t count_tokens(const policy::ModelCard&,
                                          std::span<const exchange::Message>) const override {
    return 0;
  }
  Task<Result<exchange::Embeddings>> embed(std::string, std::vector<std::string> texts, EmbedKind,
                                           exchange::TooLong) override {
    std::vector<std::vector<float>> out;
    for (std::size_t i = 0; i < texts.size(); ++i) out.push_back(world_.vector());
    co_return exchange::Embeddings{.vectors = std::move(out)};
  }

 private:
  World& world_;
};

void print(const char* figure, double value, double goal, std::int64_t n) {
  JsonWriter json;
  json.object().field("figure", figure).field("value", std::round(value * 100) / 100);
  if (goal > 0) json.field("goal_max", goal);
  json.field("n", n).end();
  std::puts(json.text().c_str());
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * share)];
}

double ms_since(Steady::time_point began) {
  return std::chrono::duration<double, std::milli>(Steady::now() - began).count();
}

/// Of the whole process: what a search costs, whatever else the machine does.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

Job must_take(LibraryStore& store) {
  return store.take_job("bench", now_ms(), now_ms() + 600'000).value().value();
}
}  // namespace

int main(int argc, char** argv) {
  std::int64_t wanted = 100'000;
  int queries = 200;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--passages") wanted = std::stoll(argv[i + 1]);
    if (std::string(argv[i]) == "--queries") queries = std::stoi(argv[i + 1]);
  }
  World world;
  ClusterModels models(world);
  test::Folder folder;
  test::House house(folder.path);
  const auto owner = test::House::person("owner");
  std::vector<std::string> collections;
  for (int i = 0; i < 50; ++i)
    collections.push_back(house.collection(owner, "c" + std::to_string(i), {"g:" + std::to_string(i % 10)}));

  const auto began = Steady::now();
  for (std::int64_t made = 0; made < wanted; made += per_document) {
    const auto name = "d" + std::to_string(made);
    if (!house.upload(owner, collections[static_cast<std::size_t>(made / per_document) % 50], name, name))
      return 1;
    const auto job = must_take(*house.store);
    ParsedVersion parsed;
    parsed.media_type = "text/plain";
    parsed.title = name;
    index::LexicalBlock block;
    std::vector<std::vector<float>> vectors;
    for (int p = 0; p < per_document; ++p) {
      NewPassage passage;
      passage.text = world.text(150);
      block.add(index::terms(passage.text));
      parsed.passages.push_back(std::move(passage));
      vectors.push_back(world.vector());
    }
    parsed.lexical_block = block.bytes();
    if (!house.store->finish_parse(job, parsed, LibraryStore::Next::embed_first, now_ms())) return 1;
    const auto embed = must_take(*house.store);
    const auto rows = house.store->without_vectors(embed.version, "e5-small", 1).value();
    if (!house.store->add_vectors(embed, "e5-small",
                                  {.sequence = 0,
                                   .first_key = rows[0].key,
                                   .count = per_document,
                                   .bytes = index::write_vectors(vectors)},
                                  now_ms() + 600'000, 1))
      return 1;
    if (!house.store->finish_embed(embed, now_ms())) return 1;
  }
  print("scale_stored_passages_per_second", static_cast<double>(wanted) / ms_since(began) * 1000, 0, wanted);

  auto library = Library::make({.store = *house.store,
                                .blobs = *house.blobs,
                                .models = models,
                                .labels = house.labels,
                                .pool = house.pool,
                                .metrics = house.metrics,
                                .config = house.config.knowledge,
                                .cache_folder = {},
                                .parser = {},
                                .embedding = nullptr,
                                .workers = 1});
  // Half of the collections, as five groups give them.
  const auto reader = test::House::person("reader", {"0", "1", "2", "3", "4"});
  const auto first_at = Steady::now();
  const auto first_cost = cpu_ms();
  const auto first = sync_wait(library->search(reader, "mot10 mot200", {}, 10));
  if (!first) return 1;
  print("scale_first_search_ms", ms_since(first_at), 0, first->searched);
  print("scale_first_search_cpu_ms", cpu_ms() - first_cost, 0, first->searched);
  for (const auto* who : {&owner, &reader}) {
    std::vector<double> times, costs;
    for (int i = 0; i < queries; ++i) {
      // Words of a question are rarer than words of a text.
      std::string query;
      for (int w = 0; w < 7; ++w)
        query += "mot" + std::to_string(5 + world.random()() % (w < 4 ? 300 : 20'000)) + " ";
      const auto at = Steady::now();
      const auto cost = cpu_ms();
      const auto answer = sync_wait(library->search(*who, query, {}, 10));
      times.push_back(ms_since(at));
      costs.push_back(cpu_ms() - cost);
      if (!answer || answer->results.empty()) return 1;
    }
    const bool all = who == &owner;
    print(all ? "scale_search_all_p50_ms" : "scale_search_half_p50_ms", percentile(times, 0.5), 0, wanted);
    print(all ? "scale_search_all_p95_ms" : "scale_search_half_p95_ms", percentile(times, 0.95), 50, wanted);
    print(all ? "scale_search_all_p95_cpu_ms" : "scale_search_half_p95_cpu_ms", percentile(costs, 0.95), 0,
          wanted);
  }
}
