// Adapters on top of the model: loaded when a call first wants them, the least recently used dropped first.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "models/local/llama_impl.h"

namespace bastide::models::local {
namespace {

constexpr std::size_t adapters_a_call_max = 8;

std::unexpected<Error> not_usable(const std::string& name) {
  return fail(Code::unavailable, fmt::format("The adapter {} cannot be used with this model.", name),
              "adapter_failed", "Import it again: bastide model import FILE --base NAME");
}

}  // namespace

Result<std::vector<AdapterUse>> read_adapters(const nlohmann::json& body) {
  std::vector<AdapterUse> out;
  const auto caller = body.find("bastide");
  if (caller == body.end() || !caller->is_object() || !caller->contains("adapters")) return out;
  for (const auto& each : caller->at("adapters")) {
    AdapterUse use;
    use.name = each.at("name").get<std::string>();
    use.file = each.at("file").get<std::string>();
    use.key = each.at("key").get<std::string>();
    use.scale = each.value("scale", 1.0F);
    out.push_back(std::move(use));
  }
  if (out.size() > adapters_a_call_max)
    return fail(Code::invalid, fmt::format("A call takes at most {} adapters.", adapters_a_call_max),
                "bad_request");
  return out;
}

std::string key_of(std::span<const AdapterUse> adapters) {
  std::string out;
  for (const auto& each : adapters) out += fmt::format("{}*{} ", each.key, each.scale);
  return out;
}

Result<std::shared_ptr<llama_adapter_lora>> AdapterShelf::take(llama_model* model, const AdapterUse& wanted) {
  const auto found = std::ranges::find(loaded_, wanted.key, &Loaded::key);
  if (found != loaded_.end()) {
    std::rotate(found, found + 1, loaded_.end());  // the last is the one used last
    return loaded_.back().adapter;
  }
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(wanted.file, failed);
  if (failed) return not_usable(wanted.name);
  make_room(bytes);
  std::shared_ptr<llama_adapter_lora> adapter(llama_adapter_lora_init(model, wanted.file.c_str()),
                                              [](llama_adapter_lora* gone) {
                                                if (gone) llama_adapter_lora_free(gone);
                                              });
  if (!adapter) return not_usable(wanted.name);
  loaded_.push_back({wanted.key, bytes, adapter});
  return adapter;
}

void AdapterShelf::make_room(std::uint64_t bytes) {
  std::uint64_t held = bytes;
  for (const auto& each : loaded_) held += each.bytes;
  while (!loaded_.empty() && (held > bytes_max || loaded_.size() >= count_max)) {
    held -= loaded_.front().bytes;
    loaded_.erase(loaded_.begin());
  }
}

Result<void> Engine::use_adapters_of(const Generation& call) try {
  const auto& wanted = call.impl_->adapters;
  const auto& key = call.impl_->scope.adapters;
  if (key == impl_->adapters_in_use) return {};
  std::vector<std::shared_ptr<llama_adapter_lora>> held;
  std::vector<llama_adapter_lora*> adapters;
  std::vector<float> scales;
  for (const auto& each : wanted) {
    auto adapter = impl_->shelf.take(impl_->model.get(), each);
    if (!adapter) return pass(adapter);
    adapters.push_back(adapter->get());
    scales.push_back(each.scale);
    held.push_back(std::move(*adapter));
  }
  llama_set_adapters_lora(impl_->context.get(), adapters.data(), adapters.size(), scales.data());
  impl_->held_adapters = std::move(held);  // those before are let go only now
  impl_->adapters_in_use = key;
  return {};
} catch (const std::exception&) {
  return not_usable(call.impl_->adapters.empty() ? "" : call.impl_->adapters.front().name);
}

}  // namespace bastide::models::local
