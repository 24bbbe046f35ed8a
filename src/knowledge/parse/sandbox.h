// Locks the calling process in: after `lock_down` it can compute, read what it has open, write to its pipe,
// and end.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "knowledge/parse/parse.h"

namespace bastide::knowledge::parse::detail {

struct SandboxLimits {
  std::uint64_t address_space_bytes_max = 0;
  std::uint32_t cpu_seconds_max = 0;
};

/// What a warm process has shut behind itself and its children inherit, and the list of system calls, made
/// once.
struct Enclosure {
  bool filesystem = false;
  bool namespaces = false;
  std::vector<sock_filter> calls;
};

/// First half, for a process with one thread that has loaded all it needs: no path can be opened any more and
/// no privilege won. Namespaces and Landlock as far as the kernel permits. There is no way back.
[[nodiscard]] Result<Enclosure> enclose();

/// Second half, in its child: limits and the list of system calls, which must work or it fails.
[[nodiscard]] Result<SandboxLevel> lock_down(const Enclosure& enclosure, const SandboxLimits& limits);

/// Address space that this process has mapped now.
[[nodiscard]] std::uint64_t mapped_bytes();

}  // namespace bastide::knowledge::parse::detail
