#include "knowledge/index/segment.h"

#include <algorithm>
#include <cstring>

namespace bastide::knowledge::index::detail {
namespace {
constexpr char block_version = 1;

void put_number(std::string& out, std::uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>((number & 0x7f) | 0x80);
    number >>= 7;
  }
  out += static_cast<char>(number);
}

struct Reader {
  std::string_view bytes;
  std::size_t at = 0;
  bool bad = false;

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= bytes.size()) break;
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    bad = true;
    return 0;
  }
  std::uint64_t fixed() {
    std::uint64_t value = 0;
    if (bytes.size() - at < sizeof value) {
      bad = true;
      return 0;
    }
    std::memcpy(&value, bytes.data() + at, sizeof value);
    at += sizeof value;
    return value;
  }
};

std::unexpected<Error> corrupt() {
  return fail(Code::corrupt, "A stored part of the search index is damaged.", "index_block_corrupt",
              "Upload the document again.");
}
}  // namespace

std::size_t Segment::memory_bytes() const {
  return sizeof *this + terms.capacity() * 8 + offsets.capacity() * 4 + keys.capacity() * 4 +
         frequencies.capacity() + lengths.capacity() * 2;
}

std::string write_block(const std::vector<std::uint32_t>& lengths, const std::vector<Postings>& postings) {
  std::string out(1, block_version);
  put_number(out, lengths.size());
  for (auto length : lengths) put_number(out, length);
  put_number(out, postings.size());
  for (const auto& term : postings) {
    char raw[sizeof term.term];
    std::memcpy(raw, &term.term, sizeof raw);
    out.append(raw, sizeof raw);
    put_number(out, term.passages.size());
    std::uint32_t before = 0;
    for (std::size_t i = 0; i < term.passages.size(); ++i) {
      put_number(out, term.passages[i] - before);
      before = term.passages[i];
      out += static_cast<char>(term.frequencies[i]);
    }
  }
  return out;
}

Result<std::shared_ptr<const Segment>> read_block(Key first, Key count, std::string_view bytes) {
  if (bytes.empty() || bytes[0] != block_version) return corrupt();
  Reader reader{bytes, 1};
  auto segment = std::make_shared<Segment>();
  segment->first = first;
  if (reader.number() != count || count > bytes.size()) return corrupt();
  for (Key i = 0; i < count; ++i)
    segment->lengths.push_back(
        static_cast<std::uint16_t>(std::min<std::uint64_t>(reader.number(), UINT16_MAX)));
  const auto terms = reader.number();
  if (reader.bad || terms > bytes.size()) return corrupt();
  segment->terms.reserve(terms);
  segment->offsets.reserve(terms + 1);
  for (std::uint64_t t = 0; t < terms && !reader.bad; ++t) {
    const auto hash = reader.fixed();
    if (!segment->terms.empty() && hash <= segment->terms.back()) return corrupt();
    segment->terms.push_back(hash);
    segment->offsets.push_back(static_cast<std::uint32_t>(segment->keys.size()));
    const auto postings = reader.number();
    if (postings > bytes.size()) return corrupt();
    std::uint64_t passage = 0;
    for (std::uint64_t i = 0; i < postings && !reader.bad; ++i) {
      const auto step = reader.number();
      if (i > 0 && step == 0) return corrupt();
      passage += step;
      if (passage >= count || reader.at >= bytes.size()) return corrupt();
      segment->keys.push_back(first + static_cast<Key>(passage));
      segment->frequencies.push_back(static_cast<std::uint8_t>(bytes[reader.at++]));
    }
  }
  if (reader.bad) return corrupt();
  segment->offsets.push_back(static_cast<std::uint32_t>(segment->keys.size()));
  return segment;
}

std::shared_ptr<const Segment> merge(const Segment& a, const Segment& b) {
  auto out = std::make_shared<Segment>();
  out->first = a.first;
  out->lengths = a.lengths;
  out->lengths.resize(b.end() - a.first, 0);
  std::ranges::copy(b.lengths, out->lengths.begin() + (b.first - a.first));
  out->terms.reserve(a.terms.size() + b.terms.size());
  out->offsets.reserve(a.terms.size() + b.terms.size() + 1);
  out->keys.reserve(a.keys.size() + b.keys.size());
  out->frequencies.reserve(a.keys.size() + b.keys.size());
  auto take = [&](const Segment& from, std::size_t term) {
    const auto begin = from.offsets[term];
    const auto end = from.offsets[term + 1];
    out->keys.insert(out->keys.end(), from.keys.begin() + begin, from.keys.begin() + end);
    out->frequencies.insert(out->frequencies.end(), from.frequencies.begin() + begin,
                            from.frequencies.begin() + end);
  };
  std::size_t i = 0, j = 0;
  while (i < a.terms.size() || j < b.terms.size()) {
    const bool from_a = j == b.terms.size() || (i < a.terms.size() && a.terms[i] <= b.terms[j]);
    const bool from_b = i == a.terms.size() || (j < b.terms.size() && b.terms[j] <= a.terms[i]);
    out->terms.push_back(from_a ? a.terms[i] : b.terms[j]);
    out->offsets.push_back(static_cast<std::uint32_t>(out->keys.size()));
    if (from_a) take(a, i++);
    if (from_b) take(b, j++);
  }
  out->offsets.push_back(static_cast<std::uint32_t>(out->keys.size()));
  out->terms.shrink_to_fit();
  out->offsets.shrink_to_fit();
  return out;
}

}  // namespace bastide::knowledge::index::detail
