// The composition root: every part of the house, made in the order in which each needs the ones before.
#pragma once

#include <memory>
#include <string>

#include "app/erasure.h"
#include "base/config.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/result.h"
#include "http_api/services.h"
#include "identity/identity.h"
#include "identity/person_keys.h"
#include "models/house.h"
#include "net/client.h"
#include "net/loop.h"
#include "net/server.h"
#include "policy/limits.h"
#include "storage/blobs.h"
#include "storage/sqlite/database.h"

namespace bastide::app {

/// Where the data folder's parts are.
struct DataFolder {
  std::string path;
  [[nodiscard]] std::string database() const { return path + "/bastide.db"; }
  [[nodiscard]] std::string blobs() const { return path + "/blobs"; }
  [[nodiscard]] std::string keys() const { return path + "/keys"; }
  [[nodiscard]] std::string usage() const { return path + "/usage"; }
  [[nodiscard]] std::string cache() const { return path + "/cache"; }
};

/// Everything, opened on one data folder. `serve` and `ask` use all of it, other commands parts. Members are
/// destroyed in the reverse order of their making. Not movable: parts refer to each other.
class Program {
 public:
  static Result<std::unique_ptr<Program>> open(const Config& config, const std::string& data_folder);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] identity::Identity& identity();
  [[nodiscard]] knowledge::Library& library();
  [[nodiscard]] governance::Audit& audit();
  [[nodiscard]] chat::Chat& chat();
  [[nodiscard]] responses::Background& background();
  [[nodiscard]] batches::Batches& batches();
  [[nodiscard]] policy::Accounts& accounts();
  [[nodiscard]] models::House& models();
  [[nodiscard]] const exchange::Pipeline& pipeline();
  [[nodiscard]] const policy::Labels& labels();
  /// Everything that it answers on its port.
  [[nodiscard]] net::Handler handler();
  [[nodiscard]] Metrics& metrics();
  /// Seals the usage log in the audit log from here on: for the process that serves.
  void seal_usage();
  /// Removes from here on what has outlived its time: for the process that serves.
  void start_sweeper();
  /// Sends letters from here on, where the configuration names a mail server: for the process that serves.
  void start_postman();
  /// Reads the files of providers' keys now.
  void reload_keys();
  /// What erase_person needs.
  [[nodiscard]] ErasureRooms erasure();
  /// Where background work awaits models.
  [[nodiscard]] net::Loop& loop();

 private:
  struct Parts;
  explicit Program(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Only the accounts, for commands that need no more.
class Accounts {
 public:
  static Result<std::unique_ptr<Accounts>> open(const std::string& data_folder);
  ~Accounts();
  [[nodiscard]] identity::Identity& identity();

 private:
  struct Parts;
  explicit Accounts(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace bastide::app
