#include "models/local/placement.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "models/local/memory.h"

namespace bastide::models::local {
namespace {

/// Slots beyond the first may take so much of what is available: other models and documents want some too.
constexpr std::uint64_t more_slots_part = 3;

std::uint64_t device_bytes(const Plan& plan) {
  return std::accumulate(plan.device_bytes.begin(), plan.device_bytes.end(), std::uint64_t{0});
}

std::uint64_t total_bytes(const Machine& machine) {
  std::uint64_t out = machine.host_bytes;
  for (const auto& device : machine.devices)
    if (!device.is_host_memory) out += device.free_bytes;
  return out;
}

bool fits(const Machine& machine, const Plan& plan) {
  std::uint64_t host = plan.host_bytes;
  for (std::size_t each = 0; each < plan.device_bytes.size(); ++each) {
    const auto& device = machine.devices.at(each);
    const std::uint64_t taken = plan.device_bytes[each];
    if (taken > 0 && taken + device_margin_bytes > device.free_bytes) return false;
    if (device.is_host_memory) host += taken;
  }
  return host <= machine.host_bytes;
}

Error too_large(const std::string& name, const Machine& machine, const Plan& plan) {
  constexpr std::string_view advice = "Choose a smaller model, or free some memory on the server.";
  std::vector<ErrorValue> values{
      {"model", name}, {"needs", ByteCount{plan.host_bytes}}, {"free", ByteCount{machine.host_bytes}}};
  if (machine.devices.empty())
    return error_with(std::move(values), Code::unavailable,
                      "The model {model} needs {needs} of memory; {free} are available.", "not_enough_memory",
                      advice);
  std::uint64_t free_bytes = 0;
  std::string names;
  for (const auto& device : machine.devices) {
    free_bytes += device.free_bytes;
    names += (names.empty() ? "" : " + ") + device.name;
  }
  values.insert(values.end(), {{"gpu_needs", ByteCount{device_bytes(plan)}},
                               {"gpu_free", ByteCount{free_bytes}},
                               {"gpus", std::move(names)}});
  return error_with(std::move(values), Code::unavailable,
                    "The model {model} needs {needs} of memory and {gpu_needs} on GPUs; {free} of memory and "
                    "{gpu_free} on {gpus} are available.",
                    "not_enough_memory", advice);
}

}  // namespace

Result<Placement> choose_placement(const Machine& machine, int slots_max, const PlanFor& plan_for) {
  auto one = plan_for(1);
  if (!one) return pass(one);
  if (!fits(machine, *one)) return Placement{0, std::move(*one)};
  const std::uint64_t more_max = total_bytes(machine) / more_slots_part;
  const std::uint64_t one_bytes = one->host_bytes + device_bytes(*one);
  for (int slots = slots_max; slots > 1; slots /= 2) {
    auto plan = plan_for(slots);
    if (!plan) return pass(plan);
    const bool is_modest = plan->host_bytes + device_bytes(*plan) <= one_bytes + more_max;
    const bool stays = plan->is_whole_on_gpu || !one->is_whole_on_gpu;
    if (is_modest && stays && fits(machine, *plan)) return Placement{slots, std::move(*plan)};
  }
  return Placement{1, std::move(*one)};
}

ModelKind engine_kind(Kind kind) {
  if (kind == Kind::embedding) return ModelKind::embedding;
  return kind == Kind::reranker ? ModelKind::reranker : ModelKind::chat;
}

PlacementNeed placement_need(const Manifest& manifest, int slots_max) {
  PlacementNeed out;
  out.name = manifest.name;
  out.gpu_layers = static_cast<int>(manifest.gpu_layers);
  out.host_bytes = available_memory_bytes();
  out.engine.file = manifest.file;
  if (manifest.vision) out.engine.vision_file = manifest.vision->file;
  out.engine.kind = engine_kind(manifest.kind);
  out.engine.pooling = manifest.pooling;
  out.engine.context_tokens = static_cast<int>(manifest.context_tokens);
  out.engine.slots = slots_max;
  return out;
}

Result<Placement> place_model(PlacementNeed& need) {
  auto facts = gguf::read_model_facts(need.engine.file);
  if (!facts) return pass(facts);
  if (facts->context_tokens > 0)
    need.engine.context_tokens =
        static_cast<int>(std::min<std::int64_t>(need.engine.context_tokens, facts->context_tokens));
  auto vision = vision_bytes(need.engine);
  if (!vision) return pass(vision);
  Machine machine{need.host_bytes, need.gpu_layers == 0 ? std::vector<Device>() : gpus()};
  // It goes beside the model, onto the first.
  if (!machine.devices.empty()) {
    auto& first = machine.devices.front();
    first.free_bytes -= std::min(first.free_bytes, *vision);
  }
  const auto on_processor = [&](int slots) {
    Plan plan;
    plan.layers = static_cast<int>(facts->layers) + 1;
    plan.host_bytes = needed_memory_bytes(*facts, need.engine.context_tokens, slots) + *vision;
    return plan;
  };
  const auto plan_for = [&](int slots) -> Result<Plan> {
    if (machine.devices.empty()) return on_processor(slots);
    auto plan = plan_offload(need.engine, slots, need.gpu_layers);
    return plan && plan->gpu_layers == 0 ? on_processor(slots) : std::move(plan);
  };
  auto placed = choose_placement(machine, need.engine.slots, plan_for);
  if (!placed) return placed;
  if (placed->slots == 0) return std::unexpected(too_large(need.name, machine, placed->plan));
  need.engine.slots = placed->slots;
  need.engine.offload = placed->plan.offload;
  placed->where = place_text(placed->plan, machine.devices);
  return placed;
}

Room room_for(std::uint64_t bytes, const Machine& machine) {
  if (bytes == 0) return Room::unknown;
  std::uint64_t left = machine.host_bytes;
  for (const auto& device : machine.devices)
    if (!device.is_host_memory && device.free_bytes > device_margin_bytes)
      left += device.free_bytes - device_margin_bytes;
  return bytes <= left ? Room::fits : Room::too_large;
}

std::string place_text(const Plan& plan, std::span<const Device> devices) {
  if (plan.gpu_layers == 0) return "the processor";
  std::string names;
  for (std::size_t each = 0; each < plan.device_bytes.size(); ++each)
    if (plan.device_bytes[each] > 0 && each < devices.size())
      names += (names.empty() ? "" : " + ") + devices[each].name;
  const bool lacks_experts = !plan.is_whole_on_gpu && plan.gpu_layers == plan.layers;
  return fmt::format("{}: {} of {} layers{}", names, plan.gpu_layers, plan.layers,
                     lacks_experts ? " without some experts" : "");
}

}  // namespace bastide::models::local
