#include "models/local/energy.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>

namespace bastide::models::local {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t zones_max = 64;

std::string read_word(const fs::path& path) {
  std::ifstream in(path);
  std::string out;
  in >> out;
  return out;
}

/// Linux, Documentation/power/powercap/powercap.rst: microjoules that begin anew beyond a maximum.
class Rapl final : public EnergyCounter {
 public:
  /// A zone that can be read, or nothing.
  void add(const fs::path& zone) {
    const auto now = read_number(zone / "energy_uj");
    const auto most = read_number(zone / "max_energy_range_uj");
    if (now && most && *most > 0 && zones_.size() < zones_max) zones_.push_back({zone, *now, *most});
  }
  [[nodiscard]] bool empty() const { return zones_.empty(); }
  double joules() override {
    for (auto& zone : zones_) {
      const auto now = read_number(zone.path / "energy_uj");
      if (!now) continue;
      const std::uint64_t used = *now >= zone.last ? *now - zone.last : zone.most - zone.last + *now;
      joules_ += static_cast<double>(used) / 1e6;
      zone.last = *now;
    }
    return joules_;
  }
  [[nodiscard]] std::string name() const override { return "RAPL"; }

 private:
  struct Zone {
    fs::path path;
    std::uint64_t last = 0, most = 0;
  };
  static std::optional<std::uint64_t> read_number(const fs::path& path) {
    std::ifstream in(path);
    std::uint64_t value = 0;
    return in >> value ? std::optional(value) : std::nullopt;
  }
  std::vector<Zone> zones_;
  double joules_ = 0;
};

/// developer.nvidia.com, NVML API reference: the few functions that are called, all of which return 0 for
/// success.
class Nvml final : public EnergyCounter {
 public:
  explicit Nvml(const std::string& library) : library_(::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (!library_) return;
    find("nvmlInit_v2", init_);
    find("nvmlShutdown", shutdown_);
    find("nvmlDeviceGetHandleByPciBusId_v2", by_address_);
    find("nvmlDeviceGetTotalEnergyConsumption", energy_);
    is_there_ = init_ && shutdown_ && by_address_ && energy_ && init_() == 0;
  }
  ~Nvml() override {
    if (is_there_) shutdown_();
    if (library_) ::dlclose(library_);
  }
  Nvml(const Nvml&) = delete;
  Nvml& operator=(const Nvml&) = delete;

  void add(const std::string& address) {
    Device* device = nullptr;
    unsigned long long now = 0;
    if (is_there_ && by_address_(address.c_str(), &device) == 0 && energy_(device, &now) == 0)
      gpus_.push_back({device, now});
  }
  [[nodiscard]] bool empty() const { return gpus_.empty(); }
  double joules() override {
    for (auto& gpu : gpus_) {
      unsigned long long now = 0;
      if (energy_(gpu.device, &now) != 0) continue;
      // Counted since the driver was loaded: less is a driver that was loaded anew.
      if (now > gpu.last_mj) joules_ += static_cast<double>(now - gpu.last_mj) / 1e3;
      gpu.last_mj = now;
    }
    return joules_;
  }
  [[nodiscard]] std::string name() const override { return "NVML"; }

 private:
  struct Device;
  struct Gpu {
    Device* device = nullptr;
    unsigned long long last_mj = 0;
  };
  template <class Function>
  void find(const char* name, Function& into) {
    into = reinterpret_cast<Function>(::dlsym(library_, name));
  }
  void* library_;
  bool is_there_ = false;
  int (*init_)() = nullptr;
  int (*shutdown_)() = nullptr;
  int (*by_address_)(const char*, Device**) = nullptr;
  int (*energy_)(Device*, unsigned long long*) = nullptr;
  std::vector<Gpu> gpus_;
  double joules_ = 0;
};

}  // namespace

std::unique_ptr<EnergyCounter> rapl_counter(const std::string& folder) {
  auto out = std::make_unique<Rapl>();
  std::error_code ignored;
  for (fs::directory_iterator at(folder, ignored), end; at != end; at.increment(ignored)) {
    // "intel-rapl:0" is a package, "intel-rapl:0:1" a part of it: of those, memory is not counted with it.
    // AMD's processors have the same names.
    const auto name = at->path().filename().string();
    if (!name.starts_with("intel-rapl:")) continue;
    const auto what = read_word(at->path() / "name");
    if (what.starts_with("package") || what == "dram") out->add(at->path());
  }
  return out->empty() ? nullptr : std::move(out);
}

std::unique_ptr<EnergyCounter> nvml_counter(const std::vector<std::string>& addresses,
                                            const std::string& library) {
  if (addresses.empty()) return nullptr;
  auto out = std::make_unique<Nvml>(library);
  for (const auto& address : addresses)
    if (!address.empty()) out->add(address);
  return out->empty() ? nullptr : std::move(out);
}

EnergyShares::EnergyShares(std::vector<std::unique_ptr<EnergyCounter>> counters)
    : counters_(std::move(counters)) {
  std::erase(counters_, nullptr);
}

std::string EnergyShares::source() const {
  std::string out;
  for (const auto& counter : counters_) out += (out.empty() ? "" : " and ") + counter->name();
  return out;
}

double EnergyShares::joules() {
  double out = 0;
  for (const auto& counter : counters_) out += counter->joules();
  return out;
}

void EnergyShares::begin() {
  if (counters_.empty()) return;
  read_ = joules();
  read_at_ = Steady::now();
}

void EnergyShares::add(std::uint64_t call, std::size_t tokens) {
  if (!counters_.empty()) computed_[call] += tokens;
}

void EnergyShares::note(Steady::time_point now) {
  if (counters_.empty() || now - read_at_ < window) return;
  share_out();
  read_at_ = now;
}

void EnergyShares::share_out() {
  const double now = joules();
  std::size_t tokens = 0;
  for (const auto& [call, count] : computed_) tokens += count;
  if (tokens == 0) return;
  for (const auto& [call, count] : computed_)
    used_[call] += (now - read_) * static_cast<double>(count) / static_cast<double>(tokens);
  read_ = now;
  computed_.clear();
}

double EnergyShares::take(std::uint64_t call) {
  if (computed_.contains(call)) share_out();
  const auto found = used_.find(call);
  if (found == used_.end()) return 0;
  const double out = found->second;
  used_.erase(found);
  return out;
}

}  // namespace bastide::models::local
