// `bastide audit verify`, `backup`, `restore`, `doctor`.
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cstdio>
#include <filesystem>

#include "app/commands.h"
#include "app/program.h"
#include "app/usage_seals.h"
#include "base/error_text.h"
#include "base/json.h"
#include "base/log.h"
#include "base/pool.h"
#include "governance/audit.h"
#include "governance/signer.h"
#include "governance/verify.h"
#include "knowledge/parse/nursery.h"
#include "knowledge/parse/parse.h"
#include "models/local/memory.h"
#include "models/local/placement.h"
#include "storage/backup.h"
#include "storage/governance/log.h"
#include "storage/identity/sqlite_stores.h"
#include "storage/key_file.h"

namespace bastide::app {
namespace {

constexpr std::uint64_t free_bytes_wanted = 2ULL * 1024 * 1024 * 1024;

// One line of the doctor's report.
void tell(bool good, const std::string& what, const std::string& action = {}) {
  fmt::print("{} {}\n", good ? "✓" : "✗", what);
  if (!good && !action.empty()) fmt::print("    {}\n", action);
}

bool check_disk(const std::string& folder) {
  struct statvfs disk{};
  if (::statvfs(folder.c_str(), &disk) != 0) {
    tell(false, "The data folder " + folder + " is not there yet.", "Start the server once: bastide serve");
    return false;
  }
  auto free_bytes = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  bool enough = free_bytes >= free_bytes_wanted;
  tell(enough,
       fmt::format("{:.1f} GB free on the disk of {}.", static_cast<double>(free_bytes) / 1e9, folder),
       "Free some space: below 2 GB uploads and models may not fit.");
  return enough;
}

// The audit log of a data folder that a server may be serving.
struct OpenLog {
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<identity::PersonKeys> keys;
  governance::Signer signer;

  static Result<OpenLog> open(const DataFolder& data) {
    auto database = storage::Database::open(data.database());
    if (!database) return pass(database);
    auto master = storage::open_key_file(data.keys() + "/master.key");
    if (!master) return pass(master);
    auto keys = storage::open_person_keys(**database, *master);
    if (!keys) return pass(keys);
    auto signer = governance::Signer::open(data.keys() + "/log.key");
    if (!signer) return pass(signer);
    return OpenLog{std::move(*database), std::move(*keys), std::move(*signer)};
  }

  Result<void> note(std::string_view what, const storage::BackupReport& report) {
    storage::SqliteLog store(*database);
    Pool pool("audit", 1, 1);
    governance::Audit audit(store, *keys, signer, pool);
    JsonWriter json;
    json.object()
        .field("blobs", report.blobs)
        .field("bytes", report.bytes)
        .field("damaged", report.damaged.size());
    return audit.append(what, "command_line", "", json.end().text());
  }
};

}  // namespace

int audit_verify_command(const Common& common) {
  log::set_level(log::Level::error);
  auto opened = OpenLog::open(DataFolder{common.data_folder});
  if (!opened) return complain(opened.error());
  storage::SqliteLog store(*opened->database);
  const auto witness = usage_witness(DataFolder{common.data_folder}.usage());
  auto verified = governance::verify_log(store, *opened->keys, opened->signer, {}, witness);
  if (!verified) return complain(verified.error());
  fmt::print("{}", governance::to_text(*verified));
  return verified->holds() ? 0 : 1;
}

int backup_command(const Common& common, const std::string& file) {
  const DataFolder data{common.data_folder};
  auto opened = OpenLog::open(data);
  if (!opened) return complain(opened.error());
  auto done = storage::backup_data(*opened->database, data.path, file);
  if (!done) return complain(done.error());
  if (auto noted = opened->note("backup_made", *done); !noted) return complain(noted.error());
  for (const auto& name : done->damaged)
    fmt::print(stderr, "A stored file is damaged on this disk: {}\n", name);
  fmt::print("{}: {:.1f} MB. It holds the keys that open everything: keep it as you keep them.\n", file,
             static_cast<double>(std::filesystem::file_size(file)) / 1e6);
  return 0;
}

int restore_command(const Common& common, const std::string& file) {
  auto done = storage::restore(file, common.data_folder);
  if (!done) return complain(done.error());
  auto opened = OpenLog::open(DataFolder{common.data_folder});
  if (!opened) return complain(opened.error());
  if (auto noted = opened->note("backup_restored", *done); !noted) return complain(noted.error());
  fmt::print("{} is filled. Start it: bastide serve --data {}\n", common.data_folder, common.data_folder);
  return 0;
}

int doctor_command(const Common& common) {
  log::set_level(log::Level::error);
  bool good = true;
  auto config = load_config(common);
  if (config)
    tell(true, "The configuration is right.");
  else
    tell(good = false, config.error().message, config.error().action);
  if (config)
    for (const auto& warning : config->warnings) fmt::print("! {}\n", warning);
  good = check_disk(common.data_folder) && good;

  knowledge::parse::Nursery nursery;
  auto sandbox = knowledge::parse::sandbox_level(nursery);
  if (sandbox)
    tell(sandbox->system_calls && sandbox->limits, "Files are parsed in a sandbox: " + sandbox->text() + ".",
         "This kernel lacks seccomp: files cannot be read safely.");
  else
    tell(good = false, sandbox.error().message, sandbox.error().action);

  if (!config) return 1;
  auto program = Program::open(*config, common.data_folder);
  if (!program) {
    tell(false, program.error().message, program.error().action);
    return 1;
  }
  tell(true, "The database opens and its schema is current.");
  auto needed = (*program)->identity().setup_needed();
  if (needed && *needed)
    tell(false, "There is no administrator yet.", "Start the server and use the one-time link it prints.");
  else
    tell(needed.has_value(), "There is an administrator.");
  const auto gpus = models::local::gpus();
  if (const auto backend = models::local::gpu_backend(); !backend.empty() && gpus.empty())
    tell(false, fmt::format("This program computes models by {}, and no GPU is to be seen.", backend),
         "Install the GPU's driver, or build without --gpu; until then the processor computes.");
  for (const auto& gpu : gpus)
    tell(true, fmt::format("Models are computed by {}: {} of {} are free.", gpu.name,
                           gigabytes(gpu.free_bytes), gigabytes(gpu.total_bytes)));
  bool chat = false;
  bool embeddings = false;
  for (const auto& card : (*program)->models().catalogue()) {
    tell(card.ready, fmt::format("Model {} ({}): {}.", card.id, card.zone, card.state), card.state_detail);
    if (!card.local && card.zone != "walls" && !card.price)
      tell(false, fmt::format("Model {} has no price: its cost is an estimate by the dearest one.", card.id),
           "Give it a price in its [[model]].");
    chat = chat || (card.ready && card.can("chat"));
    embeddings = embeddings || (card.ready && card.can("embeddings"));
  }
  if (!chat)
    tell(false, "No chat model is ready.", "bastide model pull smollm2-135m, or configure a [[provider]].");
  if (!embeddings)
    tell(false, "No embedding model is ready: search goes by words only.", "bastide model pull e5-small");
  return good && chat ? 0 : 1;
}

}  // namespace bastide::app
