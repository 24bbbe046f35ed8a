#include "models/local/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>
#include <webp/encode.h>
#include <zlib.h>

#include <array>
#include <string>

namespace bastide::models::local {
namespace {

using Rgb = std::array<int, 3>;

std::string big(std::uint32_t value, int bytes = 4) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string little(std::uint32_t value, int bytes = 4) {
  const std::string out = big(value, bytes);
  return {out.rbegin(), out.rend()};
}

/// An EXIF block that tells an orientation alone, as its byte order wants it.
std::string exif(int orientation, bool is_little) {
  const auto number = [&](std::uint32_t value, int bytes) {
    return is_little ? little(value, bytes) : big(value, bytes);
  };
  return (is_little ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) +
         number(3, 2) + number(1, 4) + number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) +
         number(0, 4);
}

std::string png_chunk(const std::string& name, const std::string& body) {
  const std::string named = name + body;
  const auto sum = ::crc32(0, reinterpret_cast<const Bytef*>(named.data()), static_cast<uInt>(named.size()));
  return big(static_cast<std::uint32_t>(body.size())) + named + big(static_cast<std::uint32_t>(sum));
}

struct PngKind {
  int bits = 8;
  int colour_type = 2;  // 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha
  std::string more{};   // chunks before the pixels
};

/// `rows`: each begins with its filter, 0.
std::string png(std::uint32_t width, std::uint32_t height, const PngKind& kind, const std::string& rows) {
  auto size = ::compressBound(rows.size());
  std::string packed(size, '\0');
  ::compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
             rows.size());
  packed.resize(size);
  return "\x89PNG\r\n\x1A\n" +
         png_chunk("IHDR", big(width) + big(height) + big(static_cast<std::uint32_t>(kind.bits), 1) +
                               big(static_cast<std::uint32_t>(kind.colour_type), 1) + std::string(3, '\0')) +
         kind.more + png_chunk("IDAT", packed) + png_chunk("IEND", "");
}

/// Three columns and two rows of blocks, as sharp as JPEG keeps them: red, green, blue over white, gray,
/// black.
constexpr std::array<Rgb, 6> colours{
    {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}, {128, 128, 128}, {0, 0, 0}}};
constexpr int block = 16;

std::vector<std::uint8_t> blocks() {
  std::vector<std::uint8_t> out;
  for (int y = 0; y < 2 * block; ++y)
    for (int x = 0; x < 3 * block; ++x)
      for (const int channel : colours[static_cast<std::size_t>(y / block * 3 + x / block)])
        out.push_back(static_cast<std::uint8_t>(channel));
  return out;
}

std::string png_of_blocks(bool is_interlaced = false) {
  const auto rgb = blocks();
  std::string out;
  // Interlaced by hand would be seven images; libpng does it.
  png_structp png = ::png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = ::png_create_info_struct(png);
  ::png_set_write_fn(
      png, &out,
      [](png_structp to, png_bytep bytes, std::size_t size) {
        static_cast<std::string*>(::png_get_io_ptr(to))->append(reinterpret_cast<const char*>(bytes), size);
      },
      nullptr);
  ::png_set_IHDR(png, info, 3 * block, 2 * block, 8, PNG_COLOR_TYPE_RGB,
                 is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
  std::vector<png_bytep> rows;
  for (int y = 0; y < 2 * block; ++y)
    rows.push_back(const_cast<png_bytep>(&rgb[static_cast<std::size_t>(y) * 3 * block * 3]));
  ::png_set_rows(png, info, rows.data());
  ::png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  ::png_destroy_write_struct(&png, &info);
  return out;
}

std::string jpeg(const std::vector<std::uint8_t>& pixels, int width, int height, TJPF format, TJSAMP sampling,
                 int flags = 0) {
  tjhandle encoder = ::tjInitCompress();
  unsigned char* out = nullptr;
  unsigned long size = 0;
  ::tjCompress2(encoder, pixels.data(), width, 0, height, format, &out, &size, sampling, 100, flags);
  std::string bytes(reinterpret_cast<const char*>(out), size);
  ::tjFree(out);
  ::tjDestroy(encoder);
  return bytes;
}

std::string jpeg_of_blocks(int orientation = 0, bool is_little = true, int flags = 0) {
  std::string bytes = jpeg(blocks(), 3 * block, 2 * block, TJPF_RGB, TJSAMP_444, flags);
  if (orientation == 0) return bytes;
  const std::string body = std::string("Exif\0\0", 6) + exif(orientation, is_little);
  return bytes.insert(2, "\xFF\xE1" + big(static_cast<std::uint32_t>(body.size() + 2), 2) + body);
}

std::string webp(const std::vector<std::uint8_t>& rgba, int width, int height) {
  std::uint8_t* out = nullptr;
  const std::size_t size = ::WebPEncodeLosslessRGBA(rgba.data(), width, height, width * 4, &out);
  std::string bytes(reinterpret_cast<const char*>(out), size);
  ::WebPFree(out);
  return bytes;
}

std::string webp_of_blocks() {
  std::vector<std::uint8_t> rgba;
  const auto rgb = blocks();
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    rgba.insert(rgba.end(), rgb.begin() + static_cast<std::ptrdiff_t>(i),
                rgb.begin() + static_cast<std::ptrdiff_t>(i + 3));
    rgba.push_back(255);
  }
  return webp(rgba, 3 * block, 2 * block);
}

std::string riff_chunk(const std::string& name, const std::string& body) {
  return name + little(static_cast<std::uint32_t>(body.size())) + body + std::string(body.size() % 2, '\0');
}

/// With a VP8X chunk: `flags` are its features, `chunks` what follows.
std::string extended_webp(int flags, int width, int height, const std::string& chunks) {
  const std::string body = "WEBP" +
                           riff_chunk("VP8X", little(static_cast<std::uint32_t>(flags)) +
                                                  little(static_cast<std::uint32_t>(width - 1), 3) +
                                                  little(static_cast<std::uint32_t>(height - 1), 3)) +
                           chunks;
  return "RIFF" + little(static_cast<std::uint32_t>(body.size())) + body;
}

Rgb at(const Pixels& image, std::size_t x, std::size_t y) {
  const std::uint8_t* from = &image.rgb[(y * image.width + x) * 3];
  return {from[0], from[1], from[2]};
}

::testing::AssertionResult is_near(const Rgb& seen, const Rgb& meant, int off_max) {
  for (std::size_t c = 0; c < 3; ++c)
    if (std::abs(seen[c] - meant[c]) > off_max)
      return ::testing::AssertionFailure() << seen[0] << " " << seen[1] << " " << seen[2];
  return ::testing::AssertionSuccess();
}

/// The colours of the blocks from left to right, row by row: an index into `colours`; -1 for another one.
std::vector<int> blocks_of(const Pixels& image) {
  std::vector<int> out;
  for (std::size_t y = block / 2; y < image.height; y += block)
    for (std::size_t x = block / 2; x < image.width; x += block) {
      int found = -1;
      for (std::size_t i = 0; i < colours.size(); ++i)
        if (is_near(at(image, x, y), colours[i], 8)) found = static_cast<int>(i);
      out.push_back(found);
    }
  return out;
}

std::string detail_of(std::string_view bytes) {
  const auto image = decode_image(bytes);
  const auto size = image_size(bytes);
  if (image && size) return "";
  if (!size && size.error().detail != image.error().detail) return "not the same";
  EXPECT_EQ(image.error().code, Code::invalid);
  return image.error().detail;
}

using ::testing::ElementsAre;

TEST(Image, IsReadFromEveryFormat) {
  for (const auto& bytes : {png_of_blocks(), png_of_blocks(true), jpeg_of_blocks(),
                            jpeg_of_blocks(0, true, TJFLAG_PROGRESSIVE), webp_of_blocks()}) {
    const auto image = decode_image(bytes);
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_EQ(image->width, 3U * block);
    EXPECT_EQ(image->height, 2U * block);
    ASSERT_EQ(image->rgb.size(), 3U * block * 2 * block * 3);
    EXPECT_THAT(blocks_of(*image), ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_EQ(*image_size(bytes), std::pair(3U * block, 2U * block));
  }
}

TEST(Image, IsTurnedAsItWasTaken) {
  const std::array<std::vector<int>, 9> seen{{{0, 1, 2, 3, 4, 5},
                                              {0, 1, 2, 3, 4, 5},
                                              {2, 1, 0, 5, 4, 3},
                                              {5, 4, 3, 2, 1, 0},
                                              {3, 4, 5, 0, 1, 2},
                                              {0, 3, 1, 4, 2, 5},
                                              {3, 0, 4, 1, 5, 2},
                                              {5, 2, 4, 1, 3, 0},
                                              {2, 5, 1, 4, 0, 3}}};
  for (int orientation = 1; orientation <= 9; ++orientation) {
    const bool is_little = orientation % 2 == 0;
    const auto plain_png = png_of_blocks();
    const std::string webp = webp_of_blocks().substr(12);
    const std::array<std::string, 4> images{
        jpeg_of_blocks(orientation, is_little),
        std::string(plain_png).insert(33, png_chunk("eXIf", exif(orientation, is_little))),
        extended_webp(0x08, 3 * block, 2 * block, webp + riff_chunk("EXIF", exif(orientation, is_little))),
        extended_webp(0x08, 3 * block, 2 * block,
                      webp + riff_chunk("EXIF", std::string("Exif\0\0", 6) + exif(orientation, is_little)))};
    for (const auto& bytes : images) {
      const auto image = decode_image(bytes);
      ASSERT_TRUE(image) << image.error().message;
      EXPECT_EQ(blocks_of(*image), seen[orientation == 9 ? 1 : static_cast<std::size_t>(orientation)])
          << orientation;
      EXPECT_EQ(*image_size(bytes), std::pair(image->width, image->height));
    }
  }
}

TEST(Image, LaysWhatIsTransparentOverWhite) {
  const std::string clear_half_red("\0\x10\x20\x30\x00\xFF\x00\x00\x80", 9);
  const auto png_image = decode_image(png(2, 1, {8, 6}, clear_half_red));
  ASSERT_TRUE(png_image);
  EXPECT_EQ(at(*png_image, 0, 0), (Rgb{255, 255, 255}));
  EXPECT_EQ(at(*png_image, 1, 0)[0], 255);
  EXPECT_GT(at(*png_image, 1, 0)[1], 100);
  const auto webp_image = decode_image(webp({0x10, 0x20, 0x30, 0, 0xFF, 0, 0, 0x80}, 2, 1));
  ASSERT_TRUE(webp_image);
  EXPECT_EQ(at(*webp_image, 0, 0), (Rgb{255, 255, 255}));
  EXPECT_EQ(at(*webp_image, 1, 0), (Rgb{255, 127, 127}));
}

TEST(Image, KnowsEveryKindOfPng) {
  const std::string palette = png_chunk("PLTE", std::string("\x01\x02\x03\xC8\x64\x32", 6));
  const auto paletted = decode_image(png(2, 1, {1, 3, palette}, std::string("\0\x40", 2)));
  ASSERT_TRUE(paletted);
  EXPECT_EQ(at(*paletted, 0, 0), (Rgb{1, 2, 3}));
  EXPECT_EQ(at(*paletted, 1, 0), (Rgb{200, 100, 50}));
  const auto holed = decode_image(
      png(2, 1, {1, 3, palette + png_chunk("tRNS", std::string(1, '\0'))}, std::string("\0\x40", 2)));
  ASSERT_TRUE(holed);
  EXPECT_EQ(at(*holed, 0, 0), (Rgb{255, 255, 255}));
  EXPECT_EQ(at(*holed, 1, 0), (Rgb{200, 100, 50}));
  const auto gray = decode_image(png(1, 1, {8, 0}, std::string("\0\x80", 2)));
  ASSERT_TRUE(gray);
  EXPECT_EQ(at(*gray, 0, 0), (Rgb{128, 128, 128}));
  const auto deep = decode_image(png(1, 1, {16, 2}, std::string("\0\x80\x80\x40\x40\xFF\xFF", 7)));
  ASSERT_TRUE(deep);
  EXPECT_TRUE(is_near(at(*deep, 0, 0), {128, 64, 255}, 1));
}

TEST(Image, KnowsGrayAndPrintedJpegs) {
  const auto gray = decode_image(jpeg(std::vector<std::uint8_t>(64, 100), 8, 8, TJPF_GRAY, TJSAMP_GRAY));
  ASSERT_TRUE(gray);
  EXPECT_TRUE(is_near(at(*gray, 3, 3), {100, 100, 100}, 2));
  std::vector<std::uint8_t> inks;
  for (int i = 0; i < 64; ++i) inks.insert(inks.end(), {255, 128, 0, 255});  // little magenta, all the yellow
  const auto printed = decode_image(jpeg(inks, 8, 8, TJPF_CMYK, TJSAMP_444));
  ASSERT_TRUE(printed);
  EXPECT_TRUE(is_near(at(*printed, 3, 3), {255, 128, 0}, 4));
}

TEST(Image, TakesTheFirstFrameOfAnAnimation) {
  const std::string still = webp({255, 0, 0, 255, 0, 255, 0, 255}, 2, 1);
  const auto frame = [&](std::uint32_t half_x) {  // places are even: half of them is stored
    return riff_chunk("ANMF", little(half_x, 3) + little(0, 3) + little(1, 3) + little(0, 3) +
                                  little(100, 3) + little(0, 1) + still.substr(12));
  };
  const auto image =
      decode_image(extended_webp(0x02, 6, 2, riff_chunk("ANIM", std::string(6, '\0')) + frame(1) + frame(2)));
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_EQ(image->width, 6U);
  EXPECT_EQ(at(*image, 0, 0), (Rgb{255, 255, 255}));
  EXPECT_EQ(at(*image, 2, 0), (Rgb{255, 0, 0}));
  EXPECT_EQ(at(*image, 3, 0), (Rgb{0, 255, 0}));
  EXPECT_EQ(at(*image, 4, 0), (Rgb{255, 255, 255}));
}

TEST(Image, CutShortAnywhereIsRefusedOrReadAsFarAsItGoes) {
  for (const auto& bytes : {png_of_blocks(), webp_of_blocks()})
    for (std::size_t size = 0; size + 12 < bytes.size(); ++size)  // what ends a PNG is not missed
      EXPECT_THAT(detail_of(bytes.substr(0, size)),
                  ::testing::AnyOf("unknown_image", "damaged_image", "not the same"))
          << size;
  for (const auto& bytes : {jpeg_of_blocks(6), jpeg_of_blocks(6, true, TJFLAG_PROGRESSIVE)}) {
    std::size_t read = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size)
      if (const auto image = decode_image(bytes.substr(0, size))) {
        EXPECT_EQ(image->rgb.size(), blocks().size());
        ++read;
      } else {
        EXPECT_EQ(read, 0U) << size;
      }
    EXPECT_GT(read, 100U);
  }
}

TEST(Image, DamagedAnywhereNeverDoesHarm) {
  for (const auto& bytes : {png_of_blocks(), webp_of_blocks(), jpeg_of_blocks(6)})
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string other = bytes;
      other[at] = static_cast<char>(other[at] ^ 0xFF);
      if (const auto image = decode_image(other))
        EXPECT_EQ(image->rgb.size(), std::size_t{image->width} * image->height * 3);
    }
}

TEST(Image, OthersAreUnknown) {
  for (const auto* bytes : {"", "GIF89a", "BM", "<svg/>", "RIFF", "RIFF1234WAVE", "\x89PNG"})
    EXPECT_EQ(detail_of(bytes), "unknown_image") << bytes;
}

TEST(Image, BombsAreRefusedByTheirHeader) {
  const auto sized = [](std::uint32_t width, std::uint32_t height) {
    return detail_of(png(width, height, {8, 2}, std::string(16, '\0')));
  };
  EXPECT_EQ(sized(16'385, 1'000), "image_too_large");
  EXPECT_EQ(sized(8'000, 5'001), "image_too_large");
  EXPECT_EQ(sized(0x7FFFFFFF, 0x7FFFFFFF), "image_too_large");
  EXPECT_EQ(sized(201, 1), "image_too_large");
  EXPECT_EQ(sized(2, 401), "image_too_large");
  EXPECT_EQ(sized(0, 10), "damaged_image");
  EXPECT_EQ(*image_size(png(400, 2, {8, 2}, "")), std::pair(400U, 2U));
  EXPECT_EQ(detail_of(std::string(33U << 20, 'x')), "image_too_large");
  std::string jpeg = jpeg_of_blocks();
  jpeg.replace(jpeg.find("\xFF\xC0") + 5, 4, big(0xFFFFFFFF));
  EXPECT_EQ(detail_of(jpeg), "image_too_large");
}

TEST(Image, JpegsOfEndlessScansAreRefused) {
  const std::string bytes = jpeg_of_blocks(0, true, TJFLAG_PROGRESSIVE);
  const auto last = bytes.rfind("\xFF\xDA");
  std::string many = bytes.substr(0, bytes.size() - 2);
  for (int i = 0; i < 200; ++i) many += bytes.substr(last, bytes.size() - 2 - last);
  EXPECT_EQ(decode_image(many).error().detail, "damaged_image");
}

}  // namespace
}  // namespace bastide::models::local
