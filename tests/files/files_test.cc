#include "files/files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/files/fake_store.h"

namespace bastide::files {
namespace {

namespace fs = std::filesystem;

class FilesTest : public ::testing::Test {
 protected:
  ~FilesTest() override { fs::remove_all(folder); }

  Result<StoredFile> keep(std::string_view bytes, const std::string& person = "per_a",
                          UnixMillis expires = 0) {
    auto incoming = room.create();
    if (!incoming) return pass(incoming);
    // In pieces that fit no boundary.
    for (std::size_t at = 0; at < bytes.size(); at += 10'007)
      if (auto written = (*incoming)->write(bytes.substr(at, 10'007)); !written) return pass(written);
    return room.keep(**incoming, {person, "notes.txt", "text/plain", "user_data", expires});
  }
  /// Bytes of all blobs there are.
  std::string on_disk() const {
    std::string out;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      out.append(std::istreambuf_iterator<char>(file), {});
    }
    return out;
  }

  static std::string new_folder() {
    char name[] = "/tmp/bastide-files-XXXXXX";
    return mkdtemp(name);
  }

  const std::string folder = new_folder();
  testing::FakeStore store;
  const std::unique_ptr<storage::Blobs> blobs = std::move(*storage::open_folder_blobs(folder));
  Files room{store, *blobs, {.files_max = 3, .bytes_max = 1 << 20}};
};

std::string text_of(std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += "line " + std::to_string(out.size()) + "\n";
  out.resize(bytes);
  return out;
}

TEST_F(FilesTest, any_part_of_what_was_written_is_read_again) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, piece_bytes - 1, piece_bytes, piece_bytes + 1, 3 * piece_bytes + 5}) {
    const auto text = text_of(size);
    auto file = keep(text);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->bytes, static_cast<std::int64_t>(size));
    EXPECT_TRUE(is_file_id(file->id));
    EXPECT_EQ(room.read(*file, 1 << 20).value(), text);
    const auto reader = room.open(*file);
    ASSERT_TRUE(reader);
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{7}, piece_bytes - 3, piece_bytes, 2 * piece_bytes})
      EXPECT_EQ(reader->read(static_cast<std::int64_t>(at), 9).value(), at < size ? text.substr(at, 9) : "");
    ASSERT_TRUE(room.remove(file->id, "per_a"));
  }
}

TEST_F(FilesTest, what_is_on_the_disk_is_sealed_and_goes_with_the_file) {
  auto file = keep("The words of a person.");
  ASSERT_TRUE(file);
  EXPECT_EQ(on_disk().find("words of"), std::string::npos);
  EXPECT_TRUE(room.holds(file->blob));
  const auto reader = room.open(*file);
  ASSERT_TRUE(room.remove(file->id, "per_a"));
  EXPECT_TRUE(store.left.empty());
  EXPECT_FALSE(blobs->path(file->blob));
  EXPECT_FALSE(room.holds(file->blob));
  EXPECT_EQ(room.find(file->id, "per_a").error().detail, "no_file_of_id");
  EXPECT_EQ(reader->read(0, 9).value(), "The words") << "who reads it reads it to its end";
}

TEST_F(FilesTest, a_piece_cannot_take_anothers_place) {
  const auto text = text_of(2 * piece_bytes);
  auto file = keep(text);
  ASSERT_TRUE(file);
  const auto path = blobs->path(file->blob).value();
  std::string raw;
  {
    std::ifstream in(path, std::ios::binary);
    raw.assign(std::istreambuf_iterator<char>(in), {});
  }
  const auto half = raw.size() / 2;
  {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << raw.substr(half) << raw.substr(0, half);
  }
  EXPECT_EQ(room.read(*file, 1 << 20).error().code, Code::corrupt);
  {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << raw.substr(0, half);
  }
  EXPECT_EQ(room.read(*file, 1 << 20).error().detail, "file_damaged");
}

TEST_F(FilesTest, what_is_not_kept_leaves_nothing) {
  ASSERT_TRUE(keep("1"));
  ASSERT_TRUE(keep("2"));
  ASSERT_TRUE(keep("3"));
  const auto before = on_disk().size();
  EXPECT_EQ(keep("4").error().detail, "too_many_files");
  {
    auto begun = room.create();
  }
  EXPECT_EQ(on_disk().size(), before);
  auto made = room.create();
  ASSERT_TRUE((*made)->write("5"));
  EXPECT_TRUE(room.keep(**made, {"per_a", "out.jsonl", "", "batch_output"}, Files::Origin::made));
}

TEST_F(FilesTest, only_its_person_finds_it_and_the_expired_are_swept) {
  auto mine = keep("mine");
  ASSERT_TRUE(keep("theirs", "per_b"));
  auto old = keep("old", "per_a", now_ms() - 1);
  EXPECT_EQ(room.find(mine->id, "per_b").error().detail, "no_file_of_id");
  EXPECT_EQ(room.remove(mine->id, "per_b").error().detail, "no_file_of_id");
  EXPECT_EQ(room.find(old->id, "per_a").error().detail, "no_file_of_id");
  EXPECT_EQ(room.sweep(now_ms()).value(), 1U);
  EXPECT_FALSE(blobs->path(old->blob));
  EXPECT_EQ(room.remove_all("per_a").value(), 1);
  EXPECT_FALSE(blobs->path(mine->blob));
  EXPECT_EQ(store.files.size(), 1U);
  EXPECT_EQ(room.read(store.files.begin()->second, 3).error().detail, "file_too_long");
}

}  // namespace
}  // namespace bastide::files
