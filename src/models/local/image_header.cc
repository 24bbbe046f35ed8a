#include "models/local/image_header.h"

#include <fmt/format.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace bastide::models::local {
namespace {

constexpr std::string_view exif_mark("Exif\0\0", 6);  // before the block, in a JPEG

enum class Endian { big, little };

/// Reads where there is something to read; nothing beyond the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes, Endian endian = Endian::big) : bytes_(bytes), endian_(endian) {}
  [[nodiscard]] std::optional<std::uint32_t> u8(std::size_t at) const { return number(at, 1); }
  [[nodiscard]] std::optional<std::uint32_t> u16(std::size_t at) const { return number(at, 2); }
  [[nodiscard]] std::optional<std::uint32_t> u32(std::size_t at) const { return number(at, 4); }

 private:
  [[nodiscard]] std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || bytes_.size() - at < size) return std::nullopt;
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t from = endian_ == Endian::big ? at + i : at + size - 1 - i;
      out = out << 8 | static_cast<std::uint8_t>(bytes_[from]);
    }
    return out;
  }

  std::string_view bytes_;
  Endian endian_;
};

/// The orientation that an EXIF block (TIFF 6.0, tag 0x0112) tells; 1 where it tells none.
int orientation_of(std::string_view exif) {
  constexpr std::uint32_t orientation_tag = 0x0112;
  constexpr std::uint32_t short_type = 3;
  if (!exif.starts_with("II") && !exif.starts_with("MM")) return 1;
  const Reader read(exif, exif[0] == 'I' ? Endian::little : Endian::big);
  const auto directory = read.u32(4);
  const auto count = directory ? read.u16(*directory) : std::nullopt;
  for (std::size_t i = 0; count && i < *count; ++i) {
    const std::size_t entry = *directory + 2 + i * 12;
    const auto tag = read.u16(entry);
    if (!tag) return 1;
    if (*tag != orientation_tag || read.u16(entry + 2) != short_type) continue;
    const auto told = read.u16(entry + 8).value_or(1);
    return told >= 1 && told <= 8 ? static_cast<int>(told) : 1;
  }
  return 1;
}

std::optional<ImageHeader> read_png(std::string_view bytes) {
  constexpr std::size_t around_chunk = 12;  // its length, its name and its checksum
  const Reader read(bytes);
  const auto width = read.u32(16);
  const auto height = read.u32(20);
  if (!width || !height || bytes.substr(12, 4) != "IHDR") return std::nullopt;
  ImageHeader out{ImageFormat::png, *width, *height};
  for (std::size_t at = 8; const auto length = read.u32(at); at += around_chunk + *length) {
    if (bytes.size() - at < around_chunk + *length) break;
    if (bytes.substr(at + 4, 4) != "eXIf") continue;
    out.orientation = orientation_of(bytes.substr(at + 8, *length));
    break;
  }
  return out;
}

bool is_start_of_frame(std::uint32_t marker) {  // all but DHT, JPG and DAC of its range
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/// As far as the first scan, which must have something in it.
std::optional<ImageHeader> read_jpeg(std::string_view bytes) {
  constexpr std::uint32_t start_of_scan = 0xDA;
  constexpr std::uint32_t application_1 = 0xE1;
  const Reader read(bytes);
  ImageHeader out{ImageFormat::jpeg};
  for (std::size_t at = 2; at < bytes.size();) {
    at = bytes.find('\xFF', at);
    const auto marker = at == std::string_view::npos ? std::nullopt : read.u8(++at);
    if (!marker) return std::nullopt;
    if (*marker == 0xFF) continue;  // they may be repeated
    ++at;
    if (*marker <= 0x01 || (*marker >= 0xD0 && *marker <= 0xD8)) continue;  // without a segment
    const auto length = read.u16(at);
    if (!length || *length < 2 || bytes.size() - at < *length) return std::nullopt;
    const auto segment = bytes.substr(at + 2, *length - 2);
    if (*marker == application_1 && segment.starts_with(exif_mark) && out.orientation == 1)
      out.orientation = orientation_of(segment.substr(exif_mark.size()));
    if (is_start_of_frame(*marker) && segment.size() >= 6 && out.components == 0) {
      const Reader frame(segment);
      out.height = *frame.u16(1);
      out.width = *frame.u16(3);
      out.components = static_cast<int>(*frame.u8(5));
    }
    at += *length;
    if (*marker == start_of_scan)
      return out.components > 0 && at < bytes.size() ? std::optional(out) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<ImageHeader> read_webp(std::string_view bytes) {
  const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data), WebPDemuxDelete);
  if (!demuxer) return std::nullopt;
  ImageHeader out{ImageFormat::webp, WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH),
                  WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT)};
  WebPChunkIterator chunk{};
  if (WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) != 0) {
    std::string_view exif(reinterpret_cast<const char*>(chunk.chunk.bytes), chunk.chunk.size);
    if (exif.starts_with(exif_mark))
      exif.remove_prefix(exif_mark.size());  // which some programs write here too
    out.orientation = orientation_of(exif);
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return out;
}

std::unexpected<Error> too_large(std::string message) {
  return fail(
      Code::invalid, std::move(message), "image_too_large",
      fmt::format("Make it smaller: at most {} pixels a side and {} million in all, at most {} times as long "
                  "as wide, and {} MB.",
                  image_side_max, image_pixels_max / 1'000'000, image_aspect_max, image_bytes_max >> 20));
}

}  // namespace

Result<ImageHeader> read_image_header(std::string_view bytes) {
  if (bytes.size() > image_bytes_max)
    return too_large(
        fmt::format("The image has {} bytes; at most {} are read.", bytes.size(), image_bytes_max));
  std::optional<ImageHeader> header;
  if (bytes.starts_with("\x89PNG\r\n\x1A\n"))
    header = read_png(bytes);
  else if (bytes.starts_with("\xFF\xD8\xFF"))
    header = read_jpeg(bytes);
  else if (bytes.starts_with("RIFF") && bytes.size() >= 12 && bytes.substr(8, 4) == "WEBP")
    header = read_webp(bytes);
  else
    return fail(Code::invalid, "Images of this kind are not read.", "unknown_image",
                "Give it as PNG, JPEG or WebP.");
  if (!header || header->width == 0 || header->height == 0) return damaged_image();
  const auto [shorter, longer] = std::minmax(header->width, header->height);
  if (longer > image_side_max || std::uint64_t{longer} * shorter > image_pixels_max ||
      longer / shorter > image_aspect_max || (longer / shorter == image_aspect_max && longer % shorter > 0))
    return too_large(fmt::format("The image is {} × {} pixels.", header->width, header->height));
  return *header;
}

std::unexpected<Error> damaged_image() {
  return fail(Code::invalid, "The image is damaged and cannot be read.", "damaged_image",
              "Open it, save it again, and send that.");
}

}  // namespace bastide::models::local
