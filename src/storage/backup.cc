#include "storage/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <thread>

#include "base/crypto.h"
#include "base/log.h"
#include "base/time.h"
#include "storage/archive.h"
#include "storage/blob_folder.h"
#include "storage/files.h"
#include "storage/manifest.h"

namespace bastide::storage {
namespace {
namespace fs = std::filesystem;

constexpr Millis lock_wait_max{5000};

/// Removes what is unfinished at the end.
class Temporary {
 public:
  explicit Temporary(std::string path) : path_(std::move(path)) { ::unlink(path_.c_str()); }
  ~Temporary() {
    for (const auto* tail : {"", "-journal"}) ::unlink((path_ + tail).c_str());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Deletions hold the lock for a moment each, another backup for long.
Result<Fd> lock_blobs(const BlobFolder& blobs) {
  auto lock = open_file(blobs.lock(), O_RDWR | O_CREAT);
  if (!lock) return lock;
  for (auto deadline = Deadline::in(lock_wait_max); ::flock(lock->get(), LOCK_EX | LOCK_NB) != 0;
       std::this_thread::sleep_for(Millis(10))) {
    if (deadline.passed())
      return fail(Code::conflict, "Another backup is running.", "backup_running", "Wait until it has ended.");
  }
  return lock;
}

class Packer {
 public:
  explicit Packer(const Fd& into) : archive_(into) {}

  /// The hash of what was written. Code::not_found when the file is not there.
  Result<std::string> add(const std::string& name, const std::string& path) {
    auto file = open_file(path, O_RDONLY);
    if (!file) return pass(file);
    struct stat status{};
    if (::fstat(file->get(), &status) != 0) return std::unexpected(file_error(errno, "read a file"));
    auto left = static_cast<std::uint64_t>(status.st_size);
    if (auto begun = archive_.begin(name, left); !begun) return pass(begun);
    Sha256Stream hash;
    auto read = read_pieces(*file, [&](std::string_view piece) -> Result<void> {
      if (piece.size() > left) return fail(Code::conflict, fmt::format("{} grew while it was read.", path));
      left -= piece.size();
      hash.update(piece);
      report_.bytes += piece.size();
      return archive_.write(piece);
    });
    if (!read) return pass(read);
    if (left > 0) return fail(Code::corrupt, fmt::format("{} became shorter while it was read.", path));
    return hex(hash.finish());
  }

  Result<void> add_file(const std::string& name, const std::string& path) {
    auto before = report_.bytes;
    auto hash = add(name, path);
    if (!hash) return pass(hash);
    manifest_.files.push_back({name, *hash, report_.bytes - before});
    return {};
  }

  Result<void> add_blob(const std::string& name, const std::string& path) {
    auto hash = add("blobs/" + name, path);
    if (!hash && hash.error().code == Code::not_found) return {};  // set aside just now: it comes with those
    if (!hash) return pass(hash);
    ++report_.blobs;
    if (*hash == name) return {};
    log::error("blob_damaged", {{"blob", name}});
    report_.damaged.push_back(name);
    return {};
  }

  Result<void> add_blobs_in(const std::string& folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator at(folder, fs::directory_options::skip_permission_denied, error),
         end;
         !error && at != end; at.increment(error)) {
      auto name = at->path().filename().string();
      if (!BlobFolder::is_name(name)) continue;
      if (auto added = add_blob(name, at->path().string()); !added) return added;
    }
    // A folder that vanished while we walked holds nothing that was not set aside.
    if (error && error != std::errc::no_such_file_or_directory)
      return std::unexpected(file_error(error.value(), "list the blobs"));
    return {};
  }

  Result<BackupReport> finish() {
    manifest_.created_at = now_ms();
    manifest_.blobs = report_.blobs;
    manifest_.damaged = report_.damaged;
    auto json = detail::manifest_json(manifest_);
    auto done = archive_.begin("manifest.json", json.size());
    if (done) done = archive_.write(json);
    if (done) done = archive_.finish();
    if (!done) return pass(done);
    return std::move(report_);
  }

 private:
  ArchiveWriter archive_;
  detail::Manifest manifest_;
  BackupReport report_;
};

Result<BackupReport> pack(const Fd& into, const std::string& snapshot, const BlobFolder& blobs,
                          const std::vector<std::string>& key_files) {
  Packer packer(into);
  if (auto added = packer.add_file("bastide.db", snapshot); !added) return pass(added);
  // Blobs of the snapshot that are deleted meanwhile move from the first folder to the second, and are found
  // in either.
  for (const auto& folder : {blobs.root, blobs.root + "/set-aside"})
    if (auto added = packer.add_blobs_in(folder); !added) return pass(added);
  for (const auto& key : key_files)
    if (auto added = packer.add_file("keys/" + fs::path(key).filename().string(), key); !added)
      return pass(added);
  return packer.finish();
}
}  // namespace

Result<BackupReport> backup(Database& database, const std::string& blobs_folder,
                            const std::vector<std::string>& key_files, const std::string& file) {
  BlobFolder blobs{blobs_folder};
  if (auto made = make_folder(blobs.root); !made) return pass(made);
  auto lock = lock_blobs(blobs);
  if (!lock) return pass(lock);
  Temporary snapshot(file + ".db.partial");
  Temporary archive(file + ".partial");
  if (auto private_file = open_file(snapshot.path(), O_WRONLY | O_CREAT | O_EXCL); !private_file)
    return pass(private_file);
  if (auto copied = database.backup_to(snapshot.path()); !copied) return pass(copied);
  auto into = open_file(archive.path(), O_WRONLY | O_CREAT | O_EXCL);
  if (!into) return pass(into);
  auto report = pack(*into, snapshot.path(), blobs, key_files);
  if (!report) return report;
  if (auto done = flush_file(*into); !done) return pass(done);
  if (auto done = rename_file(archive.path(), file); !done) return pass(done);
  auto folder = fs::path(file).parent_path();
  if (auto done = flush_folder(folder.empty() ? "." : folder.string()); !done) return pass(done);
  // From here on deletions need not set anything aside, and those that did before are all seen. Where the
  // lock is lost to another backup, that one clears up.
  if (::flock(lock->get(), LOCK_SH | LOCK_NB) == 0) (void)blobs.drop_set_aside();
  log::info("backup_written",
            {{"blobs", report->blobs}, {"bytes", report->bytes}, {"damaged", report->damaged.size()}});
  return report;
}

Result<BackupReport> backup_data(Database& database, const std::string& data_folder,
                                 const std::string& file) {
  std::vector<std::string> keys;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_folder + "/keys", error))
    if (entry.is_regular_file(error)) keys.push_back(entry.path().string());
  return backup(database, data_folder + "/blobs", keys, file);
}

}  // namespace bastide::storage
