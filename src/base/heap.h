// The process's heap.
#pragma once

namespace bastide {

/// Lets each of the allocator's arenas keep up to some megabytes that were freed: bodies of requests come and
/// go all the time, and memory that is given back to the system costs a page fault for every 4 KB when it is
/// wanted again. Call once, at the start of the process.
void tune_heap();

}  // namespace bastide
