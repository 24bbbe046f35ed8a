// The input of a batch: its lines found and checked as it is read.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/crypto.h"
#include "batches/batch_store.h"
#include "dialects/batch_lines.h"

namespace bastide::batches {

struct InputBounds {
  std::int64_t lines_max = 50'000;                  // as OpenAI's
  std::int64_t bytes_max = 200LL * 1024 * 1024;     // likewise
  std::size_t line_bytes_max = 48UL * 1024 * 1024;  // so that a line is a call that our door takes
  std::size_t faults_max = 100;                     // told of one input
};

/// Reads an input in pieces; holds a line and a mark for each custom_id. One thread at a time.
class InputScan {
 public:
  InputScan(dialects::BatchAsk ask, InputBounds bounds) : ask_(std::move(ask)), bounds_(bounds) {}

  void feed(std::string_view bytes);
  /// Nothing follows.
  void finish();
  /// Whether reading on tells nothing more.
  [[nodiscard]] bool has_enough() const { return too_much_ || faults_.size() >= bounds_.faults_max; }

  /// In the order of their lines; none: it can run.
  [[nodiscard]] std::vector<Fault>& faults() { return faults_; }
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }

 private:
  void take(std::string_view line);
  void fault(dialects::LineFault fault);

  const dialects::BatchAsk ask_;
  const InputBounds bounds_;
  dialects::BatchLineReader reader_;
  std::string begun_;  // a line whose end has not come
  std::int64_t number_ = 0, place_ = 0;
  bool too_much_ = false;
  struct DigestHash {
    std::size_t operator()(const Sha256& digest) const;
  };
  std::unordered_set<Sha256, DigestHash> seen_;
  std::vector<Fault> faults_;
  std::vector<Line> lines_;
};

}  // namespace bastide::batches
