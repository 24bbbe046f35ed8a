#include "models/local/image.h"

#include <png.h>
#include <turbojpeg.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "models/local/image_header.h"

namespace bastide::models::local {
namespace {

constexpr std::size_t channels = 3;

const std::uint8_t* data_of(std::string_view bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

std::size_t pixels_of(const ImageHeader& header) { return std::size_t{header.width} * header.height; }

bool swaps_sides(int orientation) { return orientation >= 5; }

/// `value` by `share` of 255, rounded.
std::uint8_t scaled(unsigned value, unsigned share) {
  return static_cast<std::uint8_t>((value * share + 127) / 255);
}

Result<std::vector<std::uint8_t>> decode_png(std::string_view bytes, const ImageHeader& header) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) return damaged_image();
  const std::unique_ptr<png_image, decltype(&png_image_free)> freed(&image, png_image_free);
  if (image.width != header.width || image.height != header.height) return damaged_image();
  image.format = PNG_FORMAT_RGB;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // as every program shows them
  std::vector<std::uint8_t> rgb(pixels_of(header) * channels);
  constexpr png_color white{255, 255, 255};
  if (png_image_finish_read(&image, &white, rgb.data(), 0, nullptr) == 0) return damaged_image();
  return rgb;
}

/// Each scan of a progressive JPEG goes through the whole image, and takes a few bytes to ask for. Programs
/// write ten or so.
bool has_too_many_scans(std::string_view bytes) {
  constexpr int scans_max = 100;
  int scans = 0;
  for (auto at = bytes.find("\xFF\xDA"); at != std::string_view::npos && scans <= scans_max;
       at = bytes.find("\xFF\xDA", at + 2))
    ++scans;
  return scans > scans_max;
}

Result<std::vector<std::uint8_t>> decode_jpeg(std::string_view bytes, const ImageHeader& header) {
  if (has_too_many_scans(bytes)) return damaged_image();
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), tjDestroy);
  if (!decoder) return fail(Code::unavailable, "There is no memory for the image.");
  const bool is_printed = header.components == 4;
  const std::size_t stored = is_printed ? 4 : channels;
  std::vector<std::uint8_t> out(pixels_of(header) * stored);
  const auto width = static_cast<int>(header.width);
  const auto height = static_cast<int>(header.height);
  // Never writes beyond the width and height that it is given, whatever the file says.
  const int failed = tjDecompress2(decoder.get(), data_of(bytes), bytes.size(), out.data(), width,
                                   width * static_cast<int>(stored), height,
                                   is_printed ? TJPF_CMYK : TJPF_RGB, TJFLAG_LIMITSCANS);
  if (failed != 0 && tjGetErrorCode(decoder.get()) != TJERR_WARNING) return damaged_image();
  if (is_printed) {  // stored the other way round, as Adobe's programs began to: 255 is no ink
    for (std::size_t i = 0; i < pixels_of(header); ++i)
      for (std::size_t c = 0; c < channels; ++c)
        out[i * channels + c] = scaled(out[i * 4 + c], out[i * 4 + 3]);
    out.resize(pixels_of(header) * channels);
  }
  return out;
}

Result<std::vector<std::uint8_t>> decode_webp(std::string_view bytes, const ImageHeader& header) {
  const WebPData data{data_of(bytes), bytes.size()};
  const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data), WebPDemuxDelete);
  WebPIterator frame{};
  if (!demuxer || WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0) return damaged_image();
  const std::unique_ptr<WebPIterator, decltype(&WebPDemuxReleaseIterator)> released(&frame,
                                                                                    WebPDemuxReleaseIterator);
  // A frame of an animation may cover a part of the canvas.
  const auto width = static_cast<std::size_t>(frame.width);
  const auto height = static_cast<std::size_t>(frame.height);
  const auto left = static_cast<std::size_t>(frame.x_offset);
  const auto top = static_cast<std::size_t>(frame.y_offset);
  if (left + width > header.width || top + height > header.height) return damaged_image();
  std::vector<std::uint8_t> rgba(width * height * 4);
  if (!WebPDecodeRGBAInto(frame.fragment.bytes, frame.fragment.size, rgba.data(), rgba.size(),
                          static_cast<int>(width * 4)))
    return damaged_image();
  std::vector<std::uint8_t> rgb(pixels_of(header) * channels, 255);
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* from = &rgba[y * width * 4];
    std::uint8_t* to = &rgb[((top + y) * header.width + left) * channels];
    for (std::size_t x = 0; x < width; ++x, from += 4, to += channels)
      for (std::size_t c = 0; c < channels; ++c)
        to[c] = static_cast<std::uint8_t>(255 - scaled(255U - from[c], from[3]));
  }
  return rgb;
}

/// Exif 2.32, 4.6.5.1, "Orientation".
Pixels turned(std::vector<std::uint8_t> rgb, const ImageHeader& header) {
  const int orientation = header.orientation;
  const std::size_t width = header.width;
  const std::size_t height = header.height;
  if (orientation == 1) return {header.width, header.height, std::move(rgb)};
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Pixels out{header.width, header.height, std::vector<std::uint8_t>(rgb.size())};
  if (swaps_sides(orientation)) std::swap(out.width, out.height);
  std::uint8_t* to = out.rgb.data();
  for (std::size_t y = 0; y < out.height; ++y) {
    for (std::size_t x = 0; x < out.width; ++x, to += channels) {
      const std::size_t across = swaps_sides(orientation) ? y : x;
      const std::size_t down = swaps_sides(orientation) ? x : y;
      const std::size_t from_x = from_right ? width - 1 - across : across;
      const std::size_t from_y = from_below ? height - 1 - down : down;
      std::copy_n(&rgb[(from_y * width + from_x) * channels], channels, to);
    }
  }
  return out;
}

Result<std::vector<std::uint8_t>> decode(std::string_view bytes, const ImageHeader& header) {
  switch (header.format) {
    case ImageFormat::png:
      return decode_png(bytes, header);
    case ImageFormat::jpeg:
      return decode_jpeg(bytes, header);
    case ImageFormat::webp:
      return decode_webp(bytes, header);
  }
  return damaged_image();
}

}  // namespace

Result<Pixels> decode_image(std::string_view bytes) {
  const auto header = read_image_header(bytes);
  if (!header) return std::unexpected(header.error());
  auto rgb = decode(bytes, *header);
  if (!rgb) return pass(rgb);
  return turned(std::move(*rgb), *header);
}

Result<std::pair<std::uint32_t, std::uint32_t>> image_size(std::string_view bytes) {
  const auto header = read_image_header(bytes);
  if (!header) return std::unexpected(header.error());
  if (swaps_sides(header->orientation)) return std::pair(header->height, header->width);
  return std::pair(header->width, header->height);
}

}  // namespace bastide::models::local
