// All neutral values of a chat call.
#pragma once

#include "dialects/answer.h"   // IWYU pragma: export
#include "dialects/events.h"   // IWYU pragma: export
#include "dialects/request.h"  // IWYU pragma: export
