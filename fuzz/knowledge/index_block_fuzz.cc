// Stored index blocks may be damaged: any bytes are refused or searched without harm.
#include <cstdint>
#include <string_view>
#include <vector>

#include "knowledge/index/passage_index.h"
#include "knowledge/index/vector_index.h"

using namespace bastide::knowledge::index;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Key count = data[0] % 16;
  auto passages = make_memory_passage_index();
  auto vectors = make_memory_vector_index();
  Bitmap all;
  all.add_range(0, 64);
  const auto bits = all.bits();
  (void)passages->add(7, count, bytes);
  (void)passages->search({"mairie", "budget"}, bits, 10);
  (void)vectors->add(7, count, bytes);
  const std::vector<float> query(static_cast<std::size_t>(data[0]) + 1, 0.1F);
  (void)vectors->search(query, bits, 10);
  return 0;
}
