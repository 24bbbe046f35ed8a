#include "models/gguf/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bastide::models::gguf {
namespace {

constexpr std::uint64_t alignment = 32;
enum Type : std::uint32_t {
  t_i8 = 1,
  t_u32 = 4,
  t_i32 = 5,
  t_f32 = 6,
  t_bool = 7,
  t_string = 8,
  t_array = 9
};

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  out.append(text);
}

std::uint64_t padded(std::uint64_t size) { return (size + alignment - 1) / alignment * alignment; }

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Writer::Writer(std::string_view architecture) { text("general.architecture", architecture); }

void Writer::key(std::string_view name, std::uint32_t type) {
  put_text(entries_, name);
  put(entries_, type);
  ++entry_count_;
}

void Writer::text(std::string_view name, std::string_view value) {
  key(name, t_string);
  put_text(entries_, value);
}
void Writer::u32(std::string_view name, std::uint32_t value) {
  key(name, t_u32);
  put(entries_, value);
}
void Writer::f32(std::string_view name, float value) {
  key(name, t_f32);
  put(entries_, value);
}
void Writer::boolean(std::string_view name, bool value) {
  key(name, t_bool);
  put(entries_, static_cast<std::uint8_t>(value ? 1 : 0));
}
void Writer::texts(std::string_view name, std::span<const std::string_view> values) {
  key(name, t_array);
  put(entries_, std::uint32_t{t_string});
  put(entries_, static_cast<std::uint64_t>(values.size()));
  for (const auto value : values) put_text(entries_, value);
}
void Writer::f32s(std::string_view name, std::span<const float> values) {
  key(name, t_array);
  put(entries_, std::uint32_t{t_f32});
  put(entries_, static_cast<std::uint64_t>(values.size()));
  for (const float value : values) put(entries_, value);
}
void Writer::i32s(std::string_view name, std::span<const std::int32_t> values) {
  key(name, t_array);
  put(entries_, std::uint32_t{t_i32});
  put(entries_, static_cast<std::uint64_t>(values.size()));
  for (const auto value : values) put(entries_, value);
}
void Writer::i8s(std::string_view name, std::string_view bytes) {
  key(name, t_array);
  put(entries_, std::uint32_t{t_i8});
  put_text(entries_, bytes);
}
void Writer::tensor(std::string_view name, TensorType type, std::vector<std::uint64_t> shape,
                    std::string_view data) {
  tensors_.push_back({std::string(name), type, std::move(shape), data});
}

Result<void> Writer::write(const std::string& path) const {
  std::string head = "GGUF";
  put(head, std::uint32_t{3});
  put(head, static_cast<std::uint64_t>(tensors_.size()));
  put(head, entry_count_);
  head += entries_;
  std::uint64_t offset = 0;
  for (const auto& tensor : tensors_) {
    put_text(head, tensor.name);
    put(head, static_cast<std::uint32_t>(tensor.shape.size()));
    for (const auto size : tensor.shape) put(head, size);
    put(head, static_cast<std::uint32_t>(tensor.type));
    put(head, offset);
    offset += padded(tensor.data.size());
  }
  head.resize(padded(head.size()), '\0');

  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const std::string zeros(alignment, '\0');
  bool ok = fd >= 0 && write_all(fd, head);
  for (const auto& tensor : tensors_)
    ok = ok && write_all(fd, tensor.data) &&
         write_all(fd, std::string_view(zeros).substr(0, padded(tensor.data.size()) - tensor.data.size()));
  ok = ok && ::fsync(fd) == 0;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (ok) return {};
  ::unlink(path.c_str());
  if (why == ENOSPC) return fail(Code::storage_full, "The disk is full.", "storage_full", "Free some space.");
  return fail(Code::unavailable, fmt::format("{} cannot be written: {}.", path, std::strerror(why)));
}

}  // namespace bastide::models::gguf
