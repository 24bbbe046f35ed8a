#include "storage/backup.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/crypto.h"
#include "storage/archive.h"
#include "storage/blobs.h"
#include "storage/key_file.h"
#include "storage/sqlite/open.h"
#include "tests/storage/scratch.h"

namespace bastide::storage {
namespace {
namespace fs = std::filesystem;

constexpr Migration documents{1, "documents",
                              "create table document (id integer primary key, blob text not null) strict"};

/// A data folder in use.
struct House {
  explicit House(std::string folder_) : folder(std::move(folder_)) {
    fs::create_directories(folder);
    OpenOptions options;
    options.migrations = std::span(&documents, 1);
    database = std::move(open_database(folder + "/bastide.db", options).value());
    blobs = std::move(open_folder_blobs(folder + "/blobs").value());
    key = open_key_file(folder + "/keys/master.key").value();
  }
  void add(const std::string& content) {
    auto name = blobs->put(content);
    ASSERT_TRUE(name);
    ASSERT_TRUE(database->write(
        [&](Connection& c) { c.prepare("insert into document (blob) values (?)").bind_all(*name).run(); }));
  }
  std::vector<std::string> names() {
    return database
        ->read([](Connection& c) {
          std::vector<std::string> out;
          auto query = c.prepare("select blob from document order by id");
          while (query.step()) out.push_back(query.text(0));
          return out;
        })
        .value();
  }
  std::string folder;
  std::unique_ptr<Database> database;
  std::unique_ptr<Blobs> blobs;
  std::string key;
};

TEST(Backup, BringsEverythingBack) {
  Scratch scratch;
  House house(scratch / "data");
  for (int i = 0; i < 20; ++i) house.add("document " + std::to_string(i));
  house.add(std::string(1'000'000, 'x'));
  house.add("");
  auto file = scratch / "all.backup";
  auto report = backup_data(*house.database, house.folder, file);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->blobs, 22U);
  EXPECT_EQ(fs::status(file).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch.path()), {}), 2);  // nothing left beside it

  auto restored = restore(file, scratch / "new/data");
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->bytes, report->bytes);
  House again(scratch / "new/data");
  EXPECT_EQ(again.names(), house.names());
  for (const auto& name : again.names())
    EXPECT_EQ(sha256_hex(again.blobs->get(name, 2'000'000).value()), name);
  EXPECT_EQ(again.key, house.key);
}

TEST(Backup, IsConsistentWhileOthersWriteAndDelete) {
  Scratch scratch;
  House house(scratch / "data");
  for (int i = 0; i < 15; ++i) house.add("old " + std::to_string(i) + std::string(20'000, 'x'));
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      house.add("new " + std::to_string(i));
      // The oldest document goes: first from the database, then its bytes.
      std::string gone;
      ASSERT_TRUE(house.database->write([&](Connection& c) {
        auto query = c.prepare("select id, blob from document order by id limit 1");
        query.step();
        gone = query.text(1);
        auto id = query.integer(0);
        c.prepare("delete from document where id = ?").bind_all(id).run();
      }));
      ASSERT_TRUE(house.blobs->remove(gone));
    }
  });
  for (int round = 0; round < 2; ++round) {
    auto file = scratch / "all.backup";
    auto report = backup_data(*house.database, house.folder, file);
    ASSERT_TRUE(report) << report.error().message;
    auto into = scratch / ("restored" + std::to_string(round));
    auto restored = restore(file, into);
    ASSERT_TRUE(restored) << restored.error().message;
    House again(into);
    EXPECT_GE(again.names().size(), 15U);
    for (const auto& name : again.names()) ASSERT_TRUE(again.blobs->path(name)) << name;
  }
  stop = true;
  writer.join();
  EXPECT_TRUE(fs::is_empty(house.folder + "/blobs/set-aside"));
}

TEST(Backup, NeedsAFolderToWriteTo) {
  Scratch scratch;
  House house(scratch / "data");
  std::string folder = scratch / "missing";
  EXPECT_EQ(backup_data(*house.database, house.folder, folder + "/x").error().code, Code::not_found);
}

TEST(Restore, DoesNotOverwrite) {
  Scratch scratch;
  House house(scratch / "data");
  house.add("precious");
  auto file = scratch / "all.backup";
  ASSERT_TRUE(backup_data(*house.database, house.folder, file));
  house.add("newer");
  auto refused = restore(file, house.folder);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "data_exists");
  EXPECT_EQ(house.names().size(), 2U);
  fs::create_directories(scratch / "empty/models");
  EXPECT_TRUE(restore(file, scratch / "empty"));
}

TEST(Restore, RefusesWhatIsDamaged) {
  Scratch scratch;
  House house(scratch / "data");
  for (int i = 0; i < 5; ++i) house.add(random_bytes(10'000));
  auto file = scratch / "all.backup";
  ASSERT_TRUE(backup_data(*house.database, house.folder, file));
  std::ifstream in(file, std::ios::binary);
  std::string whole((std::istreambuf_iterator<char>(in)), {});
  auto attempt = [&](const std::string& bytes) {
    std::ofstream(scratch / "bad", std::ios::binary) << bytes;
    auto done = restore(scratch / "bad", scratch / "into");
    EXPECT_FALSE(fs::exists(scratch / "into/bastide.db"));
    EXPECT_FALSE(fs::exists(scratch / "into/restore.partial"));
    return done ? "fine" : std::string(code_name(done.error().code));
  };
  EXPECT_EQ(attempt(""), "corrupt");
  EXPECT_EQ(attempt("no archive at all"), "corrupt");
  EXPECT_EQ(attempt(whole.substr(0, whole.size() / 2)), "corrupt");
  EXPECT_EQ(attempt(whole.substr(0, whole.size() - 1)), "corrupt");
  for (std::size_t at = 100; at < whole.size(); at += whole.size() / 7) {
    auto flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    EXPECT_EQ(attempt(flipped), "corrupt") << at;
  }
  EXPECT_EQ(restore(scratch / "absent", scratch / "into").error().code, Code::not_found);
  EXPECT_TRUE(restore(file, scratch / "into"));
}

TEST(Restore, RefusesNamesThatLeadOutside) {
  Scratch scratch;
  for (const auto* name :
       {"../evil", "/etc/evil", "keys/../../evil", "keys/.hidden", "blobs/../evil", "evil", "keys/"}) {
    {
      auto file = open_file(scratch / "bad", O_WRONLY | O_CREAT | O_TRUNC);
      ArchiveWriter archive(*file);
      ASSERT_TRUE(archive.begin(name, 4));
      ASSERT_TRUE(archive.write("evil"));
      ASSERT_TRUE(archive.finish());
    }
    EXPECT_EQ(restore(scratch / "bad", scratch / "into").error().code, Code::corrupt) << name;
  }
  EXPECT_FALSE(fs::exists(scratch / "evil"));
}

TEST(Backup, ADamagedBlobIsNamedAndCarriedAlong) {
  Scratch scratch;
  House house(scratch / "data");
  house.add("fine");
  house.add("will rot");
  auto name = sha256_hex("will rot");
  std::ofstream(house.blobs->path(name).value()) << "has rot!";
  auto file = scratch / "all.backup";
  auto report = backup_data(*house.database, house.folder, file);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->damaged, std::vector<std::string>{name});
  auto restored = restore(file, scratch / "into");
  ASSERT_TRUE(restored);
  EXPECT_EQ(restored->damaged, std::vector<std::string>{name});
}

TEST(Archive, TarReadsIt) {
  if (std::system("tar --version > /dev/null 2>&1 && command -v zstd > /dev/null") != 0)
    GTEST_SKIP() << "no tar with zstd";
  Scratch scratch;
  {
    auto file = open_file(scratch / "a.tar.zst", O_WRONLY | O_CREAT);
    ArchiveWriter archive(*file);
    ASSERT_TRUE(archive.begin("one.txt", 5));
    ASSERT_TRUE(archive.write("hello"));
    ASSERT_TRUE(archive.begin("empty.txt", 0));
    ASSERT_TRUE(archive.begin("two.txt", 512));
    ASSERT_TRUE(archive.write(std::string(512, 'x')));
    ASSERT_TRUE(archive.finish());
  }
  auto command = "tar --zstd -C " + scratch.path() + " -xf " + (scratch / "a.tar.zst");
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(fs::file_size(scratch / "one.txt"), 5U);
  EXPECT_EQ(fs::file_size(scratch / "empty.txt"), 0U);
  EXPECT_EQ(fs::file_size(scratch / "two.txt"), 512U);
}
}  // namespace
}  // namespace bastide::storage
