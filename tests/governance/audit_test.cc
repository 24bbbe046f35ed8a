#include "governance/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "governance/verify.h"
#include "tests/governance/log_store_contract.h"
#include "tests/governance/memory_keys.h"
#include "tests/governance/memory_log.h"

namespace bastide::governance {
namespace {

using testing::Contains;
using testing::HasSubstr;

struct MemoryMaker {
  LogStore& log() { return memory; }
  MemoryLog memory;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LogStoreContract, MemoryMaker);

class AuditTest : public testing::Test {
 protected:
  static identity::Principal person(std::string id, identity::Role role = identity::Role::member) {
    identity::Principal who;
    who.person = std::move(id);
    who.role = role;
    return who;
  }
  Result<void> keep(std::string exchange, std::string who, std::string receipt = R"({"stages":[]})") {
    return sync_wait(audit.keep(std::move(exchange), std::move(who), std::move(receipt)));
  }
  Verification verify() { return *verify_log(log, keys, signer); }

  MemoryLog log;
  MemoryKeys keys;
  Signer signer{"test-log", std::string(32, 's')};
  Pool pool{"test", 2, 1000};
  Audit audit{log, keys, signer, pool};
};

TEST_F(AuditTest, GivesAReceiptToItsPersonAndToAdministrators) {
  ASSERT_TRUE(keep("exc_1", "ada", R"({"label":"internal"})"));
  EXPECT_EQ(*audit.receipt("exc_1", person("ada")), R"({"label":"internal"})");
  const auto other = audit.receipt("exc_1", person("bob", identity::Role::manager));
  const auto none = audit.receipt("exc_2", person("bob"));
  ASSERT_FALSE(other);
  ASSERT_FALSE(none);
  EXPECT_EQ(other.error().code, Code::not_found);
  EXPECT_EQ(other.error().message, none.error().message);
  EXPECT_EQ(other.error().detail, none.error().detail);
  EXPECT_EQ(*log.size(), 1);
  EXPECT_TRUE(audit.receipt("exc_1", person("root", identity::Role::admin)));
  // That an administrator looked is on the record.
  EXPECT_EQ(log.find("receipt_read", "exc_1")->entry.body.actor, "root");
  EXPECT_FALSE(audit.receipt("exc_1", person("")));
}

TEST_F(AuditTest, KeepsNoContentInTheClear) {
  ASSERT_TRUE(keep("exc_1", "ada", R"({"secret":"word"})"));
  const auto& found = log.entries.front();
  EXPECT_THAT(found.payload->sealed, Not(HasSubstr("word")));
  EXPECT_THAT(canonical(found.entry.body), Not(HasSubstr("word")));
  // Salted: the same receipt twice has two hashes.
  ASSERT_TRUE(keep("exc_2", "ada", R"({"secret":"word"})"));
  EXPECT_NE(log.entries[0].entry.body.commitment, log.entries[1].entry.body.commitment);
}

TEST_F(AuditTest, RefusesEventsThatAreNone) {
  EXPECT_TRUE(audit.append("key_created", "ada", "key_1", "{}"));
  EXPECT_FALSE(audit.append("", "ada", "key_1", "{}"));
  EXPECT_FALSE(audit.append("Key made", "ada", "key_1", "{}"));
  EXPECT_FALSE(audit.append("exchange", "ada", "exc_1", "{}"));
  EXPECT_FALSE(audit.append("key_created", "ada", std::string(1000, 'x'), "{}"));
}

TEST_F(AuditTest, AnOutsiderCanCheckAProof) {
  for (int i = 0; i < 11; ++i)
    ASSERT_TRUE(keep("exc_" + std::to_string(i), "ada", "receipt " + std::to_string(i)));
  auto json = audit.proof_json("exc_4", person("ada"));
  ASSERT_TRUE(json);
  // Only from the text, as somebody else would.
  const auto proof = *parse_json(*json);
  const auto verifier = Verifier::parse(proof.at("public_key").get<std::string>());
  ASSERT_TRUE(verifier);
  const auto note = verifier->open_note(proof.at("checkpoint").get<std::string>());
  ASSERT_TRUE(note);
  const auto checkpoint = parse_checkpoint(*note);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->size, 11);
  const auto entry = proof.at("entry").get<std::string>();
  std::vector<Hash> path;
  for (const auto& each : proof.at("inclusion")) {
    const auto bytes = *unbase64(each.get<std::string>());
    std::copy(bytes.begin(), bytes.end(), path.emplace_back().begin());
  }
  EXPECT_TRUE(verify_inclusion(leaf_hash(entry), proof.at("leaf_index").get<std::uint64_t>(), 11, path,
                               checkpoint->root));
  const auto commitment = commit(*unbase64(proof.at("salt").get<std::string>()), "receipt 4");
  EXPECT_EQ(parse_json(entry)->at("commitment"), hex(commitment));
}

TEST_F(AuditTest, ALaterLogBeginsWithAnEarlierOne) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(keep("a" + std::to_string(i), "ada"));
  const auto before = parse_checkpoint(*signer.verifier().open_note(audit.checkpoint()->note));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(keep("b" + std::to_string(i), "ada"));
  const auto after = parse_checkpoint(*signer.verifier().open_note(audit.checkpoint()->note));
  const auto proof = audit.consistency(5, 13);
  ASSERT_TRUE(proof);
  EXPECT_TRUE(verify_consistency(5, 13, *proof, before->root, after->root));
  EXPECT_FALSE(audit.consistency(5, 14));
  EXPECT_FALSE(audit.consistency(0, 5));
}

TEST_F(AuditTest, VerifiesWhatIsWhole) {
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(keep("e" + std::to_string(i), i % 2 ? "ada" : "bob"));
  ASSERT_TRUE(audit.append("key_created", "ada", "key_1", "{}"));
  ASSERT_TRUE(audit.checkpoint());
  const auto found = verify();
  EXPECT_TRUE(found.holds()) << to_text(found);
  EXPECT_EQ(found.entries, 301);
  EXPECT_EQ(found.payloads, 301);
  EXPECT_EQ(found.checkpoints, 1);
  EXPECT_EQ(found.nodes, static_cast<std::int64_t>(log.nodes.size()));
  EXPECT_EQ(found.root, *root_of(log, 301));
  EXPECT_THAT(to_text(found), HasSubstr("The audit log holds."));
  EXPECT_TRUE(parse_json(to_json(found))->at("holds").get<bool>());
}

TEST_F(AuditTest, StillHoldsAfterAPersonWasForgotten) {
  ASSERT_TRUE(keep("e1", "ada"));
  ASSERT_TRUE(keep("e2", "bob"));
  EXPECT_EQ(*audit.forget("ada"), 1);
  ASSERT_TRUE(keys.destroy("ada"));
  const auto found = verify();
  EXPECT_TRUE(found.holds()) << to_text(found);
  EXPECT_EQ(found.erased, 1);
  EXPECT_EQ(audit.receipt("e1", person("ada")).error().detail, "receipt_erased");
  EXPECT_FALSE(audit.forget(""));
}

// Another process may have sealed a receipt with the key that it still remembered.
TEST_F(AuditTest, StillHoldsWhenAReceiptComesAfterItsKeyIsGone) {
  ASSERT_TRUE(keep("e1", "ada"));
  ASSERT_TRUE(keys.destroy("ada"));
  EXPECT_FALSE(keep("e2", "ada"));
  const auto found = verify();
  EXPECT_TRUE(found.holds()) << to_text(found);
  EXPECT_EQ(found.erased, 1);
  EXPECT_EQ(audit.receipt("e1", person("ada")).error().detail, "receipt_erased");
}

TEST_F(AuditTest, FindsWhatWasTamperedWith) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(keep("e" + std::to_string(i), "ada"));
  ASSERT_TRUE(audit.checkpoint());
  const auto entries = log.entries;
  const auto nodes = log.nodes;
  const auto notes = log.notes;
  const auto problem = [&](auto change) {
    log.entries = entries;
    log.nodes = nodes;
    log.notes = notes;
    change();
    const auto found = verify();
    EXPECT_FALSE(found.holds());
    EXPECT_THAT(to_text(found), HasSubstr("NOT"));
    std::string all;
    for (const auto& each : found.problems) all += each + "\n";
    return all;
  };
  EXPECT_THAT(problem([&] { log.entries[7].entry.body.actor = "eve"; }),
              HasSubstr("entry 7 (exchange): its fields"));
  EXPECT_THAT(problem([&] {
                log.entries[7].entry.body.actor = "eve";
                log.entries[7].entry.leaf = leaf_hash(canonical(log.entries[7].entry.body));
              }),
              AllOf(HasSubstr("tree node 1/3 is not the hash"), HasSubstr("checkpoint of 20")));
  EXPECT_THAT(problem([&] { log.nodes[{2, 1}] = sha256("x"); }), HasSubstr("tree node 2/1"));
  EXPECT_THAT(problem([&] { log.nodes.erase({1, 0}); }),
              HasSubstr("tree node 1/0, completed by entry 1, is missing"));
  EXPECT_THAT(problem([&] { log.entries[3].payload->sealed[40] ^= 1; }), HasSubstr("entry 3 (exchange e3)"));
  EXPECT_THAT(problem([&] { std::swap(log.entries[3].payload, log.entries[4].payload); }),
              HasSubstr("entry 4"));
  EXPECT_THAT(problem([&] { log.entries.pop_back(); }), HasSubstr("has only 19, so entries were cut off"));
  EXPECT_THAT(problem([&] { log.notes[20].note[30] ^= 1; }),
              HasSubstr("checkpoint of 20 entries: its signature"));
  EXPECT_THAT(problem([&] { log.entries.erase(log.entries.begin() + 5); }), HasSubstr("entry 5 is missing"));
}

TEST_F(AuditTest, WritersAtOnceMakeOneLog) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(keep("e" + std::to_string(t) + "_" + std::to_string(i), "p" + std::to_string(t)));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(verify().holds());
  EXPECT_EQ(*log.size(), 200);
}

}  // namespace
}  // namespace bastide::governance
