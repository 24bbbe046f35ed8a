// The ports of identity on SQLite.
#pragma once

#include <memory>
#include <string>

#include "identity/person_keys.h"
#include "identity/ports.h"
#include "storage/sqlite/database.h"

namespace bastide::storage {

/// The four stores of one organisation; `database` must outlive them. Thread-safe.
class IdentityStores {
 public:
  IdentityStores(Database& database, const std::string& organisation = "default");
  ~IdentityStores();
  [[nodiscard]] identity::Stores ports();

 private:
  std::unique_ptr<identity::PersonStore> persons_;
  std::unique_ptr<identity::SessionStore> sessions_;
  std::unique_ptr<identity::KeyStore> keys_;
  std::unique_ptr<identity::GroupStore> groups_;
};

/// Keys of persons, wrapped by `master_key` (32 bytes, see key_file.h). Code::corrupt when the stored ones
/// were wrapped by another master key: better not to start than to make new keys beside them.
[[nodiscard]] Result<std::unique_ptr<identity::PersonKeys>> open_person_keys(
    Database& database, std::string master_key, std::string organisation = "default");

}  // namespace bastide::storage
