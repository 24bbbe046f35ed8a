// Parsing outside files in a sandboxed child process. These calls block: run them on a base::Pool.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/config.h"
#include "base/result.h"
#include "knowledge/parse/document.h"

namespace bastide::knowledge::parse {

/// What one parser process may use. Passing a limit ends it with a clear error, never the caller.
struct ParseLimits {
  std::chrono::milliseconds wall{120'000};
  std::size_t memory_bytes_max = 1024ULL * 1024 * 1024;  // address space
  std::size_t output_bytes_max = 256ULL * 1024 * 1024;   // the serialised document
  [[nodiscard]] static ParseLimits from(const KnowledgeConfig& config);
};

struct ParseRequest {
  std::string path;  // the bytes on this machine
  std::string name;  // what the file was called when it came; a hint for text formats and the type check
  std::string declared_type;  // media type its sender gave; may be empty; never trusted
  ParseLimits limits;
  /// Called on the calling thread, at most some ten times a second. Total is 0 when unknown.
  std::function<void(std::size_t pages_done, std::size_t pages_total)> on_progress;
  std::stop_token stop;  // Code::cancelled soon after a request to stop
};

/// The program that is started as `PROGRAM parse-worker`. Its main must hand over to parse_worker_main.
struct WorkerProgram {
  std::string path = "/proc/self/exe";
};

class Nursery;

/// Parses one file of any supported type, found by its content. Thread-safe; each call is one process of the
/// nursery's.
///
/// Errors, by detail: password_protected, corrupt, zip_bomb, type_mismatch (the name or type says something
/// the content is not), unsupported_type, empty_document, no_text (a scan: it has pages but no text),
/// timeout, out_of_memory, too_large (more text than output_bytes_max), parser_crashed, refused_call (it
/// tried what the sandbox forbids), worker_unavailable (it could not be started), sandbox_unavailable (this
/// kernel cannot contain it). Code::cancelled, Code::not_found when the path is gone.
[[nodiscard]] Result<ParsedDocument> parse_file(const ParseRequest& request, Nursery& nursery);

/// One page (from 1) of a PDF as PNG, `width_px` wide (16 to 4096), in the same sandbox. Errors as
/// parse_file, and Code::not_found with detail no_such_page. Thread-safe. The caller caches.
[[nodiscard]] Result<std::string> render_page(const std::string& path, int page, int width_px,
                                              Nursery& nursery, const ParseLimits& limits = {},
                                              std::stop_token stop = {});

/// What holds a parser process on this machine. Limits and the list of system calls are always there: without
/// them nothing is parsed.
struct SandboxLevel {
  bool system_calls = false;  // seccomp allow-list
  bool limits = false;        // memory, CPU time, open files, processes, file size
  bool filesystem = false;    // Landlock: no path can be opened
  bool namespaces = false;    // own user, network, mount, IPC namespaces
  /// "system_calls limits filesystem namespaces", what is there only.
  [[nodiscard]] std::string text() const;
};

/// Starts a parser process and reports what it could confine itself with; for `doctor` and the log at start.
[[nodiscard]] Result<SandboxLevel> sandbox_level(Nursery& nursery);

/// The whole of `bastide parse-worker`: call it first thing in main when argv[1] is "parse-worker", before
/// anything opens files or starts threads. Returns the exit status. Programs that are tests of other rooms do
/// the same in theirs.
int parse_worker_main(std::span<const char* const> arguments);

}  // namespace bastide::knowledge::parse
