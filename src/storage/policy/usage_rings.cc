#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "storage/policy/usage_files.h"

namespace bastide::storage {
namespace {
constexpr std::size_t page_bytes = 4096;
constexpr std::uint32_t version = 1;
}  // namespace

struct UsageRings::Head {
  std::uint32_t version;
  std::uint32_t run;
  std::uint32_t in_use;  // not zero: the process that wrote it has not ended well
  std::uint32_t row_bytes;
};

struct UsageRings::Ring {
  alignas(page_bytes) policy::UsageWriter::Ends ends;
  alignas(page_bytes) std::array<policy::UsageRow, capacity> rows;
};

UsageRings::Ring& UsageRings::ring(std::size_t index) const {
  auto* base = reinterpret_cast<std::byte*>(head_) + page_bytes + index * sizeof(Ring);
  return *std::launder(reinterpret_cast<Ring*>(base));
}

Result<std::unique_ptr<UsageRings>> UsageRings::open(const std::string& folder, Found& found) {
  constexpr int processes_max = 64;
  constexpr std::size_t bytes = page_bytes + writers_max * sizeof(Ring);
  for (int i = 0; i < processes_max; ++i) {
    auto file = open_file(fmt::format("{}/rings.{}", folder, i), O_RDWR | O_CREAT);
    if (!file) return pass(file);
    if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) continue;
      return std::unexpected(file_error(errno, "lock the usage log"));
    }
    // Sparse: only what is used takes space.
    if (::ftruncate(file->get(), static_cast<off_t>(bytes)) != 0)
      return std::unexpected(file_error(errno, "make room for the usage log"));
    void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->get(), 0);
    if (mapped == MAP_FAILED) return std::unexpected(file_error(errno, "map the usage log"));
    std::unique_ptr<UsageRings> rings(new UsageRings(std::move(*file), static_cast<Head*>(mapped)));
    rings->read_found(found);
    return rings;
  }
  return fail(Code::conflict, "Too many processes have this data folder open.", "usage_rings",
              "Stop those that are not needed.");
}

UsageRings::~UsageRings() { ::munmap(head_, page_bytes + writers_max * sizeof(Ring)); }

void UsageRings::read_found(Found& found) const {
  if (head_->version != version || head_->row_bytes != sizeof(policy::UsageRow) || head_->in_use == 0) return;
  found.unclean = true;
  found.run = head_->run;
  for (std::size_t i = 0; i < writers_max; ++i) {
    const auto& each = ring(i);
    const auto head = each.ends.head.load();
    const auto tail = each.ends.tail.load();
    if (head < tail || head - tail > capacity) {
      ++found.lost;  // a power cut kept an older page of one than of the other
      continue;
    }
    for (auto at = tail; at < head; ++at) {
      const auto& row = each.rows[at & (capacity - 1)];
      if (row.run == found.run && row.sequence == at && row.is_whole())
        found.rows.push_back(row);
      else
        ++found.lost;
    }
  }
}

void UsageRings::begin(std::uint32_t run) {
  for (std::size_t i = 0; i < writers_max; ++i) {
    auto& ends = ring(i).ends;
    ends.head.store(0);
    ends.tail.store(0);
    ends.refused.store(0);
  }
  *head_ = {version, run, 1, sizeof(policy::UsageRow)};
}

policy::UsageWriter* UsageRings::writer() {
  const std::lock_guard lock(mutex_);
  const auto index = writers_.size();
  if (index >= writers_max) return nullptr;
  auto& each = ring(index);
  writers_.push_back(std::make_unique<policy::UsageWriter>(each.ends, each.rows.data(), capacity, head_->run,
                                                           static_cast<std::uint16_t>(index)));
  used_.store(writers_.size(), std::memory_order_release);
  return writers_.back().get();
}

Result<void> UsageRings::fetch(
    const std::function<Result<void>(const policy::UsageRow*, std::size_t)>& take) {
  const auto used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) {
    auto& each = ring(i);
    const auto head = each.ends.head.load(std::memory_order_acquire);
    auto tail = each.ends.tail.load(std::memory_order_relaxed);
    while (tail < head) {
      const auto from = tail & (capacity - 1);
      const auto count = std::min<std::uint64_t>(head - tail, capacity - from);
      if (auto taken = take(&each.rows[from], count); !taken) return taken;
      tail += count;
      each.ends.tail.store(tail, std::memory_order_release);
    }
  }
  return {};
}

double UsageRings::filled() const {
  std::uint64_t most = 0;
  const auto used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) {
    const auto& ends = ring(i).ends;
    const auto tail = ends.tail.load(std::memory_order_relaxed);
    most = std::max(most, ends.head.load(std::memory_order_relaxed) - tail);
  }
  return static_cast<double>(most) / capacity;
}

std::uint64_t UsageRings::refused() const {
  std::uint64_t sum = 0;
  const auto used = used_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < used; ++i) sum += ring(i).ends.refused.load(std::memory_order_relaxed);
  return sum;
}

void UsageRings::end() { head_->in_use = 0; }

}  // namespace bastide::storage
