// `bastide knowledge add`: files and folders into a collection.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/id.h"
#include "knowledge/access.h"
#include "knowledge/library/impl.h"

namespace bastide::knowledge::detail {
namespace fs = std::filesystem;
namespace {
constexpr std::size_t files_max = 100'000;
constexpr auto look_again = std::chrono::milliseconds(250);

struct File {
  std::string path;
  std::string name;  // within the collection
};

/// Folders give their files by their path below it; hidden ones and links are left out.
std::vector<File> list_files(const std::vector<std::string>& paths,
                             const std::function<void(const AddProgress&)>& tell) {
  std::vector<File> files;
  for (const auto& given : paths) {
    std::error_code error;
    const fs::path path(given);
    if (fs::is_regular_file(path, error)) {
      files.push_back({given, path.filename().string()});
      continue;
    }
    if (!fs::is_directory(path, error)) {
      tell({.path = given,
            .document = {},
            .state = "skipped",
            .error = Error{Code::not_found, "There is no such file or folder.", "no_such_path",
                           "Check the path."}});
      continue;
    }
    for (auto at =
             fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
         !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      const auto name = at->path().filename().string();
      if (name.starts_with('.')) {
        if (at->is_directory()) at.disable_recursion_pending();
        continue;
      }
      if (at->is_symlink() || !at->is_regular_file() || files.size() >= files_max) continue;
      files.push_back({at->path().string(), fs::relative(at->path(), path, error).string()});
    }
  }
  std::ranges::sort(files, {}, &File::path);
  return files;
}

struct Stored {
  std::unique_ptr<storage::Blobs::Writer> kept;  // until there is a reference
  std::string blob;
  std::int64_t bytes = 0;
};

Result<Stored> store_file(storage::Blobs& blobs, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(Code::not_found, "The file cannot be read.", "unreadable_file", "Check its permissions.");
  auto writer = blobs.create();
  if (!writer) return pass(writer);
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    auto written = (*writer)->write({buffer.data(), static_cast<std::size_t>(in.gcount())});
    if (!written) return pass(written);
  }
  const auto bytes = static_cast<std::int64_t>((*writer)->size_bytes());
  auto name = (*writer)->commit();
  if (!name) return pass(name);
  return Stored{std::move(*writer), std::move(*name), bytes};
}
}  // namespace

Result<void> LibraryImpl::add_paths(const identity::Principal& who, const std::string& collection,
                                    const std::vector<std::string>& paths, Wait wait,
                                    const std::function<void(const AddProgress&)>& on_progress) {
  auto into = find_collection(who, collection);
  std::string id;
  if (into) {
    id = into->id;
  } else if (into.error().code == Code::not_found && !is_id(collection, "col")) {
    auto made = create_collection(who, {.name = collection, .label = {}, .readers = {}});
    if (!made) return pass(made);
    id = std::move(*made);
  } else {
    return pass(into);
  }

  const auto files = list_files(paths, on_progress);
  struct Waiting {
    AddProgress progress;
  };
  std::vector<Waiting> waiting;
  std::size_t done = 0;
  for (const auto& file : files) {
    AddProgress progress{
        .path = file.path, .document = {}, .state = "queued", .error = {}, .total = files.size()};
    auto stored = store_file(parts_.blobs, file.path);
    Result<UploadedDocument> added = stored ? upload(who, {.collection = id,
                                                           .name = file.name,
                                                           .media_type = {},
                                                           .blob = stored->blob,
                                                           .bytes = stored->bytes,
                                                           .label = {},
                                                           .readers = {},
                                                           .source_version = {}})
                                            : Result<UploadedDocument>(pass(stored));
    if (!added) {
      progress.state = "failed";
      progress.error = added.error();
      progress.done = ++done;
    } else {
      progress.document = added->id;
      if (added->unchanged) progress.state = "unchanged";
      if (added->unchanged || wait == Wait::for_queued) progress.done = ++done;
      if (!added->unchanged && wait == Wait::for_ready) waiting.push_back({progress});
    }
    progress.done = done;
    on_progress(progress);
  }
  if (files.empty())
    return fail(Code::not_found, "There is nothing to add.", "no_files",
                "Name files or folders that hold some.");

  while (!waiting.empty()) {
    std::this_thread::sleep_for(look_again);
    std::erase_if(waiting, [&](Waiting& one) {
      auto view = document(who, one.progress.document);
      const auto before = std::pair(one.progress.state, one.progress.progress);
      const bool ended = !view || view->state == DocumentState::ready || view->state == DocumentState::failed;
      one.progress.state = view ? std::string(state_name(view->state)) : "skipped";
      one.progress.progress = view ? view->progress : 0;
      one.progress.error = view ? view->error : std::optional(view.error());
      done += ended ? 1 : 0;
      one.progress.done = done;
      if (ended || before != std::pair(one.progress.state, one.progress.progress)) on_progress(one.progress);
      return ended;
    });
  }
  return {};
}

}  // namespace bastide::knowledge::detail
