// Prompts that a provider keeps because it is asked to.
#pragma once

#include "dialects/request.h"

namespace bastide::dialects {

/// Marks a call for caching by a provider that keeps only what is marked (Anthropic), where it pays: a
/// conversation that goes on sends its beginning again with every turn, and reading it from the cache costs a
/// tenth of what it costs anew, writing it a quarter more. So from the second turn on, for 4 KB of text or
/// more (shorter prompts are not kept), and never where the caller marked something. Providers of other
/// dialects keep beginnings without being asked.
void cache_where_it_pays(ChatRequest& request, Dialect target);

}  // namespace bastide::dialects
