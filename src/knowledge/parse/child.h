// Has a parser process started and reads its frames until it ends: the server's side.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "knowledge/parse/nursery.h"
#include "knowledge/parse/parse.h"
#include "knowledge/parse/wire.h"

namespace bastide::knowledge::parse::detail {

struct ChildRun {
  WorkRequest request;
  std::string input_path;  // empty: none
  std::chrono::milliseconds wall{};
  std::size_t output_bytes_max = 0;
  std::function<void(std::size_t, std::size_t)> on_progress;
  std::stop_token stop;
};

struct ChildAnswer {
  Frame kind{};
  std::string payload;
  SandboxLevel sandbox;
};

/// Blocks. The child is gone when it returns, whatever happened.
[[nodiscard]] Result<ChildAnswer> run_child(Nursery& nursery, const ChildRun& run);

}  // namespace bastide::knowledge::parse::detail
