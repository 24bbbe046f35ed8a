// Whether the log holds: everything recomputed, nothing believed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "governance/log_store.h"
#include "governance/signer.h"
#include "identity/person_keys.h"

namespace bastide::governance {

struct Verification {
  std::int64_t entries = 0;
  std::int64_t nodes = 0;
  std::int64_t checkpoints = 0;
  std::int64_t payloads = 0;  // that open and match their entry
  std::int64_t erased = 0;    // entries without a payload
  Hash root{};
  std::string public_key;
  std::vector<std::string> problems;  // what and where; the first problems_max
  std::int64_t problems_total = 0;

  static constexpr std::size_t problems_max = 100;
  [[nodiscard]] bool holds() const { return problems_total == 0; }
};

/// Looks at what an entry says of something outside the log: what is wrong there, or nothing.
using Witness = std::function<std::optional<std::string>(const EntryBody& body, std::string_view payload)>;

/// Reads the log as it was when the call began, in pages, while others append. Checks that positions have no
/// gap, that each leaf is the hash of its entry, every stored inner node, every checkpoint's signature and
/// root, and that each stored payload opens and has the hash that was logged. An error is only what keeps it
/// from reading. `progress` is called with the entries done and all, now and then; `witness` with each
/// payload that matches its entry.
Result<Verification> verify_log(LogStore& store, identity::PersonKeys& keys, const Signer& signer,
                                const std::function<void(std::int64_t, std::int64_t)>& progress = {},
                                const Witness& witness = {});

/// For the terminal, in English, with a line break at the end.
[[nodiscard]] std::string to_text(const Verification& verification);
[[nodiscard]] std::string to_json(const Verification& verification);

}  // namespace bastide::governance
