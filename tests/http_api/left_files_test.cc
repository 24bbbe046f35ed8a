#include "http_api/model_calls/left_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/crypto.h"
#include "tests/files/fake_store.h"

namespace bastide::http_api {
namespace {

using dialects::Media;

class LeftFiles : public ::testing::Test {
 protected:
  ~LeftFiles() override { std::filesystem::remove_all(folder); }

  static std::string new_folder() {
    char name[] = "/tmp/bastide-leftfiles-XXXXXX";
    return mkdtemp(name);
  }
  std::string keep(std::string_view bytes, const std::string& type = "text/plain") {
    auto incoming = std::move(*files.create());
    EXPECT_TRUE(incoming->write(bytes));
    return files.keep(*incoming, {"per_a", "note.txt", type, "user_data"})->id;
  }
  /// What becomes of one part that names `id`.
  Result<Media> put(const std::string& id, Media::Kind kind = Media::Kind::file,
                    const std::string& person = "per_a") {
    Media media;
    media.kind = kind;
    media.file_id = id;
    dialects::ToolResult result;
    result.call_id = "call";
    result.parts.push_back({media});
    dialects::ChatRequest request;
    request.messages.push_back({dialects::Role::tool, {}});
    request.messages[0].parts.push_back({std::move(result)});
    EXPECT_EQ(names_left_file(request), files::is_file_id(id));
    auto done = put_left_files(files, read_text, person, request);
    if (!done) return pass(done);
    return std::get<Media>(
        std::get<dialects::ToolResult>(request.messages[0].parts[0].content).parts[0].content);
  }

  const std::string folder = new_folder();
  files::testing::FakeStore store;
  const std::unique_ptr<storage::Blobs> blobs = std::move(*storage::open_folder_blobs(folder));
  files::Files files{store, *blobs, {}};
  ReadText read_text = [](std::string_view bytes, const std::string&,
                          const std::string&) -> Result<std::string> {
    if (bytes.starts_with("scan")) return fail(Code::unsupported, "No text.", "no_text");
    if (bytes.starts_with("broken")) return fail(Code::corrupt, "Broken.", "corrupt");
    return "read: " + std::string(bytes);
  };
};

TEST_F(LeftFiles, documents_become_text_and_images_bytes) {
  const auto text = put(keep("words"));
  ASSERT_TRUE(text);
  EXPECT_EQ(text->text, "read: words");
  EXPECT_EQ(text->name, "note.txt");
  EXPECT_TRUE(text->file_id.empty() && text->base64.empty());
  const std::string png = "\x89PNG\r\n...";
  for (const auto kind : {Media::Kind::image, Media::Kind::file}) {
    const auto image = put(keep(png, "application/octet-stream"), kind);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->kind, Media::Kind::image);
    EXPECT_EQ(image->media_type, "image/png");
    EXPECT_EQ(image->base64, base64(png));
  }
  const auto scan = put(keep("scan", "application/x-scan"));
  ASSERT_TRUE(scan);
  EXPECT_EQ(scan->base64, base64("scan"));
  EXPECT_EQ(scan->media_type, "application/x-scan");
}

TEST_F(LeftFiles, what_cannot_be_put_is_told) {
  EXPECT_EQ(put(keep("words"), Media::Kind::file, "per_b").error().detail, "invalid_file_id");
  EXPECT_EQ(put(keep("words"), Media::Kind::image).error().detail, "unsupported_type");
  EXPECT_EQ(put(keep("broken")).error().detail, "corrupt");
  EXPECT_EQ(put(keep(std::string(41 * 1024 * 1024, 'x'))).error().detail, "file_too_long");
  const auto theirs = put("file-abc123");
  ASSERT_TRUE(theirs);
  EXPECT_EQ(theirs->file_id, "file-abc123") << "a provider's own";
}

}  // namespace
}  // namespace bastide::http_api
