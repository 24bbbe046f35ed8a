// exchange::Models whose vectors come from a file that was computed before, so that figures of retrieval can
// be taken again and again. The file: records of SHA-256(kind NUL text), 32 bytes, and 384 floats.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "base/json.h"
#include "exchange/ports.h"

namespace bastide::bench {

class CachedModels final : public exchange::Models {
 public:
  static constexpr std::size_t dimensions = 384;

  /// Missing texts are written to `missing_path` (JSON lines of kind and text) when it is not empty.
  CachedModels(const std::string& path, std::string missing_path) : missing_path_(std::move(missing_path)) {
    std::ifstream in(path, std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    constexpr std::size_t record = 32 + dimensions * sizeof(float);
    for (std::size_t at = 0; at + record <= bytes.size(); at += record) {
      std::vector<float> vector(dimensions);
      std::memcpy(vector.data(), bytes.data() + at + 32, dimensions * sizeof(float));
      vectors_.emplace(bytes.substr(at, 32), std::move(vector));
    }
  }

  [[nodiscard]] bool empty() const { return vectors_.empty(); }
  [[nodiscard]] std::size_t missing() const { return missing_; }

  [[nodiscard]] std::vector<policy::ModelCard> catalogue() const override {
    policy::ModelCard card;
    card.id = "e5-small";
    card.capabilities = {"embeddings"};
    return {card};
  }
  Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall, std::stop_token) override {
    co_return fail(Code::unavailable, "Only embeddings here.");
  }
  [[nodiscard]] std::int64_t count_tokens(const policy::ModelCard&,
                                          std::span<const exchange::Message>) const override {
    return 0;
  }
  Task<Result<std::vector<std::vector<float>>>> embed(std::string, std::vector<std::string> texts,
                                                      EmbedKind kind) override {
    co_return look_up(texts, kind);
  }

  Result<std::vector<std::vector<float>>> look_up(const std::vector<std::string>& texts, EmbedKind kind) {
    std::vector<std::vector<float>> out;
    const std::string name = kind == EmbedKind::query ? "query" : "passage";
    for (const auto& text : texts) {
      const auto digest = sha256(name + std::string(1, '\0') + text);
      const auto found =
          vectors_.find(std::string(reinterpret_cast<const char*>(digest.data()), digest.size()));
      if (found != vectors_.end()) {
        out.push_back(found->second);
        continue;
      }
      ++missing_;
      if (!missing_path_.empty()) {
        JsonWriter line;
        line.object().field("kind", name).field("text", text).end();
        std::ofstream(missing_path_, std::ios::app) << line.text() << '\n';
      }
    }
    if (out.size() != texts.size()) return fail(Code::unavailable, "Some vectors were not computed before.");
    return out;
  }

 private:
  std::string missing_path_;
  std::unordered_map<std::string, std::vector<float>> vectors_;
  std::size_t missing_ = 0;
};

}  // namespace bastide::bench
