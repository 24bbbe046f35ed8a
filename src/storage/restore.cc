#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>

#include "base/crypto.h"
#include "base/log.h"
#include "storage/archive.h"
#include "storage/backup.h"
#include "storage/blob_folder.h"
#include "storage/files.h"
#include "storage/manifest.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/error.h"

namespace bastide::storage {
namespace {
namespace fs = std::filesystem;

constexpr std::size_t manifest_bytes_max = std::size_t{64} * 1024 * 1024;
constexpr std::size_t key_files_max = 64;

std::unexpected<Error> damaged(std::string what) {
  return fail(Code::corrupt, "The backup is damaged: " + what + ".", "backup_damaged", "Use another backup.");
}

/// What bastide itself calls files under keys/.
bool is_key_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.size() <= 64 &&
         std::ranges::all_of(
             name, [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '_'; });
}

/// Unpacks into a folder of its own, which is removed at the end unless it was moved into place.
class Unpacker {
 public:
  explicit Unpacker(std::string folder) : folder_(std::move(folder)), blobs_{folder_ + "/blobs"} {}
  ~Unpacker() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  Result<EntryTaker> begin(const ArchiveEntry& entry) {
    if (auto ended = end_entry(); !ended) return pass(ended);
    if (entry.name == "manifest.json") {
      if (entry.size_bytes > manifest_bytes_max) return damaged("its manifest is too large");
      return EntryTaker([this](std::string_view piece) -> Result<void> {
        manifest_.append(piece);
        return {};
      });
    }
    auto path = path_of(entry.name);
    if (!path) return pass(path);
    auto file = open_file(*path, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return pass(file);
    file_ = std::move(*file);
    name_ = entry.name;
    hash_ = std::make_unique<Sha256Stream>();
    return EntryTaker([this](std::string_view piece) -> Result<void> {
      hash_->update(piece);
      report_.bytes += piece.size();
      return write_all(file_, piece);
    });
  }

  Result<BackupReport> finish() {
    if (auto ended = end_entry(); !ended) return pass(ended);
    auto manifest = detail::parse_manifest(manifest_);
    if (!manifest) return pass(manifest);
    if (manifest->blobs != report_.blobs) return damaged("files are missing");
    for (const auto& file : manifest->files) {
      auto found = files_.find(file.name);
      if (found == files_.end() || found->second != file.sha256)
        return damaged(file.name + " is not what was saved");
    }
    if (!files_.contains("bastide.db") || files_.size() != manifest->files.size())
      return damaged("its list of files");
    for (const auto& name : report_.damaged)
      if (std::ranges::find(manifest->damaged, name) == manifest->damaged.end())
        return damaged("a document's file");
    if (auto sound = check_database(); !sound) return pass(sound);
    return std::move(report_);
  }

  Result<void> move_to(const std::string& data_folder) {
    auto staging = open_file(folder_, O_RDONLY | O_DIRECTORY);
    if (!staging) return pass(staging);
    if (::syncfs(staging->get()) != 0) return std::unexpected(file_error(errno, "flush the restored files"));
    // The database last: a data folder without it is an empty one.
    for (const auto* part : {"keys", "blobs", "bastide.db"}) {
      auto from = folder_ + "/" + part;
      if (::access(from.c_str(), F_OK) != 0) continue;
      if (auto moved = rename_file(from, data_folder + "/" + part); !moved) return moved;
      if (auto flushed = flush_folder(data_folder); !flushed) return flushed;
    }
    return {};
  }

 private:
  Result<std::string> path_of(std::string_view name) {
    if (name == "bastide.db") return folder_ + "/bastide.db";
    if (name.starts_with("keys/") && is_key_name(name.substr(5)) && files_.size() < key_files_max) {
      if (auto made = make_folder(folder_ + "/keys"); !made) return pass(made);
      return folder_ + "/" + std::string(name);
    }
    if (name.starts_with("blobs/") && BlobFolder::is_name(name.substr(6))) {
      auto path = blobs_.path(name.substr(6));
      if (auto made = make_folder(fs::path(path).parent_path().string()); !made) return pass(made);
      return path;
    }
    return damaged("it holds a file that does not belong there");
  }

  Result<void> end_entry() {
    if (!hash_) return {};
    auto hash = hex(hash_->finish());
    hash_.reset();
    file_ = Fd();
    if (!name_.starts_with("blobs/")) {
      files_[name_] = hash;
      return {};
    }
    ++report_.blobs;
    if (name_.substr(6) != hash) report_.damaged.push_back(name_.substr(6));
    return {};
  }

  Result<void> check_database() {
    try {
      detail::SqliteConnection connection(folder_ + "/bastide.db", detail::Access::read, {});
      auto check = connection.prepare("pragma quick_check(1)");
      if (!check.step() || check.view(0) != "ok") return damaged("its database");
      return {};
    } catch (const SqliteError& error) {
      return std::unexpected(error.error());
    }
  }

  const std::string folder_;
  BlobFolder blobs_;
  std::string manifest_;
  std::string name_;
  Fd file_;
  std::unique_ptr<Sha256Stream> hash_;
  std::map<std::string, std::string> files_;
  BackupReport report_;
};

Result<void> need_no_data(const std::string& data_folder) {
  std::error_code ignored;
  for (const auto* part : {"bastide.db", "bastide.db-wal", "blobs", "keys"}) {
    auto path = data_folder + "/" + part;
    if (!fs::exists(path, ignored)) continue;
    if (fs::is_directory(path, ignored) && fs::remove(path, ignored)) continue;  // it was empty
    return fail(Code::conflict, fmt::format("The data folder {} holds data already: {}.", data_folder, part),
                "data_exists", "Restore into an empty folder (--data DIR), or move this one away first.");
  }
  return {};
}
}  // namespace

Result<BackupReport> restore(const std::string& file, const std::string& data_folder) {
  auto archive = open_file(file, O_RDONLY);
  if (!archive) return pass(archive);
  if (auto made = make_folder(data_folder); !made) return pass(made);
  if (auto free = need_no_data(data_folder); !free) return pass(free);
  auto folder = data_folder + "/restore.partial";
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (auto made = make_folder(folder); !made) return pass(made);
  Unpacker unpacker(folder);
  auto read = read_archive(*archive, [&](const ArchiveEntry& entry) { return unpacker.begin(entry); });
  if (!read) return pass(read);
  auto report = unpacker.finish();
  if (!report) return report;
  if (auto moved = unpacker.move_to(data_folder); !moved) return pass(moved);
  log::info("backup_restored", {{"blobs", report->blobs}, {"bytes", report->bytes}});
  return report;
}

}  // namespace bastide::storage
