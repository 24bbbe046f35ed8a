#include "storage/policy/usage_words.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "base/text.h"

namespace bastide::storage {
namespace {

constexpr std::size_t head_bytes = 6;  // checksum, length

/// checksum of the rest, length, text
std::string record_of(const std::string& text) {
  std::string record(head_bytes, '\0');
  const auto length = static_cast<std::uint16_t>(text.size());
  std::memcpy(record.data() + 4, &length, sizeof(length));
  record += text;
  const auto checksum = XXH32(record.data() + 4, record.size() - 4, 0);
  std::memcpy(record.data(), &checksum, sizeof(checksum));
  return record;
}

/// Held by whoever appends or reads on, in whichever process.
class FileLock {
 public:
  explicit FileLock(const Fd& file) : file_(file) {
    while (::flock(file_.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~FileLock() { ::flock(file_.get(), LOCK_UN); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  const Fd& file_;
};

}  // namespace

Result<std::unique_ptr<UsageWords>> UsageWords::open(const std::string& path) {
  auto file = open_file(path, O_RDWR | O_CREAT | O_APPEND);
  if (!file) return pass(file);
  std::unique_ptr<UsageWords> words(new UsageWords(std::move(*file)));
  const FileLock lock(words->file_);
  if (auto read = words->read_on(); !read) return pass(read);
  return words;
}

Result<void> UsageWords::read_on() {
  const auto end = ::lseek(file_.get(), 0, SEEK_END);
  if (end < 0) return std::unexpected(file_error(errno, "read a file"));
  std::string bytes(static_cast<std::size_t>(end) - read_bytes_, '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const auto n =
        ::pread(file_.get(), bytes.data() + got, bytes.size() - got, static_cast<off_t>(read_bytes_ + got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::unexpected(file_error(n < 0 ? errno : EIO, "read a file"));
    got += static_cast<std::size_t>(n);
  }
  std::string_view left = bytes;
  while (left.size() >= head_bytes) {
    std::uint16_t length = 0;
    std::memcpy(&length, left.data() + 4, sizeof(length));
    if (left.size() < head_bytes + length) break;
    std::uint32_t checksum = 0;
    std::memcpy(&checksum, left.data(), sizeof(checksum));
    if (checksum != XXH32(left.data() + 4, length + sizeof(length), 0)) break;
    texts_.emplace_back(left.substr(head_bytes, length));
    words_.emplace(texts_.back(), static_cast<policy::Word>(texts_.size()));
    left.remove_prefix(head_bytes + length);
  }
  read_bytes_ = static_cast<std::uint64_t>(end) - left.size();
  if (!left.empty() && ::ftruncate(file_.get(), static_cast<off_t>(read_bytes_)) != 0)
    return std::unexpected(file_error(errno, "cut a file"));
  return {};
}

policy::Word UsageWords::append(const std::string& text) {
  const FileLock lock(file_);
  if (auto read = read_on(); !read) return 0;
  if (const auto found = words_.find(text); found != words_.end()) return found->second;
  if (texts_.size() >= words_max) return 0;
  const auto record = record_of(text);
  if (auto wrote = write_all(file_, record); !wrote) {
    // Half of it may stand there; whoever reads on cuts it.
    log::error("usage_word_not_written", {{"detail", wrote.error().detail}});
    return 0;
  }
  read_bytes_ += record.size();
  dirty_ = true;
  texts_.push_back(text);
  return words_.emplace(texts_.back(), static_cast<policy::Word>(texts_.size())).first->second;
}

policy::Word UsageWords::word(std::string_view text) {
  if (text.empty()) return 0;
  const std::string cut(utf8_prefix(text, policy::UsageLog::word_bytes_max));
  const std::lock_guard lock(mutex_);
  if (const auto found = words_.find(cut); found != words_.end()) return found->second;
  return append(cut);
}

std::string UsageWords::text(policy::Word word) {
  const std::lock_guard lock(mutex_);
  if (word > texts_.size()) {
    const FileLock file_lock(file_);
    (void)read_on();
  }
  return word == 0 || word > texts_.size() ? std::string() : texts_[word - 1];
}

Result<void> UsageWords::flush() {
  const std::lock_guard lock(mutex_);
  if (!dirty_) return {};
  dirty_ = false;
  return flush_file(file_);
}

}  // namespace bastide::storage
