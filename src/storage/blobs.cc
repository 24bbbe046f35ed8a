#include "storage/blobs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <mutex>

#include "base/crypto.h"
#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "storage/blob_folder.h"
#include "storage/files.h"

namespace bastide::storage {
namespace {
namespace fs = std::filesystem;

/// A file being written is locked by its writer; one that was made a moment ago may not be locked yet.
constexpr auto stray_after = std::chrono::seconds(10);

/// A new file, locked as long as it is open: so others see whether its writer lives.
Result<Fd> locked_file(const std::string& path) {
  auto file = open_file(path, O_WRONLY | O_CREAT | O_EXCL);
  if (!file) return pass(file);
  if (::flock(file->get(), LOCK_EX | LOCK_NB) != 0)
    return std::unexpected(file_error(errno, "lock a new file"));
  return file;
}

/// The regular files of `folder` whose writers are dead, as far as it can be known.
template <class F>
void each_left_behind(const std::string& folder, F&& f) {
  std::error_code ignored;
  const auto oldest = fs::file_time_type::clock::now() - stray_after;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.last_write_time(ignored) >= oldest) continue;
    auto file = open_file(entry.path(), O_RDWR);
    if (file && ::flock(file->get(), LOCK_EX | LOCK_NB) == 0) f(entry.path());
  }
}

class FolderWriter final : public Blobs::Writer {
 public:
  FolderWriter(BlobFolder folder, std::string temporary, Fd file)
      : folder_(std::move(folder)), temporary_(std::move(temporary)), file_(std::move(file)) {}
  ~FolderWriter() override {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
    if (!mark_.empty()) ::unlink(mark_.c_str());
  }

  Result<void> write(std::string_view bytes) override {
    if (failed_ || temporary_.empty()) return fail(Code::internal, "A file was written to after its end.");
    if (auto done = write_all(file_, bytes); !done) {
      failed_ = true;
      return done;
    }
    hash_.update(bytes);
    size_bytes_ += bytes.size();
    return {};
  }

  Result<std::string> commit() override {
    if (failed_ || temporary_.empty()) return fail(Code::internal, "A file was committed after its end.");
    auto name = hex(hash_.finish());
    auto path = folder_.path(name);
    failed_ = true;  // until the end is reached
    if (auto done = flush_file(file_); !done) return pass(done);
    auto first = folder_.root + "/" + name.substr(0, 2);
    auto second = first + "/" + name.substr(2, 2);
    bool made = ::access(second.c_str(), F_OK) != 0;
    if (auto done = make_folder(second); !done) return pass(done);
    auto mark = folder_.unclaimed() + "/" + name + "-" + new_id("mark");
    auto marked = locked_file(mark);
    if (!marked) return pass(marked);
    mark_ = std::move(mark);
    mark_file_ = std::move(*marked);
    // Over an equal file of the same name this changes nothing but its inode: readers keep theirs.
    if (auto done = rename_file(temporary_, path); !done) return pass(done);
    temporary_.clear();
    if (auto done = flush_folder(second); !done) return pass(done);
    if (made) {
      if (auto done = flush_folder(first); !done) return pass(done);
      if (auto done = flush_folder(folder_.root); !done) return pass(done);
    }
    return name;
  }

  [[nodiscard]] std::uint64_t size_bytes() const override { return size_bytes_; }

 private:
  BlobFolder folder_;
  std::string temporary_;
  Fd file_;
  std::string mark_;
  Fd mark_file_;
  Sha256Stream hash_;
  std::uint64_t size_bytes_ = 0;
  bool failed_ = false;
};

class FolderBlobs final : public Blobs {
 public:
  explicit FolderBlobs(BlobFolder folder) : folder_(std::move(folder)) {}

  Result<std::unique_ptr<Writer>> create() override {
    auto temporary = folder_.temporary() + "/" + new_id("tmp");
    auto file = locked_file(temporary);
    if (!file) return pass(file);
    return std::make_unique<FolderWriter>(folder_, std::move(temporary), std::move(*file));
  }

  Result<std::string> put(std::string_view bytes) override {
    auto writer = create();
    if (!writer) return pass(writer);
    if (auto done = (*writer)->write(bytes); !done) return pass(done);
    return (*writer)->commit();
  }

  Result<std::string> get(std::string_view name, std::uint64_t bytes_max) override {
    auto where = path(name);
    if (!where) return where;
    return read_small_file(*where, bytes_max);
  }

  Result<std::string> path(std::string_view name) override {
    if (!BlobFolder::is_name(name)) return fail(Code::not_found, "There is no such file.");
    auto where = folder_.path(name);
    if (::access(where.c_str(), F_OK) != 0) return fail(Code::not_found, "There is no such file.");
    return where;
  }

  Result<void> remove(std::string_view name) override {
    if (!BlobFolder::is_name(name)) return fail(Code::not_found, "There is no such file.");
    // While a backup runs its snapshot may still refer to this one: it is set aside until the backup has
    // ended.
    auto lock = open_file(folder_.lock(), O_RDWR | O_CREAT);
    if (!lock) return pass(lock);
    bool alone = ::flock(lock->get(), LOCK_SH | LOCK_NB) == 0;
    auto where = folder_.path(name);
    auto gone = alone ? folder_.temporary() + "/" + new_id("gone") : folder_.set_aside(name);
    // Out of the way first: what is looked at then is what will be deleted, whatever is committed meanwhile.
    if (::rename(where.c_str(), gone.c_str()) != 0)
      return errno == ENOENT ? Result<void>() : std::unexpected(file_error(errno, "delete a file"));
    if (is_kept(gone)) {
      if (::link(gone.c_str(), where.c_str()) != 0 && errno != EEXIST)  // an equal file is as good
        return std::unexpected(file_error(errno, "keep a file"));
      ::unlink(gone.c_str());
      return {};
    }
    // Should the backup have ended in between, it may have cleared up before this one came.
    if (alone || ::flock(lock->get(), LOCK_SH | LOCK_NB) == 0) ::unlink(gone.c_str());
    return {};
  }

  void each_abandoned(const std::function<bool(const std::string& name)>& settle) override {
    each_left_behind(folder_.unclaimed(), [&](const fs::path& mark) {
      const auto file = mark.filename().string();
      const auto name = file.substr(0, file.find('-'));
      if (!BlobFolder::is_name(name) || settle(name)) ::unlink(mark.c_str());
    });
  }

 private:
  // A writer holds a lock on what it made.
  static bool is_kept(const std::string& path) {
    auto file = open_file(path, O_RDWR);
    return file && ::flock(file->get(), LOCK_EX | LOCK_NB) != 0;
  }

  BlobFolder folder_;
};

void clean(const BlobFolder& folder) {
  std::size_t removed = 0;
  each_left_behind(folder.temporary(), [&](const fs::path& stray) {
    std::error_code ignored;
    if (fs::remove(stray, ignored)) ++removed;
  });
  auto lock = open_file(folder.lock(), O_RDWR | O_CREAT);
  if (lock && ::flock(lock->get(), LOCK_SH | LOCK_NB) == 0) removed += folder.drop_set_aside();
  if (removed > 0) log::info("stray_blobs_removed", {{"files", removed}});
}
}  // namespace

bool BlobFolder::is_name(std::string_view name) {
  return name.size() == 64 &&
         std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string BlobFolder::path(std::string_view name) const {
  return fmt::format("{}/{}/{}/{}", root, name.substr(0, 2), name.substr(2, 2), name);
}

std::size_t BlobFolder::drop_set_aside() const {
  std::error_code ignored;
  std::size_t removed = 0;
  for (const auto& entry : fs::directory_iterator(root + "/set-aside", ignored))
    if (fs::remove(entry.path(), ignored)) ++removed;
  return removed;
}

Result<std::unique_ptr<Blobs>> open_folder_blobs(std::string path) {
  BlobFolder folder{std::move(path)};
  for (const auto& part : {folder.temporary(), folder.unclaimed(), folder.root + "/set-aside"})
    if (auto made = make_folder(part); !made) return pass(made);
  clean(folder);
  return std::make_unique<FolderBlobs>(std::move(folder));
}

}  // namespace bastide::storage
