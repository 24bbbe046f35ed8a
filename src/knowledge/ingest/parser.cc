#include "knowledge/ingest/parser.h"

#include <memory>

#include "knowledge/parse/nursery.h"

namespace bastide::knowledge {

Parser sandboxed_parser(parse::ParseLimits limits, parse::WorkerProgram program) {
  auto nursery = std::make_shared<parse::Nursery>(std::move(program));
  return {.parse =
              [limits, nursery](const parse::ParseRequest& request) {
                auto limited = request;
                limited.limits = limits;
                return parse::parse_file(limited, *nursery);
              },
          .render = [limits, nursery](
                        const std::string& path, int page,
                        int width_px) { return parse::render_page(path, page, width_px, *nursery, limits); }};
}

}  // namespace bastide::knowledge
