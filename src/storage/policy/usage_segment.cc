#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "storage/policy/usage_files.h"

namespace bastide::storage {
namespace {

struct Header {
  std::array<char, 8> magic{'B', 'S', 'T', 'U', 'S', 'A', 'G', 'E'};
  std::uint32_t version = 1;
  std::uint32_t row_bytes = sizeof(policy::UsageRow);
};

constexpr std::size_t day_chars = 10;

std::uint64_t number_of(std::string_view name) {
  std::uint64_t number = 0;
  std::from_chars(name.data() + day_chars + 1, name.data() + name.size(), number);
  return number;
}

bool is_segment(std::string_view name) {
  return name.size() > day_chars + 1 && name[4] == '-' && name[7] == '-' && name[day_chars] == '.' &&
         name.find_first_not_of("0123456789", day_chars + 1) == std::string_view::npos;
}

/// As many bytes as there are, up to the buffer.
Result<std::size_t> read_at(const Fd& file, char* into, std::size_t size, std::uint64_t at) {
  std::size_t got = 0;
  while (got < size) {
    const auto n = ::pread(file.get(), into + got, size - got, static_cast<off_t>(at + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(file_error(errno, "read the usage log"));
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

}  // namespace

Result<usage_segment::Scanned> usage_segment::scan(
    const std::string& path, const std::function<void(const policy::UsageRow&, std::uint64_t)>& row,
    std::uint64_t from_bytes) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return pass(file);
  Header header;
  auto got = read_at(*file, reinterpret_cast<char*>(&header), sizeof(header), 0);
  if (!got) return pass(got);
  const Header known;
  if (*got < sizeof(header)) return Scanned{head_bytes, 0};  // killed before its first row
  if (header.magic != known.magic || header.version != known.version || header.row_bytes != known.row_bytes)
    return fail(Code::corrupt, fmt::format("\"{}\" is not a usage log of this version.", path),
                "usage_segment");
  constexpr std::size_t rows_at_once = 1024;
  std::vector<policy::UsageRow> rows(rows_at_once);
  Scanned scanned{from_bytes, 0};
  std::uint64_t at = scanned.whole_bytes, damaged = 0;
  for (;;) {
    auto read = read_at(*file, reinterpret_cast<char*>(rows.data()), rows.size() * sizeof(rows[0]), at);
    if (!read) return pass(read);
    const auto whole = *read / sizeof(rows[0]);
    for (std::size_t i = 0; i < whole; ++i) {
      at += sizeof(rows[0]);
      if (!rows[i].is_whole()) {
        ++damaged;
        continue;
      }
      scanned = {at, damaged};
      row(rows[i], at);
    }
    if (whole < rows.size()) return scanned;
  }
}

Result<std::vector<std::string>> usage_segment::list(const std::string& folder) {
  auto* opened = ::opendir(folder.c_str());
  if (!opened) return std::unexpected(file_error(errno, "list the usage log"));
  std::vector<std::string> names;
  while (const auto* entry = ::readdir(opened))
    if (is_segment(entry->d_name)) names.emplace_back(entry->d_name);
  ::closedir(opened);
  std::ranges::sort(names, {}, [](const std::string& name) {
    return std::pair(name.substr(0, day_chars), number_of(name));
  });
  return names;
}

Result<UsageSegment> UsageSegment::create(const std::string& folder, std::string_view day) {
  auto names = usage_segment::list(folder);
  if (!names) return pass(names);
  std::uint64_t next = 0;
  for (const auto& name : *names)
    if (name.starts_with(day)) next = std::max(next, number_of(name) + 1);
  constexpr int tries_max = 100;  // other processes may be as quick
  for (int i = 0; i < tries_max; ++i, ++next) {
    auto name = fmt::format("{}.{}", day, next);
    auto file = open_file(folder + "/" + name, O_RDWR | O_CREAT | O_EXCL | O_APPEND);
    if (!file) {
      if (::access((folder + "/" + name).c_str(), F_OK) == 0) continue;
      return pass(file);
    }
    if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0)
      return std::unexpected(file_error(errno, "lock the usage log"));
    const Header header;
    std::string head(usage_segment::head_bytes, '\0');
    std::memcpy(head.data(), &header, sizeof(header));
    if (auto wrote = write_all(*file, head); !wrote) return pass(wrote);
    if (auto kept = flush_folder(folder); !kept) return pass(kept);
    return UsageSegment(std::move(name), std::move(*file));
  }
  return fail(Code::conflict, "No new segment of the usage log could be made.", "usage_segment");
}

Result<void> UsageSegment::append(const policy::UsageRow* rows, std::size_t count) {
  const std::string_view bytes(reinterpret_cast<const char*>(rows), count * sizeof(*rows));
  auto wrote = write_all(file_, bytes);
  if (wrote) {
    bytes_ += bytes.size();
    return {};
  }
  if (::ftruncate(file_.get(), static_cast<off_t>(bytes_)) != 0)
    return std::unexpected(file_error(errno, "cut the usage log"));
  return wrote;
}

Result<void> UsageSegment::flush() {
  if (::fdatasync(file_.get()) != 0) return std::unexpected(file_error(errno, "flush the usage log"));
  return {};
}

}  // namespace bastide::storage
