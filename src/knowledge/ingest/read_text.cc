#include "knowledge/ingest/read_text.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>

#include "storage/files.h"

namespace bastide::knowledge {
namespace {

constexpr std::size_t text_bytes_max = 16 * 1024 * 1024;

}  // namespace

Result<std::string> read_text(const Parser& parser, std::string_view bytes, std::string name,
                              std::string media_type) {
  const storage::Fd memory(::memfd_create("file", MFD_CLOEXEC));
  if (!memory) return std::unexpected(storage::file_error(errno, "hold a file in memory"));
  if (auto written = storage::write_all(memory, bytes); !written) return pass(written);
  parse::ParseRequest request;
  request.path = "/proc/self/fd/" + std::to_string(memory.get());
  request.name = std::move(name);
  request.declared_type = std::move(media_type);
  auto document = parser.parse(request);
  if (!document) return pass(document);
  std::string out;
  for (const auto& block : document->blocks) {
    if (out.size() + block.text.size() > text_bytes_max)
      return fail(Code::too_large, "A file holds more text than fits into a call.", "file_too_long",
                  "Put it into a collection, or cut it into smaller files.");
    if (!out.empty()) out += "\n\n";
    out += block.text;
  }
  return out;
}

}  // namespace bastide::knowledge
