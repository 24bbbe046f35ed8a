#include "models/convert/e5.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "models/convert/charsmap.h"
#include "models/gguf/writer.h"

namespace bastide::models::convert {
namespace {

constexpr std::int32_t layers_max = 256;
constexpr std::int32_t tokens_max = 1'000'000;

std::unexpected<Error> damaged() {
  return fail(Code::corrupt, "The embedding model's file is damaged.", "damaged", "Fetch it again.");
}

/// A file mapped for reading.
class Mapped {
 public:
  static std::optional<Mapped> open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    struct stat info{};
    void* bytes = MAP_FAILED;
    if (::fstat(fd, &info) == 0 && info.st_size > 0)
      bytes = ::mmap(nullptr, static_cast<std::size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    ::close(fd);
    if (bytes == MAP_FAILED) return std::nullopt;
    return Mapped(static_cast<const char*>(bytes), static_cast<std::size_t>(info.st_size));
  }
  Mapped(Mapped&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  Mapped& operator=(Mapped&&) = delete;
  ~Mapped() {
    if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
  }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }

 private:
  Mapped(const char* bytes, std::size_t size) : bytes_(bytes, size) {}
  std::string_view bytes_;
};

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  T number() {
    T value{};
    const auto bytes = take(sizeof(T));
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  std::string_view take(std::uint64_t size) {
    if (!ok || size > bytes_.size() - at_) {
      ok = false;
      return {};
    }
    const auto out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }
  bool ok = true;

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

struct Shape {
  std::int32_t hidden = 0, layers = 0, heads = 0, inner = 0, vocabulary = 0, positions = 0, types = 0;
  float epsilon = 0;
};

struct Tokenizer {
  std::vector<std::string_view> pieces;
  std::vector<float> scores;
  std::int32_t bos = 0, eos = 0, pad = 0, unknown = 0;
  Replacements replacements;
};

struct E5 {
  Shape shape;
  Tokenizer tokenizer;
  std::map<std::string_view, std::string_view> tensors;
};

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

bool is_character(std::uint32_t code) {
  return code > 0 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
}

bool read_replacements(Cursor& cursor, Replacements& out) {
  const auto count = cursor.number<std::uint32_t>();
  Cursor maps(cursor.take(cursor.number<std::uint32_t>()));
  for (std::uint32_t i = 0; i < count && maps.ok; ++i) {
    const auto code = maps.number<std::uint32_t>();
    const auto size = maps.number<std::uint8_t>();
    std::string from;
    std::string to;
    for (int n = 0; n < size; ++n) {
      const auto into = maps.number<std::uint32_t>();
      if (!is_character(into)) return false;
      append_utf8(to, into);
    }
    if (!is_character(code)) continue;
    append_utf8(from, code);
    out.insert_or_assign(std::move(from), std::move(to));
  }
  return cursor.ok && maps.ok;
}

bool read_tokenizer(Cursor& cursor, Tokenizer& out) {
  const auto count = cursor.number<std::int32_t>();
  out.bos = cursor.number<std::int32_t>();
  out.eos = cursor.number<std::int32_t>();
  out.pad = cursor.number<std::int32_t>();
  out.unknown = cursor.number<std::int32_t>();
  const auto blob_bytes = cursor.number<std::uint64_t>();
  if (!cursor.ok || count <= 0 || count > tokens_max) return false;
  const auto tokens = static_cast<std::size_t>(count);
  const auto offsets = cursor.take(4 * (tokens + 1));
  const auto scores = cursor.take(4 * tokens);
  const auto blob = cursor.take(blob_bytes);
  if (!cursor.ok) return false;
  std::vector<std::uint32_t> at(tokens + 1);
  std::memcpy(at.data(), offsets.data(), offsets.size());
  out.scores.resize(tokens);
  std::memcpy(out.scores.data(), scores.data(), scores.size());
  for (std::size_t i = 0; i < tokens; ++i) {
    if (at[i] > at[i + 1] || at[i + 1] > blob.size()) return false;
    out.pieces.push_back(blob.substr(at[i], at[i + 1] - at[i]));
  }
  return read_replacements(cursor, out.replacements);
}

Result<E5> read_e5(std::string_view bytes) {
  E5 out;
  Cursor cursor(bytes);
  if (cursor.take(4) != "E5S1")
    return fail(Code::corrupt, "This is not the embedding model's file.", "not_e5", "Fetch it again.");
  cursor.number<std::uint32_t>();  // version
  auto& shape = out.shape;
  for (auto* field : {&shape.hidden, &shape.layers, &shape.heads, &shape.inner, &shape.vocabulary,
                      &shape.positions, &shape.types})
    *field = cursor.number<std::int32_t>();
  shape.epsilon = cursor.number<float>();
  cursor.number<std::int32_t>();  // the block's elements: 32
  const bool sane = cursor.ok && shape.layers > 0 && shape.layers <= layers_max && shape.hidden > 0 &&
                    shape.hidden % 32 == 0 && shape.hidden <= 65'536 && shape.inner > 0 &&
                    shape.inner % 32 == 0 && shape.inner <= 1 << 20 && shape.vocabulary > 0 &&
                    shape.vocabulary <= tokens_max && shape.positions > 0 && shape.positions <= 1 << 20 &&
                    shape.types > 0 && shape.types <= 1024;
  if (!sane || !read_tokenizer(cursor, out.tokenizer)) return damaged();
  if (out.tokenizer.pieces.size() > static_cast<std::size_t>(shape.vocabulary)) return damaged();

  const auto count = cursor.number<std::int32_t>();
  for (std::int32_t i = 0; i < count && cursor.ok; ++i) {
    const auto name = cursor.take(cursor.number<std::uint16_t>());
    cursor.number<std::uint8_t>();
    cursor.number<std::uint32_t>();
    const auto offset = cursor.number<std::uint64_t>();
    const auto size = cursor.number<std::uint64_t>();
    if (offset > bytes.size() || size > bytes.size() - offset) return damaged();
    out.tensors[name] = bytes.substr(offset, size);
  }
  if (!cursor.ok) return damaged();
  return out;
}

void put_head(gguf::Writer& file, const E5& e5) {
  const auto& shape = e5.shape;
  const auto u32 = [](std::int32_t n) { return static_cast<std::uint32_t>(n); };
  file.text("general.name", "multilingual-e5-small");
  file.text("general.license", "mit");
  file.u32("bert.context_length", u32(shape.positions));
  file.u32("bert.embedding_length", u32(shape.hidden));
  file.u32("bert.block_count", u32(shape.layers));
  file.u32("bert.feed_forward_length", u32(shape.inner));
  file.u32("bert.attention.head_count", u32(shape.heads));
  file.f32("bert.attention.layer_norm_epsilon", shape.epsilon);
  file.boolean("bert.attention.causal", false);
  file.u32("bert.pooling_type", 1);  // mean
  file.u32("general.file_type", 2);  // mostly Q4_0
}

void put_tokenizer(gguf::Writer& file, const E5& e5) {
  const auto& tokenizer = e5.tokenizer;
  enum Kind : std::int32_t { normal = 1, unknown = 2, control = 3, unused = 5 };
  std::vector<std::string> padding;
  for (auto i = static_cast<std::int32_t>(tokenizer.pieces.size()); i < e5.shape.vocabulary; ++i)
    padding.push_back(fmt::format("[PAD{}]", i));
  std::vector<std::string_view> pieces = tokenizer.pieces;
  pieces.insert(pieces.end(), padding.begin(), padding.end());
  std::vector<float> scores = tokenizer.scores;
  scores.resize(pieces.size(), -10000.0F);
  std::vector<std::int32_t> kinds(pieces.size(), unused);
  std::optional<std::uint32_t> mask;
  for (std::size_t i = 0; i < tokenizer.pieces.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    const bool is_mask = tokenizer.pieces[i] == "<mask>";
    const bool is_control = id == tokenizer.bos || id == tokenizer.eos || id == tokenizer.pad || is_mask;
    kinds[i] = is_control ? control : id == tokenizer.unknown ? unknown : normal;
    if (is_mask && !mask) mask = static_cast<std::uint32_t>(i);
  }
  auto replacements = tokenizer.replacements;
  add_compositions(replacements);

  const auto u32 = [](std::int32_t n) { return static_cast<std::uint32_t>(n); };
  file.text("tokenizer.ggml.model", "t5");
  file.text("tokenizer.ggml.pre", "default");
  file.texts("tokenizer.ggml.tokens", pieces);
  file.f32s("tokenizer.ggml.scores", scores);
  file.i32s("tokenizer.ggml.token_type", kinds);
  file.u32("tokenizer.ggml.token_type_count", u32(e5.shape.types));
  file.boolean("tokenizer.ggml.add_space_prefix", true);
  file.boolean("tokenizer.ggml.remove_extra_whitespaces", true);
  file.i8s("tokenizer.ggml.precompiled_charsmap", build_charsmap(replacements));
  file.u32("tokenizer.ggml.bos_token_id", u32(tokenizer.bos));
  file.u32("tokenizer.ggml.eos_token_id", u32(tokenizer.eos));
  file.u32("tokenizer.ggml.seperator_token_id", u32(tokenizer.eos));  // the format spells it so
  file.u32("tokenizer.ggml.padding_token_id", u32(tokenizer.pad));
  file.u32("tokenizer.ggml.unknown_token_id", u32(tokenizer.unknown));
  if (mask) file.u32("tokenizer.ggml.mask_token_id", *mask);
  file.boolean("tokenizer.ggml.add_bos_token", true);
  file.boolean("tokenizer.ggml.add_eos_token", true);
}

bool put_tensors(gguf::Writer& file, const E5& e5) {
  bool ok = true;
  const auto find = [&](const std::string& key, std::uint64_t bytes) {
    const auto found = e5.tensors.find(key);
    if (found == e5.tensors.end() || found->second.size() != bytes) {
      ok = false;
      return std::string_view();
    }
    return found->second;
  };
  const auto matrix = [&](const std::string& name, const std::string& key, std::int32_t rows,
                          std::int32_t columns) {
    const auto r = static_cast<std::uint64_t>(rows);
    const auto c = static_cast<std::uint64_t>(columns);
    file.tensor(name, gguf::TensorType::q4_0, {c, r}, find(key, r * c / 32 * 18));
  };
  const auto vector = [&](const std::string& name, const std::string& key, std::int32_t columns,
                          std::int32_t rows = 0) {
    const auto c = static_cast<std::uint64_t>(columns);
    const auto r = static_cast<std::uint64_t>(rows ? rows : 1);
    auto shape = rows ? std::vector<std::uint64_t>{c, r} : std::vector<std::uint64_t>{c};
    file.tensor(name, gguf::TensorType::f32, std::move(shape), find(key, r * c * 4));
  };
  const auto& shape = e5.shape;
  matrix("token_embd.weight", "emb.word", shape.vocabulary, shape.hidden);
  vector("position_embd.weight", "emb.pos", shape.hidden, shape.positions);
  vector("token_types.weight", "emb.type", shape.hidden, shape.types);
  vector("token_embd_norm.weight", "emb.ln.w", shape.hidden);
  vector("token_embd_norm.bias", "emb.ln.b", shape.hidden);
  struct Part {
    const char* name;
    const char* key;
    std::int32_t rows, columns;
  };
  const std::int32_t h = shape.hidden;
  const std::int32_t inner = shape.inner;
  for (std::int32_t layer = 0; layer < shape.layers; ++layer) {
    for (const auto& part : {Part{"attn_q", "q", h, h}, Part{"attn_k", "k", h, h}, Part{"attn_v", "v", h, h},
                             Part{"attn_output", "ao", h, h}, Part{"ffn_up", "fi", inner, h},
                             Part{"ffn_down", "fo", h, inner}}) {
      matrix(fmt::format("blk.{}.{}.weight", layer, part.name), fmt::format("l{}.{}.w", layer, part.key),
             part.rows, part.columns);
      vector(fmt::format("blk.{}.{}.bias", layer, part.name), fmt::format("l{}.{}.b", layer, part.key),
             part.rows);
    }
    for (const auto& part : {Part{"attn_output_norm", "aln", h, 0}, Part{"layer_output_norm", "oln", h, 0}}) {
      vector(fmt::format("blk.{}.{}.weight", layer, part.name), fmt::format("l{}.{}.w", layer, part.key), h);
      vector(fmt::format("blk.{}.{}.bias", layer, part.name), fmt::format("l{}.{}.b", layer, part.key), h);
    }
  }
  return ok;
}

}  // namespace

Result<void> e5_to_gguf(const std::string& from, const std::string& to) {
  const auto mapped = Mapped::open(from);
  if (!mapped)
    return fail(Code::not_found, "The embedding model's file cannot be read.", "missing", "Fetch it again.");
  const auto e5 = read_e5(mapped->bytes());
  if (!e5) return std::unexpected(e5.error());
  gguf::Writer file("bert");
  put_head(file, *e5);
  put_tokenizer(file, *e5);
  if (!put_tensors(file, *e5)) return damaged();
  const std::string part = to + ".part";
  if (auto written = file.write(part); !written) return written;
  if (::rename(part.c_str(), to.c_str()) != 0) {
    ::unlink(part.c_str());
    return fail(Code::unavailable, fmt::format("{} cannot be written.", to));
  }
  return {};
}

}  // namespace bastide::models::convert
