#include "knowledge/parse/pdf/png.h"

#include <zlib.h>

#include <string_view>
#include <vector>

namespace bastide::knowledge::parse::pdf {
namespace {

void put32(std::string& out, std::size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU);
}

void put_chunk(std::string& out, std::string_view type, std::string_view data) {
  put32(out, data.size());
  auto start = out.size();
  out += type;
  out += data;
  auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(out.data() + start), static_cast<uInt>(out.size() - start));
  put32(out, sum);
}

bool is_grey(const unsigned char* pixels, std::size_t width, std::size_t height, std::size_t stride) {
  for (std::size_t y = 0; y < height; ++y) {
    const auto* row = pixels + y * stride;
    for (std::size_t x = 0; x < width; ++x, row += 4)
      if (row[0] != row[1] || row[1] != row[2]) return false;
  }
  return true;
}

}  // namespace

std::string png_of_bgrx(const unsigned char* pixels, std::size_t width, std::size_t height,
                        std::size_t stride) {
  auto grey = is_grey(pixels, width, height, stride);
  auto channels = grey ? std::size_t{1} : std::size_t{3};
  // Filter 2 (up): white pages become zeros.
  auto row_bytes = width * channels;
  std::vector<unsigned char> filtered((row_bytes + 1) * height);
  std::vector<unsigned char> above(row_bytes);
  std::vector<unsigned char> row(row_bytes);
  auto* to = filtered.data();
  for (std::size_t y = 0; y < height; ++y) {
    const auto* from = pixels + y * stride;
    for (std::size_t x = 0; x < width; ++x, from += 4) {
      if (grey)
        row[x] = from[0];
      else {
        row[3 * x] = from[2];
        row[3 * x + 1] = from[1];
        row[3 * x + 2] = from[0];
      }
    }
    *to++ = 2;
    for (std::size_t i = 0; i < row_bytes; ++i) *to++ = static_cast<unsigned char>(row[i] - above[i]);
    above.swap(row);
  }
  auto bound = compressBound(filtered.size());
  std::string data(bound, '\0');
  compress2(reinterpret_cast<Bytef*>(data.data()), &bound, filtered.data(), filtered.size(), 4);
  data.resize(bound);

  std::string out("\x89PNG\r\n\x1A\n", 8);
  std::string head;
  put32(head, width);
  put32(head, height);
  head += static_cast<char>(8);
  head += static_cast<char>(grey ? 0 : 2);
  head.append(3, '\0');
  put_chunk(out, "IHDR", head);
  put_chunk(out, "IDAT", data);
  put_chunk(out, "IEND", {});
  return out;
}

}  // namespace bastide::knowledge::parse::pdf
