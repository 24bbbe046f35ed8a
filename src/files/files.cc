#include "files/files.h"

#include "base/crypto.h"
#include "base/id.h"
#include "base/log.h"

namespace bastide::files {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t files_a_sweep = 200;

void drop(storage::Blobs& blobs, const std::string& blob) {
  if (auto removed = blobs.remove(blob); !removed)
    log::warn("blob_not_removed", {{"code", code_name(removed.error().code)}});
}

}  // namespace

bool is_file_id(std::string_view id) { return is_id(id, id_prefix); }

Result<std::unique_ptr<Incoming>> Files::create(std::string id) {
  auto writer = blobs_.create();
  if (!writer) return pass(writer);
  if (id.empty()) id = new_id(id_prefix);
  return std::unique_ptr<Incoming>(new Incoming(std::move(*writer), std::move(id), random_bytes(key_bytes)));
}

Result<StoredFile> Files::keep(Incoming& incoming, const NewFile& file, Origin origin) {
  if (auto sealed = incoming.sealer_.finish(); !sealed) return pass(sealed);
  auto blob = incoming.writer_->commit();
  if (!blob) return pass(blob);
  StoredFile out{incoming.id_,     file.person,      now_ms(),  file.expires_at, file.purpose,
                 incoming.bytes(), std::move(*blob), file.name, file.media_type, incoming.key_};
  auto kept = store_.add(out, origin == Origin::made ? std::nullopt : std::optional(bounds_));
  if (!kept) {
    incoming.writer_.reset();
    drop(blobs_, out.blob);
    return pass(kept);
  }
  return out;
}

Result<StoredFile> Files::find(std::string_view id, std::string_view person) {
  return store_.find(id, person, now_ms());
}

Result<std::vector<StoredFile>> Files::list(std::string_view person, const FileQuery& query) {
  return store_.list(person, query, now_ms());
}

Result<PieceReader> Files::open(const StoredFile& file) {
  auto path = blobs_.path(file.blob);
  if (!path) return pass(path);
  return PieceReader::open(*path, file.key, file.id, file.bytes);
}

Result<std::string> Files::read(const StoredFile& file, std::size_t bytes_max) {
  if (file.bytes > static_cast<std::int64_t>(bytes_max))
    return fail(Code::too_large,
                "A file is longer than the " + std::to_string(bytes_max / (1024 * 1024)) +
                    " MB that fit into a call.",
                "file_too_long", "Cut it into smaller files, or put it into a collection.");
  auto reader = open(file);
  if (!reader) return pass(reader);
  return reader->read(0, static_cast<std::size_t>(file.bytes));
}

Result<void> Files::remove(std::string_view id, std::string_view person) {
  if (auto removed = store_.remove(id, person); !removed) return removed;
  // It is gone already: what is left of it is nobody's to read, and the next sweep's to remove.
  if (auto gone = remove_gone(); !gone) log::warn("file_not_swept", {{"code", code_name(gone.error().code)}});
  return {};
}

Result<std::int64_t> Files::remove_all(std::string_view person) {
  auto count = store_.remove_all(person);
  if (!count) return count;
  for (;;) {
    auto gone = remove_gone();
    if (!gone) return pass(gone);
    if (*gone == 0) return count;
  }
}

Result<std::size_t> Files::sweep(UnixMillis now) {
  auto expired = store_.remove_expired(now, files_a_sweep);
  if (!expired) return pass(expired);
  return remove_gone();
}

Result<std::size_t> Files::remove_gone() {
  auto blobs = store_.gone(files_a_sweep);
  if (!blobs) return pass(blobs);
  for (const auto& blob : *blobs) {
    if (auto removed = blobs_.remove(blob); !removed) return pass(removed);
    if (auto forgotten = store_.forget(blob); !forgotten) return pass(forgotten);
  }
  return blobs->size();
}

bool Files::holds(std::string_view blob) { return store_.holds(blob).value_or(true); }

}  // namespace bastide::files
