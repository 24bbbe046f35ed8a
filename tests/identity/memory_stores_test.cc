#include "tests/identity/memory_stores.h"

#include "tests/identity/store_contract.h"

namespace bastide::identity {
namespace {
struct InMemory final : StoreUnderTest {
  MemoryStores stores;
  Stores ports() override { return stores.ports(); }
};
INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values(StoreFactory([] { return std::make_unique<InMemory>(); })));
}  // namespace
}  // namespace bastide::identity
