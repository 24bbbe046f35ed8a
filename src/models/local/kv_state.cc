#include "models/local/kv_state.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace bastide::models::local {
namespace {

// A state: magic u32, sequence i32, then a section for each cache (two where some layers slide), each:
//   streams u32; for each stream: cells u32; where there are cells:
//     for each cell: position i32, sequences u32 (1), of some models more of where it stands (place_bytes),
//       sequence i32
//     transposed u32 (0 or 1), layers u32
//     for each layer: type of K i32, bytes of a row u64, a row for each cell
//     for each layer, V: as K; where transposed (without Flash Attention):
//       type i32, bytes of an element u32, elements u32, for each: one for each cell
// A block: sections u32, cells u32, then for each section: layers u32 (with `as_rows` where V is not
// transposed, `with_places` where the cells' places follow) and the layers' part as above.
constexpr std::uint32_t magic = 0xaf143cd8;
constexpr std::uint32_t layers_max = 4096;
constexpr std::uint32_t streams_max = 1024;
constexpr std::uint32_t sections_max = 4;
constexpr std::uint64_t row_max_bytes = 1ULL << 24;
constexpr std::uint32_t as_rows = 1U << 31;
constexpr std::uint32_t with_places = 1U << 30;
/// Column, row and token: of models whose positions have sections (Qwen2-VL's M-RoPE) and of those that look
/// words up. A block always stands at the same place of its prompt, so that these are kept as they are.
constexpr std::size_t place_bytes = 12;
enum class Cells { plain, placed };

std::unexpected<Error> unknown() {
  return fail(Code::unsupported, "The state of this model cannot be kept.", "unknown_state");
}
std::unexpected<Error> damaged() { return fail(Code::corrupt, "A kept state is damaged.", "damaged_state"); }

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  bool read(T& into) {
    if (bytes_.size() - at_ < sizeof(T)) return false;
    std::memcpy(&into, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return true;
  }
  bool take(std::uint64_t size, std::string_view& into) {
    if (size > bytes_.size() - at_) return false;
    into = bytes_.substr(at_, size);
    at_ += size;
    return true;
  }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

template <class T>
void put(std::string& out, T value) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

struct Rows {
  std::int32_t type = 0;
  std::uint64_t row_bytes = 0;
  std::string_view rows;
};
struct Columns {
  std::int32_t type = 0;
  std::uint32_t element_bytes = 0, elements = 0;
  std::string_view columns;
};
/// A layer has either rows of V or columns of it.
struct Section {
  std::uint32_t layers = 0;
  bool is_transposed = true;
  std::string places;            // of each cell; empty: plain
  std::vector<Rows> rows;        // of K, then of V
  std::vector<Columns> columns;  // of V
};

bool read_layers(Reader& in, std::uint64_t cells, Section& out) {
  if (out.layers == 0 || out.layers > layers_max) return false;
  const std::uint32_t rows = out.is_transposed ? out.layers : 2 * out.layers;
  for (std::uint32_t each = 0; each < rows; ++each) {
    Rows read;
    if (!in.read(read.type) || !in.read(read.row_bytes) || read.row_bytes > row_max_bytes ||
        !in.take(read.row_bytes * cells, read.rows))
      return false;
    out.rows.push_back(read);
  }
  for (std::uint32_t each = rows - out.layers; each < out.layers; ++each) {
    Columns values;
    if (!in.read(values.type) || !in.read(values.element_bytes) || !in.read(values.elements) ||
        values.element_bytes > 64 || values.elements > row_max_bytes ||
        !in.take(std::uint64_t{values.element_bytes} * values.elements * cells, values.columns))
      return false;
    out.columns.push_back(values);
  }
  return true;
}

bool read_section(Reader& in, Cells kind, std::size_t first, std::uint32_t& cells, Section& out) {
  std::uint32_t streams = 0;
  if (!in.read(streams) || streams == 0 || streams > streams_max) return false;
  bool found = false;
  for (std::uint32_t stream = 0; stream < streams; ++stream) {
    std::uint32_t count = 0;
    if (!in.read(count)) return false;
    if (count == 0) continue;
    if (std::exchange(found, true)) return false;
    for (std::uint32_t cell = 0; cell < count; ++cell) {
      std::int32_t position = 0, sequence = 0;
      std::uint32_t sequences = 0;
      std::string_view place;
      if (!in.read(position) || !in.read(sequences) ||
          !in.take(kind == Cells::placed ? place_bytes : 0, place) || !in.read(sequence) || sequences != 1 ||
          position != static_cast<std::int32_t>(first + cell))
        return false;
      out.places += place;
    }
    std::uint32_t transposed = 0;
    if (!in.read(transposed) || transposed > 1 || !in.read(out.layers)) return false;
    out.is_transposed = transposed == 1;
    if (!read_layers(in, count, out)) return false;
    cells = count;
  }
  return found;
}

std::string cut_block(const std::vector<Section>& sections, std::uint64_t cells, std::size_t first,
                      std::size_t block) {
  std::string out;
  put(out, static_cast<std::uint32_t>(sections.size()));
  put(out, static_cast<std::uint32_t>(block));
  for (const auto& section : sections) {
    const bool is_placed = !section.places.empty();
    put(out, section.layers | (section.is_transposed ? 0 : as_rows) | (is_placed ? with_places : 0));
    if (is_placed) out.append(section.places, first * place_bytes, block * place_bytes);
    for (const auto& each : section.rows) {
      put(out, each.type);
      put(out, each.row_bytes);
      out.append(each.rows.substr(first * each.row_bytes, block * each.row_bytes));
    }
    for (const auto& values : section.columns) {
      put(out, values.type);
      put(out, values.element_bytes);
      put(out, values.elements);
      const std::uint64_t size = values.element_bytes;
      for (std::uint64_t element = 0; element < values.elements; ++element)
        out.append(values.columns.substr((element * cells + first) * size, block * size));
    }
  }
  return out;
}

struct Block {
  std::uint32_t cells = 0;
  std::vector<Section> sections;
};

bool read_block(std::string_view bytes, Block& out) {
  Reader in(bytes);
  std::uint32_t sections = 0;
  if (!in.read(sections) || !in.read(out.cells) || sections == 0 || sections > sections_max || out.cells == 0)
    return false;
  for (std::uint32_t each = 0; each < sections; ++each) {
    auto& section = out.sections.emplace_back();
    if (!in.read(section.layers)) return false;
    section.is_transposed = (section.layers & as_rows) == 0;
    std::string_view places;
    if (!in.take((section.layers & with_places) != 0 ? out.cells * place_bytes : 0, places)) return false;
    section.places = places;
    section.layers &= ~(as_rows | with_places);
    if (!read_layers(in, out.cells, section)) return false;
  }
  return in.at_end();
}

bool alike(const Section& a, const Section& b) {
  const auto same_rows = [](const Rows& x, const Rows& y) {
    return x.type == y.type && x.row_bytes == y.row_bytes;
  };
  const auto same_columns = [](const Columns& x, const Columns& y) {
    return x.type == y.type && x.elements == y.elements && x.element_bytes == y.element_bytes;
  };
  return a.is_transposed == b.is_transposed && a.places.empty() == b.places.empty() &&
         std::ranges::equal(a.rows, b.rows, same_rows) &&
         std::ranges::equal(a.columns, b.columns, same_columns);
}

void join_section(std::string& out, const std::vector<Block>& blocks, std::size_t section,
                  std::uint32_t cells, std::size_t slots) {
  put(out, static_cast<std::uint32_t>(slots));
  put(out, cells);
  std::int32_t position = 0;
  for (const auto& block : blocks)
    for (std::uint32_t cell = 0; cell < block.cells; ++cell) {
      put(out, position++);
      put(out, std::uint32_t{1});
      const auto& places = block.sections[section].places;
      if (!places.empty()) out.append(places, cell * place_bytes, place_bytes);
      put(out, std::int32_t{0});
    }
  const auto& first = blocks.front().sections[section];
  put(out, static_cast<std::uint32_t>(first.is_transposed));
  put(out, first.layers);
  for (std::size_t each = 0; each < first.rows.size(); ++each) {
    put(out, first.rows[each].type);
    put(out, first.rows[each].row_bytes);
    for (const auto& block : blocks) out.append(block.sections[section].rows[each].rows);
  }
  for (std::size_t layer = 0; layer < first.columns.size(); ++layer) {
    const auto& values = first.columns[layer];
    put(out, values.type);
    put(out, values.element_bytes);
    put(out, values.elements);
    for (std::uint64_t element = 0; element < values.elements; ++element)
      for (const auto& block : blocks) {
        const std::uint64_t size = std::uint64_t{block.cells} * values.element_bytes;
        out.append(block.sections[section].columns[layer].columns.substr(element * size, size));
      }
  }
  for (std::size_t stream = 1; stream < slots; ++stream) put(out, std::uint32_t{0});
}

bool read_state(std::string_view state, Cells kind, std::size_t first, std::uint32_t& cells,
                std::vector<Section>& out) {
  Reader in(state);
  std::uint32_t stated = 0;
  std::int32_t sequence = 0;
  if (!in.read(stated) || stated != magic || !in.read(sequence)) return false;
  out.clear();
  cells = 0;
  while (!in.at_end()) {
    std::uint32_t here = 0;
    if (out.size() >= sections_max || !read_section(in, kind, first, here, out.emplace_back())) return false;
    if (cells != 0 && here != cells) return false;
    cells = here;
  }
  return !out.empty();
}

}  // namespace

Result<std::vector<std::string>> cut_state(std::string_view state, std::size_t block, std::size_t first,
                                           std::size_t count) {
  std::vector<Section> sections;
  std::uint32_t cells = 0;
  // Which of the two it is, a state does not say; read as the other, its numbers do not fit.
  if (!read_state(state, Cells::plain, first, cells, sections) &&
      !read_state(state, Cells::placed, first, cells, sections))
    return unknown();
  if (count * block > cells) return unknown();
  std::vector<std::string> out;
  for (std::size_t each = 0; each < count; ++each)
    out.push_back(cut_block(sections, cells, each * block, block));
  return out;
}

Result<std::string> join_state(std::span<const std::string_view> blocks, std::size_t slots) {
  if (blocks.empty() || slots == 0 || slots > streams_max) return damaged();
  std::vector<Block> read(blocks.size());
  std::uint64_t cells = 0;
  std::size_t bytes = 1024;
  for (std::size_t each = 0; each < blocks.size(); ++each) {
    if (!read_block(blocks[each], read[each]) || read[each].sections.size() != read[0].sections.size())
      return damaged();
    for (std::size_t section = 0; section < read[0].sections.size(); ++section)
      if (!alike(read[0].sections[section], read[each].sections[section])) return damaged();
    cells += read[each].cells;
    bytes += blocks[each].size() + std::size_t{read[each].cells} * (12 + place_bytes) * sections_max;
  }
  if (cells > (1ULL << 24)) return damaged();
  std::string out;
  out.reserve(bytes + slots * 4 * sections_max);
  put(out, magic);
  put(out, std::int32_t{0});
  for (std::size_t section = 0; section < read[0].sections.size(); ++section)
    join_section(out, read, section, static_cast<std::uint32_t>(cells), slots);
  return out;
}

}  // namespace bastide::models::local
