// Placement: which layers of a model GPUs compute, how many sequences there is memory for, or that it does
// not fit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/catalogue/manifest.h"
#include "models/local/llama_engine.h"

namespace bastide::models::local {

/// A GPU, as its driver tells.
struct Device {
  std::string name;  // for people: "NVIDIA L4"
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  bool is_host_memory = false;  // what it holds is the machine's own memory
};

/// What is left for models.
struct Machine {
  std::uint64_t host_bytes = 0;
  std::vector<Device> devices;
};

/// Left to other programs and to what drivers take for themselves, on each GPU.
constexpr std::uint64_t device_margin_bytes = 512ULL << 20;

/// What a model would take.
struct Plan {
  int layers = 0;      // the output counts as one
  int gpu_layers = 0;  // of them, on GPUs; of a mixture of experts, perhaps without some of its experts
  bool is_whole_on_gpu = false;
  std::uint64_t host_bytes = 0;
  std::vector<std::uint64_t> device_bytes;  // in the order of Machine::devices
  std::shared_ptr<const Offload> offload;   // null: the processor computes all
};
using PlanFor = std::function<Result<Plan>(int slots)>;

struct Placement {
  int slots = 0;        // 0: it does not fit
  Plan plan;            // where it does not fit, of one sequence
  std::string where{};  // for people
};

/// The most sequences, `slots_max` or a half of it and so on, with which the plan fits. Those beyond the
/// first take a third of what is left at most, and do not push a model off the GPU that is whole on it with
/// one.
[[nodiscard]] Result<Placement> choose_placement(const Machine& machine, int slots_max,
                                                 const PlanFor& plan_for);

/// What this program computes on beside the processor: "CUDA", "Vulkan" or nothing.
[[nodiscard]] std::string_view gpu_backend();
/// The GPUs of this machine that llama.cpp was built for.
[[nodiscard]] std::vector<Device> gpus();
/// As many layers as fit onto the GPUs (`gpu_layers` -1), or so many, by what llama.cpp says that they take:
/// a few tenths of a second. None where not even one fits. Code::unavailable, load_failed.
[[nodiscard]] Result<Plan> plan_offload(const EngineOptions& options, int slots, int gpu_layers);
/// What the file that lets it see takes beside the model, images that are kept included; 0 where there is
/// none. Code::unavailable, load_failed.
[[nodiscard]] Result<std::uint64_t> vision_bytes(const EngineOptions& options);

[[nodiscard]] ModelKind engine_kind(Kind kind);

/// On the PCI bus ("0000:c1:00.0"), of the GPUs that compute; those that do not say it are left out.
[[nodiscard]] std::vector<std::string> gpu_addresses(const Plan& plan);

struct PlacementNeed {
  std::string name;  // of the model, for people
  EngineOptions engine;
  int gpu_layers = -1;           // -1: as many as fit
  std::uint64_t host_bytes = 0;  // that are available
};
/// Of an installed model with its own context, and of what this machine has left.
[[nodiscard]] PlacementNeed placement_need(const Manifest& manifest, int slots_max);
/// Measures the model on this machine and sets `slots`, `offload` and, where the model reads less,
/// `context_tokens` of the options. Takes up to some seconds
/// where there are GPUs. Code::unavailable, not_enough_memory, with what is needed and what is there.
[[nodiscard]] Result<Placement> place_model(PlacementNeed& need);

/// Whether there is room for a model that takes about so much, before any of it is there: `unknown` for 0.
enum class Room { fits, too_large, unknown };
[[nodiscard]] Room room_for(std::uint64_t bytes, const Machine& machine);

/// "NVIDIA L4: 20 of 33 layers", or "the processor".
[[nodiscard]] std::string place_text(const Plan& plan, std::span<const Device> devices);

}  // namespace bastide::models::local
