#include "models/gguf/reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>

#include "models/gguf/shards.h"

// The format: github.com/ggml-org/ggml, docs/gguf.md (version 3; 2 has the same layout).
namespace bastide::models::gguf {
namespace {

constexpr std::uint64_t entries_max = 1'000'000;
constexpr std::uint64_t head_max_bytes = 512ULL * 1024 * 1024;
constexpr int array_depth_max = 4;
constexpr std::size_t template_max_bytes = 1 << 20;  // the longest known is a thirtieth of it

std::unexpected<Error> damaged() {
  return fail(Code::corrupt, "This model file is damaged.", "damaged", "Fetch it again.");
}

/// Reads forward and remembers that it ran out, so that callers check once.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  std::string_view take(std::uint64_t size) {
    if (!ok_ || size > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    const auto out = bytes_.substr(at_, size);
    at_ += size;
    return out;
  }
  template <class T>
  T number() {
    T value{};
    const auto bytes = take(sizeof(T));
    if (bytes.size() == sizeof(T)) std::ranges::copy(bytes, reinterpret_cast<char*>(&value));
    return value;
  }
  std::string_view text() { return take(number<std::uint64_t>()); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// A value as the largest integer in it, or a text; others are skipped.
struct Value {
  std::int64_t number = 0;
  std::string_view text;
  std::uint64_t count = 1;
  bool marks_gaps = false;  // a vocabulary with a token for what stands before a gap
};

/// By which llama.cpp tells such a token (llama-vocab.cpp); others are named by a key.
bool marks_gap(std::string_view token) {
  static constexpr std::array<std::string_view, 8> known{"<|fim_prefix|>",  "<fim-prefix>", "<fim_prefix>",
                                                         "<｜fim▁begin｜>", "<PRE>",        "▁<PRE>",
                                                         "<|code_prefix|>", "<|prefix|>"};
  return std::ranges::find(known, token) != known.end();
}

enum Type : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

std::uint64_t width(std::uint32_t type) {
  switch (type) {
    case u8:
    case i8:
    case boolean:
      return 1;
    case u16:
    case i16:
      return 2;
    case u32:
    case i32:
    case f32:
      return 4;
    case u64:
    case i64:
    case f64:
      return 8;
    default:
      return 0;
  }
}

std::int64_t integer(Cursor& cursor, std::uint32_t type) {
  switch (type) {
    case u8:
    case boolean:
      return cursor.number<std::uint8_t>();
    case i8:
      return cursor.number<std::int8_t>();
    case u16:
      return cursor.number<std::uint16_t>();
    case i16:
      return cursor.number<std::int16_t>();
    case u32:
      return cursor.number<std::uint32_t>();
    case i32:
      return cursor.number<std::int32_t>();
    case u64:
      return static_cast<std::int64_t>(cursor.number<std::uint64_t>());
    case i64:
      return cursor.number<std::int64_t>();
    default:
      cursor.take(width(type));
      return 0;
  }
}

bool read_value(Cursor& cursor, std::uint32_t type, Value& out, int depth = 0) {
  if (type == string) {
    out.text = cursor.text();
    return cursor.ok();
  }
  if (type != array) {
    if (width(type) == 0) return false;
    out.number = integer(cursor, type);
    return cursor.ok();
  }
  if (depth >= array_depth_max) return false;
  const auto inner = cursor.number<std::uint32_t>();
  out.count = cursor.number<std::uint64_t>();
  if (!cursor.ok()) return false;
  if (inner != string && inner != array) {
    // Short lists are per-layer numbers; long ones are vocabularies, which nobody here needs.
    if (width(inner) == 0 || out.count > head_max_bytes) return false;
    if (out.count > 4096) {
      cursor.take(out.count * width(inner));
      return cursor.ok();
    }
    for (std::uint64_t i = 0; i < out.count && cursor.ok(); ++i)
      out.number = std::max(out.number, integer(cursor, inner));
    return cursor.ok();
  }
  for (std::uint64_t i = 0; i < out.count; ++i) {
    Value item;
    if (!read_value(cursor, inner, item, depth + 1)) return false;
    out.marks_gaps = out.marks_gaps || marks_gap(item.text);
  }
  return true;
}

/// Elements, bytes and name of one block, by tensor type. Source: ggml.c, type_traits; ggml.h.
struct Block {
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
  std::string_view name{};
};
Block block_of(std::uint32_t type) {
  static constexpr std::array<Block, 43> blocks{
      {{1, 4, "F32"},        {1, 2, "F16"},       {32, 18, "Q4_0"},     {32, 20, "Q4_1"},
       {0, 0, ""},           {0, 0, ""},          {32, 22, "Q5_0"},     {32, 24, "Q5_1"},
       {32, 34, "Q8_0"},     {32, 36, "Q8_1"},    {256, 84, "Q2_K"},    {256, 110, "Q3_K"},
       {256, 144, "Q4_K"},   {256, 176, "Q5_K"},  {256, 210, "Q6_K"},   {256, 292, "Q8_K"},
       {256, 66, "IQ2_XXS"}, {256, 74, "IQ2_XS"}, {256, 98, "IQ3_XXS"}, {256, 50, "IQ1_S"},
       {32, 18, "IQ4_NL"},   {256, 110, "IQ3_S"}, {256, 82, "IQ2_S"},   {256, 136, "IQ4_XS"},
       {1, 1, "I8"},         {1, 2, "I16"},       {1, 4, "I32"},        {1, 8, "I64"},
       {1, 8, "F64"},        {256, 56, "IQ1_M"},  {1, 2, "BF16"},       {0, 0, ""},
       {0, 0, ""},           {0, 0, ""},          {256, 54, "TQ1_0"},   {256, 66, "TQ2_0"},
       {0, 0, ""},           {0, 0, ""},          {0, 0, ""},           {32, 17, "MXFP4"},
       {64, 36, "NVFP4"},    {128, 18, "Q1_0"},   {64, 18, "Q2_0"}}};
  return type < blocks.size() ? blocks[type] : Block{};
}

/// For people: a file's words must not move a terminal's cursor.
std::string shown(std::string_view text, std::size_t bytes_max) {
  std::string out(text.substr(0, bytes_max));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return out;
}

void note(FileFacts& facts, std::string_view key, const Value& value) {
  if (key == "general.architecture") {
    facts.architecture = shown(value.text, 64);
    facts.is_projector = facts.architecture == "clip";
  }
  if (key == "clip.has_vision_encoder") facts.has_vision = value.number != 0;
  if (key == "general.type") facts.is_adapter = value.text == "adapter";
  if (key == "general.name") facts.name = shown(value.text, 256);
  if (key == "general.license") facts.licence = shown(value.text, 64);
  if (key == "tokenizer.chat_template") facts.chat_template = value.text.substr(0, template_max_bytes);
  if (key == "split.no") facts.shard = value.number;
  if (key == "split.count" && value.number > 1) facts.shards = value.number;
  const bool names_mark = key == "tokenizer.ggml.fim_pre_token_id" || key == "tokenizer.ggml.prefix_token_id";
  if (names_mark || (key == "tokenizer.ggml.tokens" && value.marks_gaps)) facts.has_infill = true;
  const auto is = [&](std::string_view name) {
    return key.size() == facts.architecture.size() + 1 + name.size() && key.starts_with(facts.architecture) &&
           key.ends_with(name) && key[facts.architecture.size()] == '.';
  };
  if (is("context_length")) facts.context_tokens = value.number;
  if (is("block_count")) facts.layers = value.number;
  if (is("embedding_length")) facts.embedding = value.number;
  if (is("attention.head_count")) facts.heads = value.number;
  if (is("attention.head_count_kv")) facts.kv_heads = value.number;
  if (is("attention.key_length")) facts.key_length = value.number;
  if (is("attention.value_length")) facts.value_length = value.number;
  if (is("pooling_type")) {
    constexpr std::int64_t rank = 4;  // llama.h, LLAMA_POOLING_TYPE_RANK
    facts.has_pooling = value.number > 0;
    facts.ranks = value.number == rank;
  }
}

}  // namespace

std::uint64_t FileFacts::cache_bytes_per_token() const {
  const auto bounded = [](std::int64_t n) {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(n, 0, 1 << 20));
  };
  const std::uint64_t per_head = heads > 0 ? bounded(embedding / heads) : 0;
  const std::uint64_t key = key_length > 0 ? bounded(key_length) : per_head;
  const std::uint64_t value = value_length > 0 ? bounded(value_length) : per_head;
  return bounded(layers) * bounded(kv_heads > 0 ? kv_heads : heads) * (key + value) * 2;
}

Result<FileFacts> parse_facts(std::string_view head, std::uint64_t file_bytes) {
  FileFacts facts;
  facts.bytes = file_bytes;
  Cursor cursor(head);
  if (cursor.take(4) != "GGUF")
    return fail(Code::corrupt, "This is not a GGUF model file.", "not_gguf",
                "Bastide runs models in the GGUF format.");
  const auto version = cursor.number<std::uint32_t>();
  const auto tensors = cursor.number<std::uint64_t>();
  const auto entries = cursor.number<std::uint64_t>();
  if (!cursor.ok() || version < 2 || version > 3 || tensors > entries_max || entries > entries_max)
    return damaged();

  std::uint64_t alignment = 32;
  for (std::uint64_t i = 0; i < entries; ++i) {
    const auto key = cursor.text();
    const auto type = cursor.number<std::uint32_t>();
    Value value;
    if (!cursor.ok() || !read_value(cursor, type, value)) break;
    if (key == "general.alignment" && value.number > 0 && value.number <= 65'536)
      alignment = static_cast<std::uint64_t>(value.number);
    note(facts, key, value);
  }
  std::uint64_t data_bytes = 0;
  std::map<std::string_view, std::uint64_t> weights;  // by how they are stored
  for (std::uint64_t i = 0; i < tensors && cursor.ok(); ++i) {
    cursor.text();
    const auto dimensions = cursor.number<std::uint32_t>();
    if (dimensions > 8) return damaged();
    std::uint64_t elements = 1;
    for (std::uint32_t d = 0; d < dimensions; ++d)
      if (__builtin_mul_overflow(elements, cursor.number<std::uint64_t>(), &elements)) return damaged();
    const Block block = block_of(cursor.number<std::uint32_t>());
    const auto offset = cursor.number<std::uint64_t>();
    if (elements > (1ULL << 48) || offset > (1ULL << 48)) return damaged();
    facts.parameters += static_cast<std::int64_t>(elements);
    if (facts.parameters > (1LL << 56)) return damaged();
    weights[block.name] += elements;
    if (block.elements) data_bytes = std::max(data_bytes, offset + elements / block.elements * block.bytes);
  }
  const auto cut = [&] {
    return fail(Code::corrupt, "This model file was cut short: its end is missing.", "cut_short",
                "Fetch it again with `bastide model pull`, or copy it again.");
  };
  if (!cursor.ok()) {
    if (head.size() >= file_bytes) return cut();
    return damaged();
  }
  if (!weights.empty())
    facts.weights = std::ranges::max_element(weights, {}, &decltype(weights)::value_type::second)->first;
  const std::uint64_t data_at = (cursor.at() + alignment - 1) / alignment * alignment;
  facts.bytes_needed = data_at + data_bytes;
  if (facts.bytes_needed > file_bytes) return cut();
  return facts;
}

Result<FileFacts> read_facts(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Code::not_found, fmt::format("The model file {} cannot be read.", path), "missing");
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 4) {
    ::close(fd);
    return fail(Code::corrupt, "This is not a GGUF model file.", "not_gguf");
  }
  const auto bytes = static_cast<std::uint64_t>(info.st_size);
  const std::size_t head = static_cast<std::size_t>(std::min(bytes, head_max_bytes));
  void* map = ::mmap(nullptr, head, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (map == MAP_FAILED)
    return fail(Code::unavailable, fmt::format("The model file {} cannot be read.", path), "missing");
  auto facts = parse_facts(std::string_view(static_cast<const char*>(map), head), bytes);
  ::munmap(map, head);
  return facts;
}

Result<FileFacts> read_model_facts(const std::string& path) {
  auto facts = read_facts(path);
  if (!facts || (facts->shard == 0 && facts->shards == 1)) return facts;
  if (facts->shard != 0)
    return fail(Code::invalid, "This is not the first file of the model.", "not_first_shard",
                "Name the one that ends in -00001-of-... and leave the others beside it.");
  const auto files = shard_files(path);
  if (static_cast<std::int64_t>(files.size()) != facts->shards)
    return fail(
        Code::corrupt,
        fmt::format("The model has {} files, which the name of this one does not say.", facts->shards),
        "wrong_shard", "Give it the name that it was published with: NAME-00001-of-00003.gguf");
  for (std::size_t i = 1; i < files.size(); ++i) {
    const auto next = read_facts(files[i]);
    if (!next) return next;
    if (next->shard != static_cast<std::int64_t>(i) || next->shards != facts->shards)
      return fail(Code::corrupt, fmt::format("{} is not file {} of the model.", files[i], i + 1),
                  "wrong_shard", "Fetch the model again.");
    facts->parameters += next->parameters;
    facts->bytes += next->bytes;
    facts->bytes_needed += next->bytes_needed;
  }
  return facts;
}

}  // namespace bastide::models::gguf
