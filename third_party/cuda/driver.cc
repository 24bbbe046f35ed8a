// The functions of NVIDIA's driver library that llama.cpp calls, found when they are called: a program that
// links the library itself does not start on a machine without the driver. There llama.cpp finds no device,
// and calls none of them.
#include <cuda.h>
#include <dlfcn.h>

namespace {

/// Calls `name` of the driver. Thread-safe.
template <class... Values>
CUresult call_driver(const char* name, Values... values) {
  static void* const driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  void* const function = driver ? dlsym(driver, name) : nullptr;
  if (!function) return CUDA_ERROR_NOT_INITIALIZED;
  return reinterpret_cast<CUresult(CUDAAPI*)(Values...)>(function)(values...);
}

}  // namespace

extern "C" {

CUresult CUDAAPI cuGetErrorString(CUresult error, const char** text) {
  const auto result = call_driver("cuGetErrorString", error, text);
  if (result != CUDA_SUCCESS) *text = "the driver's library libcuda.so.1 cannot be used";
  return result;
}
CUresult CUDAAPI cuDeviceGet(CUdevice* device, int ordinal) {
  return call_driver("cuDeviceGet", device, ordinal);
}
CUresult CUDAAPI cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
  return call_driver("cuDeviceGetAttribute", value, attribute, device);
}
CUresult CUDAAPI cuMemGetAllocationGranularity(size_t* bytes, const CUmemAllocationProp* properties,
                                               CUmemAllocationGranularity_flags option) {
  return call_driver("cuMemGetAllocationGranularity", bytes, properties, option);
}
CUresult CUDAAPI cuMemAddressReserve(CUdeviceptr* address, size_t bytes, size_t alignment, CUdeviceptr wish,
                                     unsigned long long flags) {
  return call_driver("cuMemAddressReserve", address, bytes, alignment, wish, flags);
}
CUresult CUDAAPI cuMemAddressFree(CUdeviceptr address, size_t bytes) {
  return call_driver("cuMemAddressFree", address, bytes);
}
CUresult CUDAAPI cuMemCreate(CUmemGenericAllocationHandle* handle, size_t bytes,
                             const CUmemAllocationProp* properties, unsigned long long flags) {
  return call_driver("cuMemCreate", handle, bytes, properties, flags);
}
CUresult CUDAAPI cuMemRelease(CUmemGenericAllocationHandle handle) {
  return call_driver("cuMemRelease", handle);
}
CUresult CUDAAPI cuMemMap(CUdeviceptr address, size_t bytes, size_t offset,
                          CUmemGenericAllocationHandle handle, unsigned long long flags) {
  return call_driver("cuMemMap", address, bytes, offset, handle, flags);
}
CUresult CUDAAPI cuMemUnmap(CUdeviceptr address, size_t bytes) {
  return call_driver("cuMemUnmap", address, bytes);
}
CUresult CUDAAPI cuMemSetAccess(CUdeviceptr address, size_t bytes, const CUmemAccessDesc* access,
                                size_t count) {
  return call_driver("cuMemSetAccess", address, bytes, access, count);
}
}
