#include "models/install/commands.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "base/json.h"
#include "base/text.h"
#include "models/catalogue/catalogue.h"
#include "models/gguf/reader.h"
#include "models/gguf/shards.h"
#include "models/install/install.h"
#include "models/install/progress.h"
#include "models/install/shelf.h"
#include "models/install/speed.h"
#include "models/local/frame.h"
#include "models/local/memory.h"
#include "models/local/placement.h"

namespace bastide::models {
namespace {

constexpr const char* usage =
    "usage: bastide model list [--available] [--json]\n"
    "       bastide model pull NAME [--json]\n"
    "       bastide model machine\n"
    "       bastide model import FILE [--name NAME] [--base MODEL | --vision MMPROJ] [--pooling "
    "mean|cls|last]\n"
    "       bastide model keep NAME [--not]\n"
    "       bastide model remove NAME\n"
    "       bastide model bench NAME [--json]\n";

int wrong_usage() {
  fmt::print(stderr, "{}", usage);
  return 2;
}

int report(const Error& error) {
  fmt::print(stderr, "✗ {}\n", error.message);
  if (!error.action.empty()) fmt::print(stderr, "  What to do: {}\n", error.action);
  return 1;
}

/// For who reads lines of JSON.
int report_json(const Error& error) {
  fmt::print("{{\"error\":{}}}\n", local::encode_error(error));
  return 1;
}

std::string size_text(std::uint64_t bytes) {
  const auto mega = static_cast<double>(bytes) / 1e6;
  return mega < 1000 ? fmt::format("{:.0f} MB", mega) : fmt::format("{:.1f} GB", mega / 1000);
}

std::string_view kind_text(const policy::ModelCard& card) {
  if (card.can("rerank")) return kind_name(Kind::reranker);
  return kind_name(card.can("embeddings") ? Kind::embedding : Kind::chat);
}

local::Machine this_machine() { return {local::available_memory_bytes(), local::gpus()}; }

/// What `pull` knows and is neither installed nor configured.
Result<std::vector<ShelfModel>> available(const Catalogue& catalogue, const local::Machine& machine) {
  auto all = read_shelf(catalogue.folder(), machine);
  if (all)
    std::erase_if(*all, [&](const ShelfModel& each) {
      return each.known.from.empty() || catalogue.find(each.known.model.id).has_value();
    });
  return all;
}

std::string_view room_text(local::Room room) {
  if (room == local::Room::unknown) return "-";
  return room == local::Room::fits ? "yes" : "no";
}

int list_available(const std::vector<ShelfModel>& models, const local::Machine& machine) {
  fmt::print("{:<20} {:<10} {:<10} {:>8} {:>8} {:>5} {:>8}  {:<7} {:<6} {}\n", "name", "kind", "family",
             "download", "memory", "fits", "context", "speaks", "images", "licence");
  for (const auto& [each, installed, room] : models)
    fmt::print("{:<20} {:<10} {:<10} {:>8} {:>8} {:>5} {:>8}  {:<7} {:<6} {}\n", each.model.id,
               kind_name(each.model.kind), each.family, size_text(each.download_bytes),
               each.memory_bytes > 0 ? size_text(each.memory_bytes) : "-", room_text(room),
               each.model.context_tokens, fmt::format("{}", fmt::join(each.model.languages, " ")),
               each.vision_from.empty() ? "-" : "reads", each.model.licence);
  fmt::print("\nFree now: {} of memory", size_text(machine.host_bytes));
  for (const auto& gpu : machine.devices) fmt::print(", {} on {}", size_text(gpu.free_bytes), gpu.name);
  fmt::print(".\n");
  for (const auto& [each, installed, room] : models)
    for (const auto& [benchmark, score, source] : each.quality)
      fmt::print("{:<20} {}: {} ({})\n", each.model.id, benchmark, score, source);
  return 0;
}

/// What would compute the model if it were loaded now, for people.
std::string place_of(const Manifest& manifest) {
  auto need = local::placement_need(manifest, local::slots_default);
  const auto placed = local::place_model(need);
  return placed ? placed->where : placed.error().message;
}

/// "; 92 tokens/s on 2026-11-22", where it was measured.
std::string speed_text(const std::optional<Manifest>& local) {
  if (!local || !local->speed) return {};
  const auto& speed = *local->speed;
  const double tokens = speed.embedding > 0 ? speed.embedding : speed.one_answer;
  const std::string energy = speed.energy.empty() ? "" : fmt::format(", {:.3f} Wh a thousand", speed.wh);
  return fmt::format("; {:.0f} tokens/s{} on {}", tokens, energy, speed.at.substr(0, 10));
}

enum class Listed { all, available };

int list(const Config& config, const std::string& folder, Listed what, bool as_json) {
  const Catalogue catalogue(config, folder);
  const auto machine = this_machine();
  const auto installable = available(catalogue, machine);
  if (!installable) return report(installable.error());
  if (what == Listed::available && !as_json) return list_available(*installable, machine);
  const auto entries = catalogue.all();
  if (as_json) {
    JsonWriter json;
    json.object().key("models").array();
    for (const auto& [card, local, adapter] : entries) {
      json.object().field("id", card.id).field("name", card.name).field("kind", kind_text(card));
      json.field("provider", card.provider).field("zone", card.zone).field("state", card.state);
      json.field("context_tokens", card.context_tokens).field("answers_documents", card.answers_documents);
      json.field("reads_images", card.can("vision"));
      if (local) json.field("keep_loaded", local->keep_loaded);
      if (const auto& file = adapter ? adapter : local)
        json.field("bytes", bytes_of(*file)).field("licence", file->licence).field("source", file->source);
      if (local && card.state == "stopped") json.field("place", place_of(*local));
      if (local && local->speed) {
        json.key("speed").object();
        put_speed(json, *local->speed);
        json.end();
      }
      json.end();
    }
    json.end().key("available").array();
    for (const auto& each : *installable) {
      json.object();
      put_shelf_model(json, each);
      json.end();
    }
    fmt::print("{}\n", json.end().end().take());
    return 0;
  }
  if (entries.empty()) fmt::print("No model is installed or configured.\n");
  const bool has_gpus = !machine.devices.empty();
  for (const auto& [card, local, adapter] : entries) {
    const auto& file = adapter ? adapter : local;
    const bool is_placed = has_gpus && local && card.state == "stopped";
    fmt::print("{:<20} {:<10} {:<9} {:>8}  {}{}{}{}{}\n", card.id, kind_text(card),
               local ? card.state == "stopped" ? "ready" : card.state : card.provider,
               file && file->bytes ? size_text(bytes_of(*file)) : "-", card.name,
               local && local->vision ? ", reads images" : "", is_placed ? " (" + place_of(*local) + ")" : "",
               speed_text(local), local && local->keep_loaded ? "; stays loaded" : "");
  }
  fmt::print(
      "\nCan be fetched with `bastide model pull NAME`; more of them: bastide model list --available\n");
  for (const auto& [each, installed, room] : *installable)
    fmt::print("{:<20} {:<10} {:<9} {:>8}  {}, {}\n", each.model.id, kind_name(each.model.kind), "",
               size_text(each.download_bytes), each.model.name, each.model.licence);
  return 0;
}

int pull(const std::string& folder, const std::string& name, PullTeller& teller,
         int (&report)(const Error&)) {
  const auto models = installable_models(folder);
  if (!models) return report(models.error());
  const auto model = std::ranges::find(*models, name, [](const Installable& each) { return each.model.id; });
  if (model == models->end()) {
    std::string known;
    for (const auto& each : *models) known += (known.empty() ? "" : ", ") + each.model.id;
    return report(
        {Code::not_found, fmt::format("There is no model named {} to fetch.", name), "unknown_model",
         fmt::format("Choose one of: {}. A GGUF file of your own: bastide model import FILE", known)});
  }
  const auto manifests = read_manifests(folder);
  const auto there = std::ranges::find(manifests, name, &Manifest::id);
  if (there != manifests.end()) {
    const auto whole = check_file(*there);
    if (whole && !lacks_vision(*model, *there)) {
      say(fmt::format("{} is installed.", there->name));
      return 0;
    }
    say(there->name + (whole ? " is there; the file by which it reads images is fetched."
                             : " is damaged and is fetched again."));
  }
  const auto manifest = pull_model(*model, folder, teller);
  if (!manifest) return report(manifest.error());
  say(fmt::format("{} is installed ({}).", manifest->name, size_text(bytes_of(*manifest))));
  return 0;
}

void print_energy(const Speed& speed) {
  if (speed.energy.empty())
    fmt::print("energy                  not told by this machine; receipts hold an estimate\n");
  else
    fmt::print("1,000 tokens of it take {:8.3f} Wh, by {}\n", speed.wh, speed.energy);
}

int bench(const Config& config, const std::string& folder, const std::string& name, bool as_json) {
  const auto entry = Catalogue(config, folder).find(name);
  if (!entry || !entry->local)
    return report({Code::not_found, fmt::format("There is no model named {} on this machine.", name),
                   "unknown_model", "See `bastide model list`."});
  const auto speed = measure_speed(*entry->local);
  if (!speed) return report(speed.error());
  if (const auto kept = keep_speed(name, entry->local->sha256, *speed, folder); !kept)
    report(kept.error());  // what was measured is shown all the same
  if (as_json) {
    JsonWriter json;
    json.object().field("model", name);
    put_speed(json, *speed);
    fmt::print("{}\n", json.end().take());
    return 0;
  }
  fmt::print("{}, computed by {}, {} threads, loaded in {:.1f} s\n", entry->card.name, speed->place,
             speed->threads, speed->load_s);
  if (speed->embedding > 0) {
    fmt::print("embedding               {:8.0f} tokens/s\n", speed->embedding);
    print_energy(*speed);
    return 0;
  }
  fmt::print("a prompt of 512 tokens  {:8.0f} tokens/s\n", speed->prompt);
  fmt::print("one answer              {:8.1f} tokens/s\n", speed->one_answer);
  fmt::print("eight answers together  {:8.1f} tokens/s\n", speed->eight_answers);
  print_energy(*speed);
  return 0;
}

/// What an imported model is, for people.
void print_model(const Manifest& manifest) {
  const auto read = gguf::read_model_facts(manifest.file);
  if (!read) return;  // it was read a moment ago
  const auto& facts = *read;
  const auto line = [](std::string_view what, const std::string& text) {
    fmt::print("  {:<9} {}\n", what, text);
  };
  const auto kind = manifest.kind == Kind::embedding  ? "vectors of texts"
                    : manifest.kind == Kind::reranker ? "the relevance of documents"
                                                      : "answers";
  line("gives", fmt::format("{}; it is of the kind {}", kind, to_valid_utf8(facts.architecture)));
  line("weights", fmt::format("{:.2f} billion, most of them {}, in {}", manifest.parameters_total.high,
                              facts.weights.empty() ? "of an unknown form" : facts.weights,
                              facts.shards == 1 ? "one file" : fmt::format("{} files", facts.shards)));
  line("context", facts.context_tokens > 0 ? fmt::format("{} tokens of the {} that it was trained for",
                                                         manifest.context_tokens, facts.context_tokens)
                                           : fmt::format("{} tokens", manifest.context_tokens));
  line("can", fmt::format("{}{}", fmt::join(manifest.capabilities, ", "), manifest.vision ? ", vision" : ""));
  if (manifest.kind == Kind::chat && facts.chat_template.empty())
    line("template", "none: it goes on from texts; as a chat model it is asked in the form of ChatML");
  const auto needs = local::needed_memory_bytes(facts, manifest.context_tokens, 1) +
                     (manifest.vision ? manifest.vision->bytes : 0);
  line("memory", fmt::format("about {} with one answer at a time; {} are free here now", size_text(needs),
                             size_text(local::available_memory_bytes())));
  line("licence", manifest.licence.empty() ? "its file names none" : manifest.licence);
}

/// `args`: import FILE and options.
int import_file(const std::vector<std::string>& args, const std::string& folder) {
  ImportRequest request;
  request.file = args[1];
  const auto shard = gguf::parse_shard_name(request.file);
  request.id = id_from_name(
      std::filesystem::path(shard ? shard->before + shard->after : request.file).stem().string());
  std::string base;
  for (std::size_t at = 2; at < args.size(); at += 2) {
    if (args[at] == "--name")
      request.id = args[at + 1];
    else if (args[at] == "--base")
      base = args[at + 1];
    else if (args[at] == "--vision")
      request.vision = args[at + 1];
    else if (args[at] == "--pooling" && is_pooling(args[at + 1]))
      request.pooling = args[at + 1];
    else
      return wrong_usage();
  }
  // An adapter reads what its base reads, and answers.
  if (!base.empty() && (!request.vision.empty() || !request.pooling.empty())) return wrong_usage();
  const auto manifest =
      base.empty() ? import_model(request, folder) : import_adapter(request.file, request.id, base, folder);
  if (!manifest) return report(manifest.error());
  say(fmt::format("{} is installed as {} ({}).", manifest->name, called(*manifest),
                  size_text(bytes_of(*manifest))));
  if (base.empty()) print_model(*manifest);
  return 0;
}

}  // namespace

int model_command(const Config& config, const std::string& data_folder,
                  const std::vector<std::string>& args) {
  const std::string folder = data_folder + "/models";
  if (args.empty()) return wrong_usage();
  const std::string& what = args[0];
  if (what == "list") {
    const auto has = [&](std::string_view option) { return std::ranges::count(args, option) == 1; };
    if (args.size() != 1U + has("--json") + has("--available")) return wrong_usage();
    return list(config, folder, has("--available") ? Listed::available : Listed::all, has("--json"));
  }
  if (what == "pull" && args.size() == 2) return pull(folder, args[1], *tell_person(), report);
  if (what == "pull" && args.size() == 3 && args[2] == "--json")
    return pull(folder, args[1], *tell_program(), report_json);
  if (what == "machine" && args.size() == 1) {
    fmt::print("{}\n", to_json(this_machine()));
    return 0;
  }
  if (what == "import" && args.size() % 2 == 0) return import_file(args, folder);
  if (what == "keep" && (args.size() == 2 || (args.size() == 3 && args[2] == "--not"))) {
    const auto keep = args.size() == 2 ? Keep::loaded : Keep::while_called;
    if (const auto kept = keep_model(args[1], keep, folder); !kept) return report(kept.error());
    say(fmt::format("{} {}.", args[1],
                    keep == Keep::loaded ? "stays loaded" : "is unloaded when nobody calls it"));
    return 0;
  }
  if (what == "remove" && args.size() == 2) {
    const auto removed = remove_model(args[1], folder);
    if (!removed) return report(removed.error());
    say(fmt::format("{} is removed.", args[1]));
    return 0;
  }
  if (what == "bench" && (args.size() == 2 || (args.size() == 3 && args[2] == "--json")))
    return bench(config, folder, args[1], args.size() == 3);
  return wrong_usage();
}

}  // namespace bastide::models
