// Embeddings for tests: a text's vector counts the hashes of its terms, so that common words are near.
#pragma once

#include <atomic>
#include <cmath>
#include <string>
#include <vector>

#include "exchange/ports.h"
#include "knowledge/index/analyzer.h"

namespace bastide::test {

class FakeModels final : public exchange::Models {
 public:
  static constexpr std::size_t dimensions = 512;
  std::atomic<bool> ready{true};
  std::atomic<int> embedded{0};
  float common = 0.12F;  // what all texts share, as real models have it

  [[nodiscard]] std::vector<policy::ModelCard> catalogue() const override {
    policy::ModelCard card;
    card.id = "e5-small";
    card.capabilities = {"embeddings"};
    card.ready = ready;
    return {card};
  }
  Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall, std::stop_token) override {
    co_return fail(Code::unavailable, "No completions here.");
  }
  [[nodiscard]] std::int64_t count_tokens(const policy::ModelCard&,
                                          std::span<const exchange::Message>) const override {
    return 0;
  }
  Task<Result<exchange::Embeddings>> embed(std::string, std::vector<std::string> texts, EmbedKind,
                                           exchange::TooLong) override {
    if (!ready) co_return fail(Code::unavailable, "The model is not ready.");
    std::vector<std::vector<float>> out;
    for (const auto& text : texts) {
      ++embedded;
      std::vector<float> vector(dimensions, common);
      for (const auto& term : knowledge::index::terms(text))
        vector[knowledge::index::term_hash(term) % dimensions] += 1;
      float norm = 0;
      for (float x : vector) norm += x * x;
      for (float& x : vector) x /= std::sqrt(norm);
      out.push_back(std::move(vector));
    }
    co_return exchange::Embeddings{.vectors = std::move(out)};
  }
};

}  // namespace bastide::test
