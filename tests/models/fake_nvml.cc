// A library with NVML's functions: one GPU at 0000:C1:00.0 whose counter goes on by 500 mJ each time that it
// is read.
#include <cstring>

namespace {
int begun = 0;
unsigned long long used_mj = 1'000'000;
}  // namespace

extern "C" {

int nvmlInit_v2() {
  ++begun;
  return 0;
}
int nvmlShutdown() {
  --begun;
  return 0;
}
int nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** device) {
  if (begun <= 0 || std::strcmp(address, "0000:c1:00.0") != 0) return 6;  // not found
  *device = &used_mj;
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* mj) {
  if (begun <= 0 || device != &used_mj) return 2;  // invalid argument
  used_mj += 500;
  *mj = used_mj;
  return 0;
}
}
