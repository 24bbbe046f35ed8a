#include "models/local/frame.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error_text.h"

namespace bastide::models::local {
namespace {

TEST(Frame, SurvivesEverySplit) {
  std::string bytes;
  append_frame(bytes, FrameKind::text, 7, "héllo");
  append_frame(bytes, FrameKind::cancel, 1ULL << 60, "");
  append_frame(bytes, FrameKind::finish, 3,
               encode(FinishBody{FinishReason::length, 10, 20, 5, 7, 6, 0.5, 1, 2, 4}));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameParser parser;
    std::vector<Frame> frames;
    ASSERT_TRUE(parser.feed(std::string_view(bytes).substr(0, cut), frames));
    ASSERT_TRUE(parser.feed(std::string_view(bytes).substr(cut), frames));
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].body, "héllo");
    EXPECT_EQ(frames[0].call, 7U);
    EXPECT_EQ(frames[1].call, 1ULL << 60);
    const auto finish = decode_finish(frames[2].body);
    ASSERT_TRUE(finish);
    EXPECT_EQ(finish->reason, FinishReason::length);
    EXPECT_EQ(finish->output_tokens, 20U);
    EXPECT_EQ(finish->cached_tokens, 5U);
    EXPECT_EQ(finish->joules, 0.5);
    EXPECT_EQ(finish->queue_s, 1);
    EXPECT_EQ(finish->prompt_s, 2);
    EXPECT_EQ(finish->answer_s, 4);
  }
}

TEST(Frame, RefusesUnknownKindsAndLongBodies) {
  std::string bytes;
  append_frame(bytes, static_cast<FrameKind>(99), 1, "x");
  FrameParser unknown;
  std::vector<Frame> frames;
  EXPECT_FALSE(unknown.feed(bytes, frames));
  EXPECT_FALSE(unknown.feed("", frames)) << "it stays broken";

  bytes.clear();
  append_frame(bytes, FrameKind::text, 1, std::string(100, 'a'));
  FrameParser small(99);
  EXPECT_FALSE(small.feed(bytes, frames));
  EXPECT_TRUE(frames.empty());
}

TEST(Frame, PlacesAndWaitsTravel) {
  const auto queued = decode_queued(encode(QueuedBody{3, 12}));
  ASSERT_TRUE(queued);
  EXPECT_EQ(queued->place, 3U);
  EXPECT_EQ(queued->wait_s, 12U);
  EXPECT_FALSE(decode_queued("1234567"));
  Error full{Code::rate_limited, "Full.", "queue_full", "Wait."};
  full.retry_after_s = 40;
  EXPECT_EQ(decode_error(encode_error(full)).retry_after_s, 40);
  EXPECT_EQ(decode_error(encode_error(full)).code, Code::rate_limited);
  EXPECT_EQ(decode_error(R"({"code":"rate_limited","retry_after_s":99999999999})").retry_after_s, 86'400);
  EXPECT_EQ(decode_error(R"({"code":"rate_limited","retry_after_s":-5})").retry_after_s, 0);
}

TEST(Frame, TimesThatAreNoneAreRefused) {
  for (const double wrong : {-1.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    FinishBody finish;
    finish.prompt_s = wrong;
    EXPECT_FALSE(decode_finish(encode(finish)));
  }
}

TEST(Frame, VectorsAreCheckedAgainstWhatWasAsked) {
  const std::vector<std::vector<float>> vectors{{1, 2, 3}, {4, 5, 6}};
  const std::string body = encode(VectorsBody{700, 1, vectors});
  const auto read = decode_vectors(body, 2);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->vectors, vectors);
  EXPECT_EQ(read->tokens, 700U);
  EXPECT_EQ(read->texts_cut, 1U);
  EXPECT_FALSE(decode_vectors(body, 3));
  EXPECT_FALSE(decode_vectors(std::string_view(body).substr(0, body.size() - 1), 2));
  EXPECT_FALSE(decode_vectors("", 0));
  EXPECT_FALSE(decode_vectors(encode(VectorsBody{1, 0, {{std::numeric_limits<float>::quiet_NaN()}}}), 1));
}

TEST(Frame, ScoresAreCheckedAgainstWhatWasAsked) {
  const std::string body = encode(ScoresBody{70, 1, {0.25F, 0.75F}});
  const auto read = decode_scores(body, 2);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->tokens, 70U);
  EXPECT_EQ(read->documents_cut, 1U);
  EXPECT_EQ(read->scores, (std::vector<float>{0.25F, 0.75F}));
  EXPECT_FALSE(decode_scores(body, 3));
  EXPECT_FALSE(decode_scores(std::string_view(body).substr(1), 2));
  EXPECT_FALSE(decode_scores("", 0));
  EXPECT_FALSE(decode_scores(encode(ScoresBody{1, 0, {std::numeric_limits<float>::infinity()}}), 1));
}

TEST(Frame, ErrorsTravelAndHostileOnesAreTamed) {
  const Error sent{Code::invalid, "Too long.", "context_too_long", "Shorten it."};
  const Error read = decode_error(encode_error(sent));
  EXPECT_EQ(read.code, Code::invalid);
  EXPECT_EQ(read.message, "Too long.");
  EXPECT_EQ(read.detail, "context_too_long");
  EXPECT_EQ(read.action, "Shorten it.");
  const Error full = error_with({{"model", "Tiny"}, {"free", ByteCount{9'100'000'000}}, {"low", 0.5}},
                                Code::unavailable, "{model}: {free}, {low}", "not_enough_memory");
  const Error told = decode_error(encode_error(full));
  EXPECT_EQ(told.message, "Tiny: 9.1 GB, 0.5");
  EXPECT_EQ(filled("{model} : {free}, {low}", told, "fr"), "Tiny : 9,1\u00a0Go, 0,5");
  EXPECT_TRUE(decode_error(R"({"code":"invalid","values":{"Bad name":"x","a":[1],"b":"line\nbreak"}})")
                  .values.empty());
  EXPECT_EQ(decode_error("[1]").detail, "worker_protocol");
  EXPECT_EQ(decode_error(R"({"code":"refused_by_policy","message":3})").code, Code::internal);
}

}  // namespace
}  // namespace bastide::models::local
