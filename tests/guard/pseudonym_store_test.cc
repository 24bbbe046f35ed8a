// The contract of the port, on the store that the room's own tests use.
#include "tests/guard/memory_store.h"
#include "tests/storage/guard/pseudonym_store_contract.h"

namespace bastide::guard::contract {
namespace {
Made memory() {
  auto store = std::make_shared<guard::testing::MemoryStore>();
  return {store, store.get()};
}
INSTANTIATE_TEST_SUITE_P(Memory, PseudonymStoreContract, ::testing::Values(Factory(memory)));
}  // namespace
}  // namespace bastide::guard::contract
