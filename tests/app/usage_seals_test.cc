#include "app/usage_seals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "base/id.h"
#include "base/json.h"
#include "storage/governance/log.h"
#include "storage/identity/sqlite_stores.h"
#include "storage/key_file.h"
#include "storage/policy/usage_files.h"

namespace bastide::app {
namespace {

using governance::Hash;

class UsageSealsTest : public testing::Test {
 protected:
  UsageSealsTest() {
    char name[] = "/tmp/bastide-seals-XXXXXX";
    folder = mkdtemp(name);
    open();
  }
  ~UsageSealsTest() override {
    close();
    std::filesystem::remove_all(folder);
  }
  void open() {
    database = std::move(*storage::Database::open(folder + "/bastide.db"));
    log = std::move(*storage::SqliteUsageLog::open(folder + "/usage", *database));
    keys = std::move(*storage::open_person_keys(*database, std::string(32, 'm')));
    store = std::make_unique<storage::SqliteLog>(*database);
    audit = std::make_unique<governance::Audit>(*store, *keys, signer(), pool);
    seal_store = std::make_unique<storage::UsageSealStore>(*database);
    seals = std::make_unique<UsageSeals>(*log, *seal_store, *audit);
  }
  void close() {
    seals.reset();
    audit.reset();
    store.reset();
    log.reset();
    database.reset();
  }
  static governance::Signer signer() { return {"test-log", std::string(32, 's')}; }
  static identity::Principal person(std::string id, identity::Role role = identity::Role::member) {
    identity::Principal who;
    who.person = std::move(id);
    who.role = role;
    return who;
  }
  std::string call(const std::string& who) {
    policy::UsageRow row;
    row.at_ms = now_ms();
    const auto exchange = new_id("ex");
    row.set_exchange(exchange);
    row.person = log->word(who);
    row.model = log->word("fast");
    if (!writer) writer = &log->writer();
    EXPECT_TRUE(writer->append(row));
    return exchange;
  }
  governance::Verification verify() {
    return *governance::verify_log(*store, *keys, signer(), {}, usage_witness(folder + "/usage"));
  }
  std::string segment() {
    return folder + "/usage/" + storage::usage_segment::list(folder + "/usage")->front();
  }
  static void flip(const std::string& file, std::int64_t at) {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(at);
    const char old = static_cast<char>(bytes.get());
    bytes.seekp(at);
    bytes.put(static_cast<char>(old ^ 1));
  }

  std::string folder;
  std::unique_ptr<storage::Database> database;
  std::unique_ptr<storage::SqliteUsageLog> log;
  std::unique_ptr<identity::PersonKeys> keys;
  std::unique_ptr<storage::SqliteLog> store;
  Pool pool{"test", 1, 10};
  std::unique_ptr<governance::Audit> audit;
  std::unique_ptr<storage::UsageSealStore> seal_store;
  std::unique_ptr<UsageSeals> seals;
  policy::UsageWriter* writer = nullptr;
};

Hash hash_of(const std::string& base64_text) {
  const auto bytes = *unbase64(base64_text);
  Hash hash{};
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}
std::vector<Hash> hashes_of(const nlohmann::json& list) {
  std::vector<Hash> out;
  for (const auto& each : list) out.push_back(hash_of(each));
  return out;
}

TEST_F(UsageSealsTest, ProvesOneRowWithoutTheOthers) {
  std::vector<std::string> exchanges;
  for (int i = 0; i < 5; ++i) exchanges.push_back(call("ada"));
  ASSERT_TRUE(seals->seal());
  for (int i = 0; i < 3; ++i) exchanges.push_back(call("bob"));  // not sealed yet: the proof sees to it
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    auto text = seals->proof_json(exchanges[i], person(i < 5 ? "ada" : "bob"));
    ASSERT_TRUE(text) << text.error().message;
    const auto proof = *parse_json(*text);
    // What an outsider does: row, its tree's root, the event, the log's root.
    const auto row = *unbase64(proof["row"]["bytes"].get<std::string>());
    EXPECT_NE(row.find(exchanges[i]), std::string::npos);
    const auto seal = *parse_json(proof["seal"].get<std::string>());
    Hash rows_root{};
    const auto root_bytes = *unhex(seal["rows_root"].get<std::string>());
    std::copy(root_bytes.begin(), root_bytes.end(), rows_root.begin());
    EXPECT_TRUE(governance::verify_inclusion(governance::leaf_hash(row), proof["row"]["index"],
                                             proof["row"]["rows"], hashes_of(proof["row"]["inclusion"]),
                                             rows_root));
    const auto entry = *parse_json(proof["entry"].get<std::string>());
    EXPECT_EQ(entry["kind"], "usage_sealed");
    EXPECT_EQ(entry["commitment"], hex(governance::commit(*unbase64(proof["salt"].get<std::string>()),
                                                          proof["seal"].get<std::string>())));
    EXPECT_TRUE(governance::verify_inclusion(governance::leaf_hash(proof["entry"].get<std::string>()),
                                             proof["leaf_index"], proof["tree_size"],
                                             hashes_of(proof["inclusion"]), hash_of(proof["root_hash"])));
  }
  EXPECT_FALSE(seals->proof_json(exchanges[0], person("bob"))) << "others' are not there";
  EXPECT_TRUE(seals->proof_json(exchanges[0], person("root", identity::Role::admin)));
  EXPECT_FALSE(seals->proof_json(new_id("ex"), person("ada")));
  EXPECT_EQ(*store->size(), 2) << "a seal covers what came since the one before";
  ASSERT_TRUE(seals->seal());
  EXPECT_EQ(*store->size(), 2) << "nothing new, nothing sealed";
  EXPECT_TRUE(verify().holds());
}

TEST_F(UsageSealsTest, WhatWasSealedCannotBeChangedUnseen) {
  for (int i = 0; i < 4; ++i) call("ada");
  ASSERT_TRUE(seals->seal());
  close();
  writer = nullptr;
  open();
  ASSERT_TRUE(verify().holds());
  const auto row = static_cast<std::int64_t>(storage::usage_segment::begin_of(2));
  flip(segment(), row + 100);
  EXPECT_FALSE(verify().holds()) << "a row that is changed is damaged";
  flip(segment(), row + 100);
  ASSERT_TRUE(verify().holds());
  // One who also puts the row's checksum right.
  policy::UsageRow other;
  {
    std::fstream bytes(segment(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(static_cast<std::int64_t>(storage::usage_segment::begin_of(1)));
    bytes.read(reinterpret_cast<char*>(&other), sizeof(other));
    bytes.seekp(row);
    bytes.write(reinterpret_cast<const char*>(&other), sizeof(other));
  }
  EXPECT_FALSE(verify().holds());
  std::filesystem::remove(segment());
  EXPECT_TRUE(verify().holds()) << "rows are kept for some months only, their seals for good";
  flip(folder + "/usage/words", 8);
  EXPECT_FALSE(verify().holds()) << "what a row's numbers mean is sealed too";
}

}  // namespace
}  // namespace bastide::app
