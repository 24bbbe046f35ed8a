// HouseGuard: the exchange's guard.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config.h"
#include "base/pool.h"
#include "exchange/ports.h"
#include "guard/detector.h"
#include "guard/pseudonym_store.h"

namespace bastide::guard {

/// The key, 32 bytes, under which what a person may have written is sealed. Blocks.
using KeyOf = std::function<Result<std::string>(std::string_view person)>;

/// Thread-safe. Refers to its parts, which outlive it.
class HouseGuard final : public exchange::Guard {
 public:
  /// Unknown types in `config.block_outside` are an error (Code::invalid).
  static Result<std::unique_ptr<HouseGuard>> make(const GuardConfig& config, const Detector& detector,
                                                  PseudonymStore& store, KeyOf key_of, Pool& pool);

  /// "mask" when it holds what would be replaced outside, "warn" when it looks like an attack or holds what
  /// may not leave, else "allow"; "block" only when it could not be looked at.
  [[nodiscard]] Verdict inspect(std::string_view text) const override;
  /// All messages, histories and passages included, get tokens; one line in the system message tells the
  /// model what they are. `conversation` empty: the tokens hold for this call. With pseudonymise_outside off,
  /// nothing is replaced, and blocked types are still refused.
  [[nodiscard]] Task<Result<exchange::Pseudonymised>> pseudonymise(std::string conversation,
                                                                   std::string person,
                                                                   dialects::ChatRequest request) override;
  [[nodiscard]] Result<exchange::Pseudonymised> mask(const dialects::ChatRequest& request,
                                                     std::span<const std::string_view> clean) const override;

  [[nodiscard]] const std::vector<Type>& blocked() const { return blocked_; }
  [[nodiscard]] const Detector& detector() const { return detector_; }

 private:
  HouseGuard(bool masks, std::vector<Type> blocked, const Detector& detector, PseudonymStore& store,
             KeyOf key_of, Pool& pool);
  Result<exchange::Pseudonymised> replace(const std::string& conversation, const std::string& person,
                                          const dialects::ChatRequest& request) const;
  Result<exchange::Pseudonymised> try_once(const std::string& conversation, const std::string& person,
                                           const dialects::ChatRequest& request,
                                           std::span<const std::string_view> clean) const;

  bool masks_;
  std::vector<Type> blocked_;
  const Detector& detector_;
  PseudonymStore& store_;
  KeyOf key_of_;
  Pool& pool_;
};

}  // namespace bastide::guard
