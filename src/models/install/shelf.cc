#include "models/install/shelf.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "models/gguf/reader.h"
#include "models/install/child.h"
#include "models/local/memory.h"

namespace bastide::models {
namespace {

constexpr Millis machine_patience{10'000};
constexpr Millis gpus_known_for{60'000};
constexpr std::size_t gpus_max = 64;
constexpr std::size_t name_max_bytes = 200;

std::string_view room_name(local::Room room) {
  switch (room) {
    case local::Room::fits:
      return "fits";
    case local::Room::too_large:
      return "too_large";
    case local::Room::unknown:
      return "unknown";
  }
  return "unknown";
}

/// What a model takes that the list does not have, with one answer at a time.
std::uint64_t memory_of(const Manifest& manifest) {
  const auto facts = gguf::read_model_facts(manifest.file);
  if (!facts) return 0;
  return local::needed_memory_bytes(*facts, manifest.context_tokens, 1) +
         (manifest.vision ? manifest.vision->bytes : 0);
}

void put_range(JsonWriter& json, std::string_view name, const Range& range) {
  if (range.high > 0) json.key(name).array().value(range.low).value(range.high).end();
}

}  // namespace

Result<std::vector<ShelfModel>> read_shelf(const std::string& folder, const local::Machine& machine) {
  auto known = installable_models(folder);
  if (!known) return pass(known);
  std::vector<ShelfModel> out;
  for (auto& each : *known) {
    const auto room = local::room_for(each.memory_bytes, machine);
    out.push_back({std::move(each), std::nullopt, room});
  }
  for (auto& manifest : read_manifests(folder)) {
    if (manifest.kind == Kind::adapter) continue;
    auto found =
        std::ranges::find(out, manifest.id, [](const ShelfModel& model) { return model.known.model.id; });
    if (found == out.end()) {
      Installable own;
      own.model = manifest;
      own.download_bytes = bytes_of(manifest);
      own.memory_bytes = memory_of(manifest);
      found = out.insert(out.end(), {std::move(own), std::nullopt, local::Room::unknown});
      found->room = local::room_for(found->known.memory_bytes, machine);
    }
    found->installed = std::move(manifest);
  }
  std::ranges::sort(out, {}, [](const ShelfModel& model) { return ascii_lower(model.known.model.name); });
  return out;
}

void put_shelf_model(JsonWriter& json, const ShelfModel& model) {
  const auto& [known, installed, room] = model;
  const auto& shown = installed ? *installed : known.model;
  json.field("id", shown.id).field("name", shown.name).field("family", known.family);
  json.field("kind", kind_name(shown.kind)).field("licence", shown.licence).key("languages").array();
  for (const auto& language : shown.languages) json.value(language);
  json.end().field("context_tokens", shown.context_tokens);
  json.field("reads_images", installed ? installed->vision.has_value() : !known.vision_from.empty());
  put_range(json, "parameters_total", shown.parameters_total);
  put_range(json, "parameters_active", shown.parameters_active);
  json.field("download_bytes", installed ? bytes_of(*installed) : known.download_bytes);
  if (known.memory_bytes > 0) json.field("memory_bytes", known.memory_bytes);
  json.field("room", room_name(room)).field("installed", installed.has_value()).key("sources").array();
  for (const auto& source : known.from) json.value(source.name());
  json.end().key("quality").array();
  for (const auto& [benchmark, score, source] : known.quality)
    json.object().field("benchmark", benchmark).field("score", score).field("source", source).end();
  json.end();
  if (installed && installed->speed) {
    json.key("measured").object();
    put_speed(json, *installed->speed);
    json.end();
  }
}

std::string to_json(const local::Machine& machine) {
  JsonWriter json;
  json.object().field("memory_bytes", machine.host_bytes).key("gpus").array();
  for (const auto& gpu : machine.devices)
    json.object()
        .field("name", gpu.name)
        .field("free_bytes", gpu.free_bytes)
        .field("total_bytes", gpu.total_bytes)
        .field("is_host_memory", gpu.is_host_memory)
        .end();
  return json.end().end().take();
}

Result<local::Machine> parse_machine(std::string_view text) try {
  auto json = parse_json(text, 4);
  if (!json) return pass(json);
  local::Machine out;
  json->at("memory_bytes").get_to(out.host_bytes);
  for (const auto& each : json->at("gpus")) {
    if (out.devices.size() == gpus_max) break;
    out.devices.push_back({to_valid_utf8(each.at("name").get<std::string>().substr(0, name_max_bytes)),
                           each.at("free_bytes").get<std::uint64_t>(),
                           each.at("total_bytes").get<std::uint64_t>(),
                           each.at("is_host_memory").get<bool>()});
  }
  return out;
} catch (const nlohmann::json::exception&) {
  return fail(Code::corrupt, "This is no description of a machine.");
}

Shelf::Shelf(std::string own_binary, std::string data_folder)
    : own_binary_(own_binary),
      data_folder_(data_folder),
      pulls_(std::move(own_binary), std::move(data_folder)) {}

Result<std::vector<ShelfModel>> Shelf::models() { return read_shelf(data_folder_ + "/models", machine()); }

local::Machine Shelf::machine() {
  const std::lock_guard lock(mutex_);  // who comes meanwhile waits for the same answer
  if (!gpus_seen_at_ || Steady::now() - *gpus_seen_at_ > gpus_known_for) {
    auto child = Child::start({own_binary_, "model", "machine", "--data", data_folder_});
    const auto line = child ? (*child)->next_line(machine_patience) : std::nullopt;
    const auto seen = line ? parse_machine(*line) : fail(Code::unavailable, "It said nothing.");
    if (!seen) log::warn("gpus_not_seen", {});
    gpus_ = seen ? seen->devices : std::vector<local::Device>();
    gpus_seen_at_ = Steady::now();
  }
  return {local::available_memory_bytes(), gpus_};
}

Result<void> Shelf::pull(const std::string& model, Pulls::Ended ended) {
  auto known = installable_models(data_folder_ + "/models");
  if (!known) return pass(known);
  if (std::ranges::none_of(*known, [&](const Installable& each) { return each.model.id == model; }))
    return fail(Code::not_found, fmt::format("There is no model named {} to fetch.", model), "unknown_model",
                "Choose one of the list.");
  return pulls_.start(model, std::move(ended));
}

}  // namespace bastide::models
