// host/boot:pid:start: tells a live process from a dead one whose number was given again.
#include <unistd.h>

#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

#include "base/id.h"
#include "base/text.h"
#include "knowledge/ingest/worker.h"

namespace bastide::knowledge::ingest {
namespace {

std::string read_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Containers may share a kernel but not process numbers: the host name and the PID namespace tell them
/// apart.
std::string machine() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  std::array<char, 64> space{};
  const auto length = ::readlink("/proc/self/ns/pid", space.data(), space.size());
  return std::string(name.data()) + '/' + read_line("/proc/sys/kernel/random/boot_id") + '/' +
         std::string(space.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
}

/// Clock ticks after boot when the process began (proc(5), field 22 of stat); empty when there is none.
std::string start_of(const std::string& pid) {
  const auto stat = read_line("/proc/" + pid + "/stat");
  const auto after_name = stat.rfind(')');
  if (after_name == std::string::npos) return {};
  const auto fields = split(std::string_view(stat).substr(after_name + 2), ' ');
  constexpr std::size_t start_field = 19;  // 22nd of the line, counted after the name
  if (fields.size() <= start_field || fields[0] == "Z" || fields[0] == "X") return {};
  return std::string(fields[start_field]);
}
}  // namespace

std::string process_owner() {
  const auto pid = std::to_string(::getpid());
  return machine() + '|' + pid + '|' + start_of(pid) + '|' + new_id("w");
}

bool is_dead_here(const std::string& owner) {
  const auto parts = split(owner, '|');
  if (parts.size() != 4 || parts[0] != machine()) return false;
  const auto start = start_of(std::string(parts[1]));
  return start != parts[2];
}

}  // namespace bastide::knowledge::ingest
