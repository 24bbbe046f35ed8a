// Catalogue: every model that is configured or on this machine, as cards.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/time.h"
#include "models/catalogue/manifest.h"
#include "policy/route.h"

namespace bastide::models {

/// Thread-safe. Looks at the folder again when it changed, at most once a second.
class Catalogue {
 public:
  /// What a call needs to know of a model.
  struct Entry {
    policy::ModelCard card;
    std::optional<Manifest> local;      // of a model of this machine
    std::optional<Manifest> adapter{};  // on top of it
  };

  Catalogue(const Config& config, std::string folder);
  /// Cards by id; the state of local models is that of their file ("stopped", "missing" or "failed").
  [[nodiscard]] std::vector<Entry> all() const;
  [[nodiscard]] std::optional<Entry> find(std::string_view id) const;
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  void refresh() const;
  void add_adapter(const Manifest& adapter) const;
  [[nodiscard]] Entry configured(const ModelConfig& model, const std::vector<Manifest>& manifests) const;

  const std::vector<ModelConfig> models_;
  const std::vector<ProviderConfig> providers_;
  const std::string folder_;
  mutable std::mutex mutex_;
  mutable Steady::time_point looked_at_{};
  mutable std::int64_t folder_modified_ns_ = -1;
  mutable std::map<std::string, Entry, std::less<>> entries_;
};

/// The smallest model, in billions of parameters, that is believed about passages unless the configuration
/// says so.
constexpr double answers_documents_min_billion = 2.0;

}  // namespace bastide::models
