// What is sealed of a batch, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "batches/batch_store.h"

namespace bastide::storage::batch_head {

[[nodiscard]] std::string write(const batches::Batch& batch);
/// Fills in `batch`. Code::invalid for what `write` did not write.
[[nodiscard]] Result<void> read(std::string_view json, batches::Batch& batch);

}  // namespace bastide::storage::batch_head
