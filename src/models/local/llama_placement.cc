// What llama.cpp says of GPUs, and of what a model would take on them.
#include <fit.h>
#include <ggml-backend.h>

#include <algorithm>
#include <limits>

#include "models/local/llama_impl.h"
#include "models/local/placement.h"

namespace bastide::models::local {
namespace {

constexpr std::uint32_t context_as_it_is = std::numeric_limits<std::uint32_t>::max();

/// As llama.cpp chooses by itself: GPUs of the processor's own chip only where there is no other.
std::vector<ggml_backend_dev_t> find_gpus() {
  std::vector<ggml_backend_dev_t> out;
  for (const auto type : {GGML_BACKEND_DEVICE_TYPE_GPU, GGML_BACKEND_DEVICE_TYPE_IGPU}) {
    for (std::size_t each = 0; each < ggml_backend_dev_count(); ++each)
      if (auto* device = ggml_backend_dev_get(each); ggml_backend_dev_type(device) == type)
        out.push_back(device);
    if (!out.empty()) break;
  }
  return out;
}

void start_llama() {
  silence_llama();
  llama_backend_init();
}

/// What llama.cpp chose, out of the parameters that it wrote to.
void keep_chosen(const llama_model_params& chosen, Offload& out) {
  out.gpu_layers = chosen.n_gpu_layers;
  if (!chosen.tensor_split) out.split.clear();
  const auto end = std::ranges::find(out.overrides, nullptr, &llama_model_tensor_buft_override::pattern);
  out.overrides.erase(end, out.overrides.end());
  if (!out.overrides.empty()) out.overrides.push_back({nullptr, nullptr});
}

}  // namespace

std::string_view gpu_backend() { return BASTIDE_GPU_BACKEND; }

std::vector<Device> gpus() {
  start_llama();
  std::vector<Device> out;
  for (auto* device : find_gpus()) {
    std::size_t free = 0, total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    out.push_back({ggml_backend_dev_description(device), free, total,
                   ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_IGPU});
  }
  return out;
}

std::vector<std::string> gpu_addresses(const Plan& plan) {
  std::vector<std::string> out;
  if (!plan.offload) return out;
  for (auto* device : plan.offload->devices) {
    if (!device) break;
    ggml_backend_dev_props props{};
    ggml_backend_dev_get_props(device, &props);
    if (props.device_id) out.emplace_back(props.device_id);
  }
  return out;
}

Result<Plan> plan_offload(const EngineOptions& options, int slots, int gpu_layers) try {
  start_llama();
  auto offload = std::make_shared<Offload>();
  offload->devices = find_gpus();
  offload->devices.push_back(nullptr);
  offload->gpu_layers = gpu_layers;
  EngineOptions measured = options;
  measured.offload = offload;
  auto model = model_params(measured);
  auto context = context_params(measured, options.context_tokens, slots);
  if (gpu_layers < 0) {
    offload->split.resize(llama_max_devices());
    offload->overrides.resize(llama_max_tensor_buft_overrides(), {nullptr, nullptr});
    std::vector<std::size_t> margins(llama_max_devices(), device_margin_bytes);
    const auto status = common_fit_params(options.file.c_str(), &model, &context, offload->split.data(),
                                          offload->overrides.data(), margins.data(), context_as_it_is,
                                          nullptr, GGML_LOG_LEVEL_ERROR);
    if (status != COMMON_PARAMS_FIT_STATUS_SUCCESS) return Plan{};
    keep_chosen(model, *offload);
    model = model_params(measured);
  }
  std::vector<ggml_backend_dev_t> devices;
  std::uint32_t layers = 0, trained = 0, experts = 0;
  const auto memory = common_get_device_memory_data(options.file.c_str(), &model, &context, devices, layers,
                                                    trained, experts, GGML_LOG_LEVEL_ERROR);
  const auto taken = [&](std::size_t each) {
    return std::uint64_t{memory[each].model} + memory[each].context + memory[each].compute;
  };
  Plan out;
  out.layers = static_cast<int>(layers) + 1;
  out.gpu_layers = offload->gpu_layers < 0 ? out.layers : std::min(offload->gpu_layers, out.layers);
  out.is_whole_on_gpu = out.gpu_layers == out.layers && offload->overrides.empty();
  out.host_bytes = taken(devices.size());
  for (std::size_t each = 0; each < devices.size(); ++each) out.device_bytes.push_back(taken(each));
  out.offload = std::move(offload);
  return out;
} catch (const std::exception&) {
  return load_failed(options.file);
}

}  // namespace bastide::models::local
