#include "knowledge/ingest/parser.h"

namespace bastide::knowledge {

Parser sandboxed_parser(parse::ParseLimits limits, parse::WorkerProgram program) {
  return {.parse =
              [limits, program](const parse::ParseRequest& request) {
                auto limited = request;
                limited.limits = limits;
                return parse::parse_file(limited, program);
              },
          .render =
              [limits, program](const std::string& path, int page, int width_px) {
                return parse::render_page(path, page, width_px, limits, {}, program);
              }};
}

}  // namespace bastide::knowledge
