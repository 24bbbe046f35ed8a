// The house's models: those that run on this machine and those of providers, behind exchange::Models.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/key_ring.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "exchange/ports.h"
#include "models/local/memory.h"
#include "net/client.h"

namespace bastide::models {

struct HouseOptions {
  /// DATA; models stand in DATA/models as NAME.gguf with NAME.json. Made when missing.
  std::string data_folder;
  /// Started again as `own_binary worker ...` for every model that is loaded.
  std::string own_binary = "/proc/self/exe";
  /// Unset: as the configuration says.
  std::optional<Millis> idle_unload{};
  /// How many answers one local model writes at once; fewer when memory does not suffice.
  int slots = local::slots_default;
  /// 32 bytes, under which computed beginnings of prompts are sealed in DATA/cache/prefixes. Empty: they are
  /// kept in memory only.
  std::string prefix_key;
  /// Threads of one worker; 0: one a core.
  int threads = 0;
  /// Keys of the providers, which outlive the house; null: those of the configuration, as they are.
  const KeyRings* provider_keys = nullptr;
};

/// Thread-safe, except construction and destruction. `start` and `embed` are called on a net::Loop's thread
/// when the model is a provider's. Workers start at the first call (see `warm`) and end with this object.
class House final : public exchange::Models {
 public:
  /// Keeps references to `client`, `pool` and `metrics`, which outlive it. Code::invalid when two models of
  /// the configuration have one id or a provider's dialect is not spoken.
  static Result<std::unique_ptr<House>> create(const Config& config, HouseOptions options,
                                               net::Client& client, Pool& pool, Metrics& metrics);
  ~House() override;
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  /// Live: a model that `bastide model pull` brings beside a running server appears within a second. A local
  /// model that is "stopped" is ready: the first call loads it.
  [[nodiscard]] std::vector<policy::ModelCard> catalogue() const override;
  /// Errors before the first event: Code::not_found (unknown model), Code::unavailable with detail missing,
  /// corrupt_file, not_enough_memory, load_failed or restarting; Code::overloaded (queue of the worker full);
  /// Code::invalid with context_too_long or bad_request; Code::upstream and Code::rate_limited of a provider.
  Task<Result<std::unique_ptr<exchange::Completion>>> start(exchange::ModelCall call,
                                                            std::stop_token stop) override;
  [[nodiscard]] std::int64_t count_tokens(const policy::ModelCard& model,
                                          std::span<const exchange::Message> messages) const override;
  /// An empty `model` is [knowledge] embedding_model. At most 2,048 texts a call. Models of this
  /// machine cut a text at a token's border (512 tokens for e5-small), or refuse it with its length; those of
  /// providers do as their servers do.
  Task<Result<exchange::Embeddings>> embed(std::string model, std::vector<std::string> texts, EmbedKind kind,
                                           exchange::TooLong too_long) override;

  Task<Result<exchange::Ranking>> rerank(policy::ModelCard model, std::string query,
                                         std::vector<std::string> documents, std::stop_token stop) override;
  Task<Result<std::unique_ptr<exchange::ProviderAnswer>>> send(exchange::ProviderCall call,
                                                               std::stop_token stop) override;

  /// Drops what local models keep of prompts they have read, on the disk and in memory: when a person was
  /// erased. Answers that run are not disturbed. Blocks.
  void forget_beginnings();

  /// Begins to load those models of this machine that are to stay loaded and are not: at the start, after
  /// one has failed, after an administrator has said so. Quick.
  void load_kept();
  /// Loads a local model ahead of its first call; returns when it is ready. Nothing for a provider's model.
  Task<Result<void>> warm(std::string model);

 private:
  struct Impl;
  explicit House(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the gauges, which may outlive us
};

}  // namespace bastide::models
