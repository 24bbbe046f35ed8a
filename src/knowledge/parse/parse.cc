#include "knowledge/parse/parse.h"

#include <algorithm>

#include "knowledge/parse/child.h"
#include "knowledge/parse/probe.h"

namespace bastide::knowledge::parse {
namespace {

using namespace detail;

ChildRun run_of(const ParseLimits& limits, std::stop_token stop) {
  ChildRun run;
  run.wall = limits.wall;
  run.output_bytes_max = limits.output_bytes_max;
  run.stop = std::move(stop);
  run.request.memory_bytes_max = limits.memory_bytes_max;
  run.request.output_bytes_max = limits.output_bytes_max;
  run.request.cpu_seconds_max =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(limits.wall).count() + 1);
  return run;
}

std::unexpected<Error> unexpected_answer() {
  return fail(Code::internal, "The parser process answered something unexpected.", "parser_crashed",
              "Try again; if it lasts, report the document's type.");
}

}  // namespace

ParseLimits ParseLimits::from(const KnowledgeConfig& config) {
  ParseLimits limits;
  limits.wall = std::chrono::seconds(config.parse_seconds_max);
  limits.memory_bytes_max = static_cast<std::size_t>(config.parse_memory_mb_max) * 1024 * 1024;
  return limits;
}

std::string SandboxLevel::text() const {
  std::string out;
  auto add = [&out](bool there, const char* name) {
    if (!there) return;
    if (!out.empty()) out += ' ';
    out += name;
  };
  add(system_calls, "system_calls");
  add(limits, "limits");
  add(filesystem, "filesystem");
  add(namespaces, "namespaces");
  return out;
}

Result<ParsedDocument> parse_file(const ParseRequest& request, Nursery& nursery) {
  auto run = run_of(request.limits, request.stop);
  run.request.job = Job::parse;
  run.request.name = request.name;
  run.request.declared_type = request.declared_type;
  run.input_path = request.path;
  run.on_progress = request.on_progress;
  auto answer = run_child(nursery, run);
  if (!answer) return pass(answer);
  if (answer->kind == Frame::error) return std::unexpected(read_error(answer->payload));
  if (answer->kind != Frame::document) return unexpected_answer();
  return read_document(answer->payload);
}

Result<std::string> render_page(const std::string& path, int page, int width_px, Nursery& nursery,
                                const ParseLimits& limits, std::stop_token stop) {
  if (page < 1)
    return fail(Code::not_found, "The document has no such page.", "no_such_page", "Ask for a page from 1.");
  auto run = run_of(limits, std::move(stop));
  run.request.job = Job::render;
  run.request.page = static_cast<std::uint32_t>(page);
  run.request.width_px = static_cast<std::uint32_t>(std::clamp(width_px, 16, 4096));
  run.input_path = path;
  auto answer = run_child(nursery, run);
  if (!answer) return pass(answer);
  if (answer->kind == Frame::error) return std::unexpected(read_error(answer->payload));
  if (answer->kind != Frame::png) return unexpected_answer();
  return std::move(answer->payload);
}

Result<SandboxLevel> sandbox_level(Nursery& nursery) {
  auto run = run_of({}, {});
  run.request.job = Job::probe;
  run.wall = std::chrono::seconds(10);
  auto answer = run_child(nursery, run);
  if (!answer) return pass(answer);
  return answer->sandbox;
}

namespace detail {

Result<std::string> probe(Probe what, Nursery& nursery, const ParseLimits& limits, std::stop_token stop) {
  auto run = run_of(limits, std::move(stop));
  run.request.job = Job::probe;
  run.request.probe = what;
  auto answer = run_child(nursery, run);
  if (!answer) return pass(answer);
  if (answer->kind != Frame::probe) return unexpected_answer();
  return std::move(answer->payload);
}

}  // namespace detail
}  // namespace bastide::knowledge::parse
