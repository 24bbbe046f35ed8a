#include <sys/file.h>

#include <chrono>
#include <fstream>

#include "tests/storage/blobs_contract.h"
#include "tests/storage/child.h"
#include "tests/storage/scratch.h"

namespace bastide::storage {
namespace {
namespace fs = std::filesystem;

struct InFolder final : BlobsUnderTest {
  Scratch scratch;
  std::unique_ptr<Blobs> opened = std::move(open_folder_blobs(scratch / "deep/blobs").value());
  Blobs& blobs() override { return *opened; }
};
INSTANTIATE_TEST_SUITE_P(Folder, BlobsContract,
                         testing::Values(BlobsFactory([] { return std::make_unique<InFolder>(); })));

TEST(FolderBlobs, StrayFilesAreCleanedAndLivingOnesAreNot) {
  Scratch scratch;
  auto blobs = std::move(open_folder_blobs(scratch / "blobs").value());
  auto stray = scratch / "blobs/tmp/tmp_stray";
  std::ofstream(stray) << "left by a process that died";
  auto writer = std::move(blobs->create().value());
  ASSERT_TRUE(writer->write("alive"));
  for (const auto& entry : fs::directory_iterator(scratch / "blobs/tmp"))
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  auto again = open_folder_blobs(scratch / "blobs");
  EXPECT_FALSE(fs::exists(stray));
  EXPECT_EQ((*again)->get(writer->commit().value(), 100).value(), "alive");
}

TEST(FolderBlobs, WhatADeadWriterCommittedIsAskedAbout) {
  Scratch scratch;
  auto blobs = std::move(open_folder_blobs(scratch / "blobs").value());
  const auto grow_old = [&] {
    for (const auto& entry : fs::directory_iterator(scratch / "blobs/unclaimed"))
      fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(1));
  };
  const auto asked = [&](bool settled) {
    std::vector<std::string> names;
    blobs->each_abandoned([&](const std::string& name) {
      names.push_back(name);
      return settled;
    });
    return names;
  };
  auto alive = std::move(blobs->create().value());
  ASSERT_TRUE(alive->write("alive"));
  ASSERT_TRUE(alive->commit());
  ASSERT_TRUE(blobs->put("done"));
  Child child([&](int) {
    auto* lost = blobs->create().value().release();
    return lost->write("lost") && lost->commit() ? 0 : 1;
  });
  ASSERT_EQ(child.wait(), 0);
  EXPECT_EQ(asked(true), std::vector<std::string>());  // it may be about to be entered
  grow_old();
  const std::vector lost{sha256_hex("lost")};
  EXPECT_EQ(asked(false), lost);
  EXPECT_EQ(asked(true), lost);
  EXPECT_EQ(asked(true), std::vector<std::string>());
}

TEST(FolderBlobs, FilesAreForTheirOwnerOnly) {
  Scratch scratch;
  auto blobs = std::move(open_folder_blobs(scratch / "blobs").value());
  auto path = blobs->path(blobs->put("private").value()).value();
  EXPECT_EQ(fs::status(path).permissions() & (fs::perms::group_all | fs::perms::others_all), fs::perms::none);
}
}  // namespace
}  // namespace bastide::storage
