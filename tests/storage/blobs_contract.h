// What every engine of Blobs must do.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <thread>

#include "base/crypto.h"
#include "storage/blobs.h"

namespace bastide::storage {

struct BlobsUnderTest {
  virtual ~BlobsUnderTest() = default;
  virtual Blobs& blobs() = 0;
};
using BlobsFactory = std::function<std::unique_ptr<BlobsUnderTest>()>;

class BlobsContract : public testing::TestWithParam<BlobsFactory> {
 protected:
  void SetUp() override { under_ = GetParam()(); }
  Blobs& blobs() { return under_->blobs(); }

 private:
  std::unique_ptr<BlobsUnderTest> under_;
};

TEST_P(BlobsContract, ANameIsTheHashOfTheBytes) {
  std::string bytes("a\0b\xff", 4);
  auto name = blobs().put(bytes);
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, sha256_hex(bytes));
  EXPECT_EQ(blobs().get(*name, 4).value(), bytes);
  EXPECT_EQ(blobs().get(*name, 3).error().code, Code::too_large);
  std::ifstream file(blobs().path(*name).value(), std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), bytes);
  EXPECT_EQ(blobs().put("").value(), sha256_hex(""));
  EXPECT_EQ(blobs().get(sha256_hex(""), 0).value(), "");
}

TEST_P(BlobsContract, PiecesAreOneBlob) {
  auto writer = std::move(blobs().create().value());
  std::string whole;
  for (int i = 0; i < 100; ++i) {
    std::string piece(1000, static_cast<char>('a' + i % 26));
    whole += piece;
    ASSERT_TRUE(writer->write(piece));
  }
  EXPECT_EQ(writer->size_bytes(), 100'000U);
  auto name = writer->commit();
  ASSERT_TRUE(name);
  EXPECT_EQ(blobs().get(*name, 100'000).value(), whole);
  EXPECT_FALSE(writer->commit());
  EXPECT_FALSE(writer->write("more"));
  EXPECT_EQ(blobs().get(*name, 200'000).value(), whole);
}

TEST_P(BlobsContract, NothingIsThereBeforeCommit) {
  {
    auto writer = std::move(blobs().create().value());
    ASSERT_TRUE(writer->write("secret"));
    EXPECT_EQ(blobs().get(sha256_hex("secret"), 100).error().code, Code::not_found);
  }
  EXPECT_EQ(blobs().get(sha256_hex("secret"), 100).error().code, Code::not_found);
}

TEST_P(BlobsContract, WhatALivingWriterCommittedIsNotRemoved) {
  auto before = blobs().put("same").value();
  auto writer = std::move(blobs().create().value());
  ASSERT_TRUE(writer->write("same"));
  ASSERT_EQ(writer->commit().value(), before);
  ASSERT_TRUE(blobs().remove(before));
  EXPECT_EQ(blobs().get(before, 10).value(), "same");
  writer.reset();
  ASSERT_TRUE(blobs().remove(before));
  EXPECT_EQ(blobs().path(before).error().code, Code::not_found);
}

TEST_P(BlobsContract, TheSameBytesTwiceAreOne) {
  auto one = blobs().put("same");
  EXPECT_EQ(blobs().put("same").value(), *one);
  ASSERT_TRUE(blobs().remove(*one));
  EXPECT_EQ(blobs().path(*one).error().code, Code::not_found);
  EXPECT_TRUE(blobs().remove(*one));
  EXPECT_TRUE(blobs().put("same"));
  EXPECT_EQ(blobs().get(*one, 10).value(), "same");
}

TEST_P(BlobsContract, NamesThatAreNoneDoNotExist) {
  for (const auto* name : {"", "../../etc/passwd", "abc", "ABCDEF",
                           "zz00000000000000000000000000000000000000000000000000000000000000"}) {
    EXPECT_EQ(blobs().get(name, 10).error().code, Code::not_found);
    EXPECT_EQ(blobs().path(name).error().code, Code::not_found);
    EXPECT_EQ(blobs().remove(name).error().code, Code::not_found);
  }
}

TEST_P(BlobsContract, ManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i)
        EXPECT_EQ(blobs().put(std::to_string(i)).value(), sha256_hex(std::to_string(i)));
    });
  for (auto& thread : threads) thread.join();
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(blobs().get(sha256_hex(std::to_string(i)), 10).value(), std::to_string(i));
}

}  // namespace bastide::storage
