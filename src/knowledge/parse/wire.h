// What the parent asks of a parser process and what comes back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bastide::knowledge::parse::detail {

enum class Job : std::uint8_t { parse, render, probe };

/// Deeds a worker can be told to try under its sandbox: `doctor` and the tests see what happens.
enum class Probe : std::uint8_t {
  none,
  open_file,
  write_file,
  socket,
  exec,
  fork,
  hang,
  spin,
  allocate,
  crash,
  descriptors,  // lists the open ones
  process       // tells its id
};

struct WorkRequest {
  Job job = Job::parse;
  std::string name;
  std::string declared_type;
  std::uint32_t page = 0;
  std::uint32_t width_px = 0;
  Probe probe = Probe::none;
  std::uint64_t memory_bytes_max = 0;
  std::uint64_t output_bytes_max = 0;
  std::uint32_t cpu_seconds_max = 0;
};

[[nodiscard]] std::string write_request(const WorkRequest& request);
[[nodiscard]] Result<WorkRequest> read_request(std::string_view bytes);

/// A frame is its kind, four bytes of length (low first) and the payload.
enum class Frame : std::uint8_t { sandbox = 1, progress = 2, document = 3, png = 4, error = 5, probe = 6 };
inline constexpr std::size_t frame_head_bytes = 5;
[[nodiscard]] std::string frame_head(Frame kind, std::size_t payload_bytes);

[[nodiscard]] std::string write_error(const Error& error);
/// A payload that makes no sense gives Code::internal.
[[nodiscard]] Error read_error(std::string_view bytes);

/// Where the warm process listens for requests.
inline constexpr int nursery_fd = 0;
/// Where the parser process finds things.
inline constexpr int output_fd = 1;
inline constexpr int input_fd = 3;

/// Exit statuses that say what happened when no frame could.
inline constexpr int exit_out_of_memory = 12;
inline constexpr int exit_no_sandbox = 13;
inline constexpr int exit_bad_request = 14;

}  // namespace bastide::knowledge::parse::detail
