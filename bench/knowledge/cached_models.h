// exchange::Models that asks the embedding model for each text once and keeps the vectors in a file, so that
// figures of retrieval can be taken again and again. The file: records of SHA-256(kind NUL text), 32 bytes,
// and 384 floats.
#pragma once

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "exchange/ports.h"

namespace bastide::bench {

class CachedModels final : public exchange::Models {
 public:
  static constexpr std::size_t dimensions = 384;
  static constexpr std::size_t batch = 256;  // texts a call of the model

  /// What `path` lacks is computed by `source`, which outlives this, and added to it.
  CachedModels(const std::string& path, exchange::Models& source)
      : source_(source), file_(path, std::ios::binary | std::ios::app) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    constexpr std::size_t record = 32 + dimensions * sizeof(float);
    for (std::size_t at = 0; at + record <= bytes.size(); at += record) {
      std::vector<float> vector(dimensions);
      std::memcpy(vector.data(), bytes.data() + at + 32, dimensions * sizeof(float));
      vectors_.emplace(bytes.substr(at, 32), std::move(vector));
    }
  }

  [[nodiscard]] std::vector<policy::ModelCard> catalogue() const override { return source_.catalogue(); }
  Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall, std::stop_token) override {
    co_return fail(Code::unavailable, "Only embeddings here.");
  }
  [[nodiscard]] std::int64_t count_tokens(const policy::ModelCard&,
                                          std::span<const exchange::Message>) const override {
    return 0;
  }
  Task<Result<exchange::Embeddings>> embed(std::string model, std::vector<std::string> texts, EmbedKind kind,
                                           exchange::TooLong too_long) override {
    std::vector<std::string> missing;
    for (const auto& text : texts)
      if (!vectors_.contains(key(text, kind))) missing.push_back(text);
    for (std::size_t from = 0; from < missing.size(); from += batch) {
      const auto end = std::min(missing.size(), from + batch);
      std::vector<std::string> part(missing.begin() + static_cast<std::ptrdiff_t>(from),
                                    missing.begin() + static_cast<std::ptrdiff_t>(end));
      auto made = co_await source_.embed(model, part, kind, too_long);
      if (!made) co_return pass(made);
      for (std::size_t i = 0; i < part.size(); ++i) keep(key(part[i], kind), std::move(made->vectors[i]));
    }
    std::vector<std::vector<float>> out;
    for (const auto& text : texts) out.push_back(vectors_.at(key(text, kind)));
    co_return exchange::Embeddings{.vectors = std::move(out)};
  }

 private:
  static std::string key(std::string_view text, EmbedKind kind) {
    std::string named(kind == EmbedKind::query ? "query" : "passage");
    named += '\0';
    const auto digest = sha256(named += text);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
  }
  void keep(std::string key, std::vector<float> vector) {
    file_.write(key.data(), static_cast<std::streamsize>(key.size()));
    file_.write(reinterpret_cast<const char*>(vector.data()), dimensions * sizeof(float));
    file_.flush();
    vectors_.emplace(std::move(key), std::move(vector));
  }

  exchange::Models& source_;
  std::ofstream file_;
  std::unordered_map<std::string, std::vector<float>> vectors_;
};

}  // namespace bastide::bench
