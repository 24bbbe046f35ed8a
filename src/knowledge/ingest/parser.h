// How the worker reads files: in the sandbox, or as a test says.
#pragma once

#include <functional>
#include <string>

#include "knowledge/parse/parse.h"

namespace bastide::knowledge {

struct Parser {
  std::function<Result<parse::ParsedDocument>(const parse::ParseRequest&)> parse;
  std::function<Result<std::string>(const std::string& path, int page, int width_px)> render;
};

/// Parser processes of `program` under `limits`.
[[nodiscard]] Parser sandboxed_parser(parse::ParseLimits limits, parse::WorkerProgram program = {});

}  // namespace bastide::knowledge
