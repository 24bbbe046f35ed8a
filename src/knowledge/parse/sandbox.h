// Locks the calling process in: after `lock_down` it can compute, read what it has open, write to its pipe,
// and end.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "knowledge/parse/parse.h"

namespace bastide::knowledge::parse::detail {

struct SandboxLimits {
  std::uint64_t memory_bytes_max = 0;  // beyond what is mapped already
  std::uint32_t cpu_seconds_max = 0;
};

/// For a process with one thread that has loaded all it needs. Namespaces and Landlock as far as the kernel
/// permits; limits and the system call list must work or it fails. There is no way back.
[[nodiscard]] Result<SandboxLevel> lock_down(const SandboxLimits& limits);

}  // namespace bastide::knowledge::parse::detail
