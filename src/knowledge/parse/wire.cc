#include "knowledge/parse/wire.h"

#include "knowledge/parse/codec.h"

namespace bastide::knowledge::parse::detail {

std::string write_request(const WorkRequest& request) {
  Writer out;
  out.number(static_cast<std::uint64_t>(request.job));
  out.bytes(to_valid_utf8(request.name));
  out.bytes(to_valid_utf8(request.declared_type));
  out.number(request.page);
  out.number(request.width_px);
  out.number(static_cast<std::uint64_t>(request.probe));
  out.number(request.memory_bytes_max);
  out.number(request.output_bytes_max);
  out.number(request.cpu_seconds_max);
  return out.take();
}

Result<WorkRequest> read_request(std::string_view bytes) {
  Reader in(bytes);
  WorkRequest request;
  request.job = static_cast<Job>(in.small(static_cast<std::uint64_t>(Job::probe)));
  request.name = in.bytes();
  request.declared_type = in.bytes();
  request.page = in.small(UINT32_MAX);
  request.width_px = in.small(UINT32_MAX);
  request.probe = static_cast<Probe>(in.small(static_cast<std::uint64_t>(Probe::process)));
  request.memory_bytes_max = in.number();
  request.output_bytes_max = in.number();
  request.cpu_seconds_max = in.small(UINT32_MAX);
  if (!in.ok() || !in.at_end())
    return fail(Code::internal, "The parser process was asked something unreadable.");
  return request;
}

std::string frame_head(Frame kind, std::size_t payload_bytes) {
  std::string head(1, static_cast<char>(kind));
  for (unsigned shift = 0; shift < 32; shift += 8)
    head += static_cast<char>((payload_bytes >> shift) & 0xFFU);
  return head;
}

std::string write_error(const Error& error) {
  Writer out;
  out.number(static_cast<std::uint64_t>(error.code));
  out.bytes(error.message);
  out.bytes(error.detail);
  out.bytes(error.action);
  return out.take();
}

Error read_error(std::string_view bytes) {
  Reader in(bytes);
  Error error;
  error.code = static_cast<Code>(in.small(static_cast<std::uint64_t>(Code::internal)));
  error.message = in.bytes();
  error.detail = in.bytes();
  error.action = in.bytes();
  if (!in.ok())
    return {Code::internal, "The parser process answered something unreadable.", "parser_crashed"};
  return error;
}

}  // namespace bastide::knowledge::parse::detail
