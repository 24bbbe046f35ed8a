// Shelf: the models that could run here (those that are on this machine, and those that `pull` knows),
// whether there is room for each, and what was measured of it.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "models/catalogue/installable.h"
#include "models/install/pulls.h"
#include "models/local/placement.h"

namespace bastide::models {

struct ShelfModel {
  Installable known;  // of one that the list does not have: what its manifest says, without sources
  std::optional<Manifest> installed;  // with what was measured
  local::Room room = local::Room::unknown;
};

/// By name, adapters left out. Code::corrupt, bad_catalogue. Blocks.
[[nodiscard]] Result<std::vector<ShelfModel>> read_shelf(const std::string& folder,
                                                         const local::Machine& machine);

/// Fields that a list of models has everywhere, into an object that is open.
void put_shelf_model(JsonWriter& json, const ShelfModel& model);

/// {"memory_bytes","gpus":[{"name","free_bytes","total_bytes","is_host_memory"}]}: what is free now.
[[nodiscard]] std::string to_json(const local::Machine& machine);
/// Code::corrupt.
[[nodiscard]] Result<local::Machine> parse_machine(std::string_view json);

/// What the server shows and changes of it. Thread-safe.
class Shelf {
 public:
  /// `own_binary` is started as `own_binary model ...`.
  Shelf(std::string own_binary, std::string data_folder);

  /// As read_shelf. Blocks.
  [[nodiscard]] Result<std::vector<ShelfModel>> models();
  /// GPUs as a process of their own saw them within the last minute, so that a driver that fails ends that
  /// one alone; none where it did not answer. Blocks for ten seconds at most.
  [[nodiscard]] local::Machine machine();
  /// Code::not_found for what the list does not have, else as Pulls::start. Blocks.
  [[nodiscard]] Result<void> pull(const std::string& model, Pulls::Ended ended);
  [[nodiscard]] Pulls& pulls() { return pulls_; }

 private:
  const std::string own_binary_;
  const std::string data_folder_;
  std::mutex mutex_;
  std::optional<Steady::time_point> gpus_seen_at_;
  std::vector<local::Device> gpus_;
  Pulls pulls_;
};

}  // namespace bastide::models
