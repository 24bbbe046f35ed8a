#include "knowledge/parse/office/archive.h"

#include <fmt/format.h>

namespace bastide::knowledge::parse::office {
namespace {

std::unexpected<Error> bomb() {
  return fail(Code::too_large, "The file unpacks to far more than a document should.", "zip_bomb",
              "Treat the file as suspicious; if it is genuine, export it as PDF and add that.");
}

}  // namespace

std::unexpected<Error> damaged(std::string_view part) {
  return fail(Code::corrupt, fmt::format("The document is damaged: its part \"{}\" cannot be read.", part),
              "corrupt", "Open it in its own application, save it again, and add that copy.");
}

Result<Archive> Archive::open(std::string_view bytes) {
  zip_error_t error;
  zip_error_init(&error);
  auto* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  auto* zip = source ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
  if (!zip) {
    if (source) zip_source_free(source);
    zip_error_fini(&error);
    return fail(Code::corrupt, "The file is cut short or damaged: its table of contents cannot be read.",
                "corrupt", "Get it again from where it came.");
  }
  zip_error_fini(&error);
  Archive archive(zip);
  auto count = zip_get_num_entries(zip, 0);
  if (count > entries_max) return bomb();
  std::uint64_t total = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t about;
    if (zip_stat_index(zip, static_cast<zip_uint64_t>(i), 0, &about) != 0) continue;
    if ((about.valid & ZIP_STAT_SIZE) == 0) continue;
    total += about.size;
    auto packed = (about.valid & ZIP_STAT_COMP_SIZE) != 0 && about.comp_size > 0 ? about.comp_size : 1;
    if (total > unpacked_bytes_max || (about.size > ratio_from_bytes && about.size / packed > ratio_max))
      return bomb();
  }
  return archive;
}

bool Archive::has(const std::string& name) const { return zip_name_locate(zip_.get(), name.c_str(), 0) >= 0; }

std::vector<std::string> Archive::names() const {
  std::vector<std::string> out;
  auto count = zip_get_num_entries(zip_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i)
    if (const char* name = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), 0)) out.emplace_back(name);
  return out;
}

Result<std::string> Archive::read(const std::string& name) {
  auto index = zip_name_locate(zip_.get(), name.c_str(), 0);
  if (index < 0) return damaged(name);
  zip_stat_t about;
  if (zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(index), 0, &about) != 0) return damaged(name);
  if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
    return fail(Code::invalid, "The document is protected by a password.", "password_protected",
                "Save a copy without the password and add that.");
  std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
      zip_fopen_index(zip_.get(), static_cast<zip_uint64_t>(index), 0), zip_fclose);
  if (!file) return damaged(name);
  std::string out;
  constexpr std::size_t step = 256 * 1024;
  for (;;) {
    auto at = out.size();
    out.resize(at + step);
    auto size = zip_fread(file.get(), out.data() + at, step);
    if (size < 0) return damaged(name);
    out.resize(at + static_cast<std::size_t>(size));
    read_bytes_ += static_cast<std::uint64_t>(size);
    if (read_bytes_ > read_bytes_max || out.size() > about.size) return bomb();
    if (size == 0) return out;
  }
}

}  // namespace bastide::knowledge::parse::office
