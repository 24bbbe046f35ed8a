// What one parser process does with its one file.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "knowledge/parse/sandbox.h"
#include "knowledge/parse/wire.h"

namespace bastide::knowledge::parse::detail {

/// Locks the process in and only then looks at the file; answers in frames and ends the process. `base_bytes`
/// of address space were mapped by libraries and do not count.
[[noreturn]] void do_job(const WorkRequest& request, const Result<Enclosure>& enclosure,
                         std::uint64_t base_bytes);

}  // namespace bastide::knowledge::parse::detail
