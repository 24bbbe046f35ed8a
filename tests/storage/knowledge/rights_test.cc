// What a reader gets is what a library of only that reader's documents would give.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/storage/knowledge/fixture.h"

namespace bastide::knowledge {
namespace {
using test::House;
using testing::IsEmpty;
using testing::SizeIs;

std::string text_of(std::mt19937& random) {
  static const std::vector<std::string> vocabulary{
      "télétravail", "congé",  "déchets", "budget",  "école",   "piscine", "carte",   "prime",
      "voirie",      "marché", "maire",   "salaire", "contrat", "réunion", "horaire", "badge"};
  std::string text;
  for (int paragraph = 0; paragraph < 3; ++paragraph) {
    for (int i = 0; i < 130; ++i)
      text += vocabulary[random() % vocabulary.size()] + (i % 9 == 8 ? ". " : " ");
    text += "\n\n";
  }
  return text;
}

struct Seen {
  std::int64_t searched = 0;
  bool supported = false;
  std::vector<std::tuple<std::string, std::string, double, double, int, int>> results;
  bool operator==(const Seen&) const = default;
};

Seen see(House& house, const identity::Principal& who, const std::string& query) {
  const auto answer = house.search(who, query);
  Seen seen{answer.searched, answer.supported, {}};
  for (const auto& hit : answer.results)
    seen.results.emplace_back(hit.passage.title, hit.passage.text, hit.passage.score, hit.bm25,
                              hit.lexical_rank, hit.dense_rank);
  return seen;
}

TEST(Rights, AReaderSeesWhatALibraryOfTheirOwnWouldGive) {
  test::Folder whole_folder, own_folder;
  House whole(whole_folder.path), own(own_folder.path);
  whole.library->start_workers();
  own.library->start_workers();
  const auto owner = House::person("owner");
  const auto reader = House::person("reader", {"outer"});  // identity gives nested groups flattened
  std::mt19937 random(11);
  std::vector<std::string> all_collections, own_collections;
  int documents = 0;
  for (int c = 0; c < 5; ++c) {
    const bool open = c % 2 == 0;
    const std::vector<std::string> readers = open ? std::vector<std::string>{c == 0 ? "everyone" : "g:outer"}
                                                  : std::vector<std::string>{"p:somebody"};
    const auto name = "collection " + std::to_string(c);
    all_collections.push_back(whole.collection(owner, name, readers));
    std::string mirror;
    if (open) {
      mirror = own.collection(owner, name, readers);
      own_collections.push_back(mirror);
    }
    for (int d = 0; d < 6; ++d) {
      std::optional<std::vector<std::string>> narrowed;
      if (d % 3 == 1) narrowed = {"p:somebody"};
      if (d % 3 == 2) narrowed = {"p:reader"};
      const auto text = text_of(random);
      const auto file = "document " + std::to_string(c) + "-" + std::to_string(d) + ".txt";
      ASSERT_TRUE(whole.upload(owner, all_collections.back(), file, text, narrowed));
      if (!open || d % 3 == 1) continue;
      ASSERT_TRUE(own.upload(owner, mirror, file, text, narrowed));
      ++documents;
    }
  }
  for (const auto& id : all_collections) whole.settle(owner, id);
  for (const auto& id : own_collections) own.settle(owner, id);

  for (const char* query :
       {"télétravail congé", "budget de l'école", "salaire du maire", "réunion horaire badge", "zèbre"})
    EXPECT_EQ(see(whole, reader, query), see(own, reader, query)) << query;

  std::int64_t listed = 0;
  const auto mine = whole.library->collections(reader, {});
  ASSERT_TRUE(mine);
  EXPECT_THAT(mine->items, SizeIs(3));
  for (const auto& item : mine->items) {
    listed += item.documents;
    EXPECT_THAT(whole.library->documents(reader, item.id, {.q = {}, .after = {}, .limit = 50})->items,
                SizeIs(static_cast<std::size_t>(item.documents)));
    EXPECT_FALSE(item.may_write);
  }
  EXPECT_EQ(listed, documents);
}

TEST(Rights, AllDoorsAnswerAlikeForWhatMayNotBeRead) {
  test::Folder folder;
  House house(folder.path);
  house.library->start_workers();
  const auto ana = House::person("ana"), bob = House::person("bob");
  const auto secret = house.collection(ana, "Salaires");
  const auto id = house.upload(ana, secret, "a.txt", "Le salaire du maire est de 3000 euros.")->id;
  house.settle(ana, secret);
  const auto passage = house.search(ana, "salaire du maire").results.at(0).passage.id;

  auto same = [](const auto& hidden, const auto& absent) {
    ASSERT_FALSE(hidden);
    ASSERT_FALSE(absent);
    EXPECT_EQ(hidden.error().code, Code::not_found);
    EXPECT_EQ(hidden.error().message, absent.error().message);
    EXPECT_EQ(hidden.error().detail, absent.error().detail);
  };
  auto& library = *house.library;
  same(library.collection(bob, secret), library.collection(bob, "col_none"));
  same(library.documents(bob, secret, {}), library.documents(bob, "col_none", {}));
  same(library.document(bob, id), library.document(bob, "doc_none"));
  same(library.content(bob, id, {passage, {}}), library.content(bob, "doc_none", {passage, {}}));
  same(library.file(bob, id), library.file(bob, "doc_none"));
  same(library.page_png(bob, id, 1, 500), library.page_png(bob, "doc_none", 1, 500));
  same(library.delete_document(bob, id), library.delete_document(bob, "doc_none"));
  same(library.check_upload(bob, secret), library.check_upload(bob, "col_none"));
  same(sync_wait(library.search(bob, "salaire", {secret}, 5)),
       sync_wait(library.search(bob, "salaire", {"col_none"}, 5)));
  same(sync_wait(library.retrieve(bob, "salaire", {secret}, 5)),
       sync_wait(library.retrieve(bob, "salaire", {"x"}, 5)));
  EXPECT_FALSE(library.find_collection(bob, "Salaires"));

  // An administrator manages it, and does not read it.
  const auto admin = House::person("admin", {}, identity::Role::admin);
  EXPECT_TRUE(library.document(admin, id));
  EXPECT_FALSE(library.content(admin, id, {}));
  EXPECT_THAT(house.search(admin, "salaire du maire").results, IsEmpty());
}

TEST(Rights, RevocationCountsAtOnce) {
  test::Folder folder;
  House house(folder.path);
  house.library->start_workers();
  const auto ana = House::person("ana"), bob = House::person("bob", {"rh"});
  const auto collection = house.collection(ana, "RH", {"g:rh"});
  const auto id = house.upload(ana, collection, "a.txt", "Le télétravail est ouvert à tous les agents.")->id;
  house.settle(ana, collection);
  ASSERT_THAT(house.search(bob, "télétravail").results, SizeIs(1));
  // Out of the group: the principal says so.
  EXPECT_THAT(house.search(House::person("bob"), "télétravail").results, IsEmpty());
  ASSERT_TRUE(house.library->change_collection(
      ana, collection, {.name = {}, .label = {}, .readers = std::vector<std::string>{"p:eve"}}));
  EXPECT_THAT(house.search(bob, "télétravail").results, IsEmpty());
  EXPECT_FALSE(house.library->document(bob, id));
  // Through another process on the same files it is the same.
  ASSERT_TRUE(house.library->change_collection(
      ana, collection, {.name = {}, .label = {}, .readers = std::vector<std::string>{"p:bob"}}));
  ASSERT_THAT(house.search(bob, "télétravail").results, SizeIs(1));
  House other(folder.path);
  ASSERT_TRUE(other.library->change_collection(
      ana, collection, {.name = {}, .label = {}, .readers = std::vector<std::string>{}}));
  EXPECT_THAT(house.search(bob, "télétravail").results, IsEmpty());
}

TEST(Rights, ANarrowerReplacementHidesTheOldVersionBeforeItIsReady) {
  test::Folder folder;
  House house(folder.path);
  const auto ana = House::person("ana"), bob = House::person("bob");
  const auto collection = house.collection(ana, "RH", {"everyone"});
  house.library->start_workers();
  const auto id = house.upload(ana, collection, "a.txt", "La prime de fin d'année.")->id;
  house.settle(ana, collection);
  ASSERT_THAT(house.search(bob, "prime").results, SizeIs(1));
  house.library->stop_workers();
  ASSERT_TRUE(
      house.upload(ana, collection, "a.txt", "La prime de 300 euros.", std::vector<std::string>{"p:eve"}));
  EXPECT_THAT(house.search(bob, "prime").results, IsEmpty());
  EXPECT_FALSE(house.library->document(bob, id));
  EXPECT_THAT(house.search(ana, "prime").results, SizeIs(1));
  // And one that opens up does not open the old text.
  ASSERT_TRUE(house.upload(ana, collection, "a.txt", "La prime.", std::vector<std::string>{"everyone"}));
  EXPECT_THAT(house.search(bob, "prime").results, SizeIs(1)) << "the searched version was open";
  house.library->start_workers();
  house.settle(ana, collection);
  EXPECT_THAT(house.search(bob, "prime").results, SizeIs(1));
}

}  // namespace
}  // namespace bastide::knowledge
