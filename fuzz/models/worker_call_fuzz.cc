// Calls as a worker prepares them: messages, tools, schemas, grammars and what the model's own template makes
// of them.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "fuzz/models/families.h"
#include "models/local/llama_engine.h"
#include "tests/models/windowed_model.h"

namespace {

using namespace bastide::models::local;
using bastide::models::fuzz::families;

std::unique_ptr<Engine> load(const char* family) {
  const auto file =
      std::filesystem::temp_directory_path() / ("bastide-worker-call-fuzz-" + std::to_string(::getpid()));
  if (!bastide::models::test::write_windowed_model(file, bastide::models::fuzz::template_of(family)))
    std::abort();
  EngineOptions options;
  options.file = file;
  options.context_tokens = 4096;
  options.slots = 1;
  auto out = Engine::load(options);
  std::filesystem::remove(file);
  if (!out) std::abort();
  return std::move(*out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto engines = [] {
    std::array<std::unique_ptr<Engine>, families.size()> out;
    for (std::size_t i = 0; i < families.size(); ++i) out[i] = load(families[i]);
    return out;
  }();
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto& engine = *engines[data[0] % families.size()];
  (void)engine.prepare(body);
  (void)engine.count(body);
  return 0;
}
