#include "models/local/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

namespace bastide::models::local {
namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
/// Buffers of a batch: logits of the vocabulary, attention scores. Measured 110 to 300 MB with the models of
/// the list.
constexpr std::uint64_t compute_bytes = 256ULL << 20;

std::uint64_t read_number(const std::string& path) {
  std::ifstream in(path);
  std::uint64_t value = 0;
  return in >> value ? value : unlimited;  // "max" is no limit
}

/// `name` of a "name value" file.
std::uint64_t read_field(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  std::string word;
  std::uint64_t value = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    if (fields >> word >> value && word == name) return value;
  }
  return unlimited;
}

std::uint64_t left_in_group(std::uint64_t limit, std::uint64_t used, std::uint64_t reclaimable) {
  if (limit == unlimited || used == unlimited) return unlimited;
  if (reclaimable != unlimited) used -= std::min(used, reclaimable);
  return limit > used ? limit - used : 0;
}

std::uint64_t group_bytes(const std::string& root) {
  std::ifstream groups(root + "proc/self/cgroup");
  std::uint64_t left = unlimited;
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    // In a container the path is of the host; the limit then stands at the mounted root. Walk up through
    // both.
    while (true) {
      if (controllers.empty()) {
        const std::string folder = root + "sys/fs/cgroup" + path + "/";
        left = std::min(
            left, left_in_group(read_number(folder + "memory.max"), read_number(folder + "memory.current"),
                                read_field(folder + "memory.stat", "inactive_file")));
      } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
        const std::string folder = root + "sys/fs/cgroup/memory" + path + "/";
        left = std::min(left, left_in_group(read_number(folder + "memory.limit_in_bytes"),
                                            read_number(folder + "memory.usage_in_bytes"),
                                            read_field(folder + "memory.stat", "total_inactive_file")));
      }
      if (path.empty() || path == "/") break;
      path.erase(path.rfind('/'));
    }
  }
  return left;
}

}  // namespace

std::uint64_t available_memory_bytes(const std::string& root) {
  const std::uint64_t kilobytes = read_field(root + "proc/meminfo", "MemAvailable:");
  const std::uint64_t machine = kilobytes == unlimited ? unlimited : kilobytes * 1024;
  return std::min(machine, group_bytes(root));
}

std::uint64_t needed_memory_bytes(const gguf::FileFacts& facts, std::int64_t context_tokens, int slots) {
  const std::uint64_t cache =
      facts.has_pooling ? 0
                        : facts.cache_bytes_per_token() *
                              static_cast<std::uint64_t>(std::max<std::int64_t>(context_tokens, 0)) *
                              static_cast<std::uint64_t>(slots);
  return facts.bytes + cache + compute_bytes;
}

}  // namespace bastide::models::local
