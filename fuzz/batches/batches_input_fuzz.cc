// The input of a batch, however its bytes come: lines are found where they stand, and their results are
// lines.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "batches/input.h"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bastide;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] % 64 + 1U;
  const auto shape =
      data[0] % 2 == 0 ? dialects::BatchAsk::Shape::openai : dialects::BatchAsk::Shape::mistral;
  const dialects::BatchAsk ask{"/v1/embeddings", shape, "m"};
  batches::InputScan scan(ask, {.lines_max = 20, .line_bytes_max = 4096, .faults_max = 5});
  for (std::size_t at = 0; at < input.size(); at += piece) scan.feed(input.substr(at, piece));
  scan.finish();
  must(scan.lines().size() <= 20 && scan.faults().size() <= 6);
  dialects::BatchLineReader reader;
  for (const auto& line : scan.lines()) {
    const auto text =
        input.substr(static_cast<std::size_t>(line.place), static_cast<std::size_t>(line.bytes));
    must(text.find('\n') == std::string_view::npos);
    const auto read = reader.read(text, ask);
    must(read.has_value());
    const auto result = dialects::batch_result_line({"id", read->custom_id, 200, "ex", read->body_json});
    must(result.find('\n') == std::string::npos);
    const auto again = dialects::read_batch_result(result);
    if (again) must(again->custom_id == read->custom_id);  // else nested too deep
  }
  if (const auto messages = dialects::read_message_batch(input, "/v1/messages")) must(messages->count >= 0);
  (void)dialects::read_job_requests(input);
  if (const auto result = dialects::read_batch_result(input))
    must(dialects::message_batch_line(*result).find('\n') == std::string::npos);
  return 0;
}
