// What people read in French when something fails.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace bastide::http_api {

struct Told {
  std::string message;
  std::string action;
};

/// By the error's detail where that has a sentence, else by its code; with the error's values.
[[nodiscard]] std::optional<Told> in_french(const Error& error);

}  // namespace bastide::http_api
