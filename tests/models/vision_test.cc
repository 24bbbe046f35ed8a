// Images: an answer is what llama.cpp's own multimodal helper leads to, alone, beside others, and out of the
// cache.
#include <gtest/gtest.h>
#include <llama.h>
#include <mtmd-helper.h>
#include <mtmd.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/crypto.h"
#include "models/local/chat_scheduler.h"
#include "models/local/placement.h"
#include "tests/models/reader.h"
#include "tests/models/scratch.h"
#include "tests/models/seeing_model.h"
#include "tests/models/told.h"

namespace bastide::models::local {
namespace {

constexpr std::string_view chat_template =
    "{% for message in messages %}[{{ message.role }}]{{ message.content }}{% endfor %}[answer]";
constexpr int answer_tokens = 24;

struct Image {
  std::uint32_t width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
};

/// Stripes that depend on `seed`.
Image striped(std::uint32_t width, std::uint32_t height, unsigned seed) {
  Image out{width, height, {}};
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = 0; x < width; ++x)
      for (unsigned channel = 0; channel < 3; ++channel)
        out.rgb.push_back(static_cast<std::uint8_t>((x * (seed + channel) * 7 + y * (3 + seed)) % 256));
  return out;
}

std::string png(const Image& image) {
  png_image head{};
  head.version = PNG_IMAGE_VERSION;
  head.width = image.width;
  head.height = image.height;
  head.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&head, nullptr, &size, 0, image.rgb.data(), 0, nullptr);
  std::string out(size, '\0');
  png_image_write_to_memory(&head, out.data(), &size, 0, image.rgb.data(), 0, nullptr);
  return out;
}

/// A text, or an image where there is one.
struct Piece {
  std::string text;
  std::optional<Image> image{};
};

nlohmann::json content_of(const std::vector<Piece>& pieces) {
  auto out = nlohmann::json::array();
  for (const auto& piece : pieces) {
    if (piece.image)
      out.push_back({{"type", "image_url"},
                     {"image_url", {{"url", "data:image/png;base64," + base64(png(*piece.image))}}}});
    else
      out.push_back({{"type", "text"}, {"text", piece.text}});
  }
  return out;
}

/// What llama.cpp makes of it, without anything of ours.
class Peer {
 public:
  Peer(const std::string& model_file, const std::string& vision_file) {
    mtmd_helper_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
    auto model_params = llama_model_default_params();
    model_.reset(llama_model_load_from_file(model_file.c_str(), model_params));
    auto params = llama_context_default_params();
    params.n_ctx = 2048;
    params.n_batch = params.n_ubatch = 512;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.n_threads = params.n_threads_batch = 1;
    context_.reset(llama_init_from_model(model_.get(), params));
    auto vision_params = mtmd_context_params_default();
    vision_params.use_gpu = vision_params.warmup = vision_params.print_timings = false;
    vision_params.n_threads = 1;
    vision_.reset(mtmd_init_from_file(vision_file.c_str(), model_.get(), vision_params));
  }
  std::vector<int> answer(const std::vector<Piece>& pieces) {
    std::string text = "[user]";
    mtmd::bitmaps images;
    for (const auto& piece : pieces) {
      text += piece.image ? mtmd_default_marker() : piece.text;
      if (piece.image)
        images.entries.emplace_back(piece.image->width, piece.image->height, piece.image->rgb.data());
    }
    text += "[answer]";
    mtmd::input_chunks chunks(mtmd_input_chunks_init());
    const mtmd_input_text input{text.data(), text.size(), true, true};
    auto given = images.c_ptr();
    EXPECT_EQ(mtmd_tokenize(vision_.get(), chunks.ptr.get(), &input, given.data(), given.size()), 0);
    llama_memory_seq_rm(llama_get_memory(context_.get()), 0, -1, -1);
    llama_pos at = 0;
    EXPECT_EQ(mtmd_helper_eval_chunks(vision_.get(), context_.get(), chunks.ptr.get(), 0, 0, 512, true, &at),
              0);
    std::vector<int> out;
    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model_.get()));
    while (out.size() < answer_tokens) {
      float* logits = llama_get_logits_ith(context_.get(), -1);
      for (int token = 0; token < vocabulary; ++token)
        if (llama_vocab_is_eog(llama_model_get_vocab(model_.get()), token)) logits[token] = -INFINITY;
      out.push_back(static_cast<int>(std::max_element(logits, logits + vocabulary) - logits));
      llama_token next = out.back(), *token = &next;
      llama_seq_id sequence = 0, *of = &sequence;
      std::int32_t one = 1;
      std::int8_t wanted = 1;
      EXPECT_EQ(llama_decode(context_.get(), {1, token, nullptr, &at, &one, &of, &wanted}), 0);
      ++at;
    }
    return out;
  }

 private:
  std::unique_ptr<llama_model, decltype(&llama_model_free)> model_{nullptr, llama_model_free};
  std::unique_ptr<llama_context, decltype(&llama_free)> context_{nullptr, llama_free};
  mtmd::context_ptr vision_;
};

using test::Told;
using test::told;

class Seeing : public testing::TestWithParam<test::Projector> {
 protected:
  void SetUp() override {
    options_.file = scratch_.path("text.gguf");
    options_.vision_file = scratch_.path("eyes.gguf");
    ASSERT_TRUE(test::write_projector(options_.vision_file, GetParam()));
    ASSERT_TRUE(GetParam() == test::Projector::qwen2vl
                    ? test::write_sectioned_model(options_.file, chat_template)
                    : test::write_windowed_model(options_.file, chat_template));
    options_.context_tokens = 2048;
    options_.slots = slots;
    auto loaded = Engine::load(options_);
    ASSERT_TRUE(loaded) << loaded.error().message;
    engine_ = std::move(*loaded);
  }
  static std::string body(const std::vector<Piece>& pieces, const std::string& person) {
    nlohmann::json out{
        {"temperature", 0}, {"ignore_eos", true}, {"max_tokens", answer_tokens}, {"logprobs", true}};
    out["messages"] = {{{"role", "user"}, {"content", content_of(pieces)}}};
    out["bastide"] = {{"person", person}, {"rights", "staff"}};
    return out.dump();
  }
  std::unique_ptr<Generation> prepare(const std::vector<Piece>& pieces, const std::string& person = "ada") {
    auto made = engine_->prepare(body(pieces, person));
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
  static std::vector<Piece> question(unsigned seed, const std::string& text = "What is it?") {
    return {{"Look: "}, {{}, striped(64, 48, seed)}, {text}};
  }
  std::vector<int> peer(const std::vector<Piece>& pieces) {
    return Peer(options_.file, options_.vision_file).answer(pieces);
  }
  static constexpr int slots = 3;
  test::Scratch scratch_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
  test::Reader reader_;
};

TEST_P(Seeing, AnswersAsLlamaCppItself) {
  ChatScheduler scheduler(*engine_, slots, {}, reader_.send());
  const std::vector<std::vector<Piece>> all{
      question(1),
      question(2),
      question(1, "Why?"),
      {{"Two: "}, {{}, striped(40, 90, 3)}, {" and "}, {{}, striped(64, 64, 4)}, {"."}}};
  std::vector<std::vector<int>> answers;
  for (std::size_t each = 0; each < all.size(); ++each) {
    scheduler.submit(each + 1, prepare(all[each]));
    answers.push_back(told(reader_, each + 1).tokens);
    EXPECT_EQ(answers.back(), peer(all[each])) << each;
  }
  EXPECT_NE(answers[0], answers[1]) << "the image matters";
  EXPECT_NE(answers[0], answers[2]) << "the question matters";
}

TEST_P(Seeing, AnswersTogetherAreThoseAlone) {
  ChatScheduler scheduler(*engine_, slots, {}, reader_.send());
  for (std::uint64_t call = 1; call <= 6; ++call)
    scheduler.submit(call, prepare(question(static_cast<unsigned>(call)), "person " + std::to_string(call)));
  for (std::uint64_t call = 1; call <= 6; ++call)
    EXPECT_EQ(told(reader_, call).tokens, peer(question(static_cast<unsigned>(call)))) << call;
}

TEST_P(Seeing, AnImageIsReusedWholeOrNotAtAll) {
  ChatScheduler scheduler(*engine_, slots, {}, reader_.send());
  scheduler.submit(1, prepare(question(1)));
  EXPECT_EQ(told(reader_, 1).cached, 0U);
  scheduler.submit(2, prepare(question(1, "And now?")));
  const auto again = told(reader_, 2);
  EXPECT_GT(again.cached, 60U) << "with the image";
  EXPECT_EQ(again.tokens, peer(question(1, "And now?")));
  scheduler.submit(3, prepare(question(2)));
  const auto other = told(reader_, 3);
  EXPECT_LT(other.cached, 35U) << "what stands before another image";
  EXPECT_EQ(other.tokens, peer(question(2)));
  scheduler.submit(4, prepare({{"Look: "}, {{}, striped(64, 48, 1)}}));
  const auto last = told(reader_, 4);
  EXPECT_EQ(last.tokens, peer({{"Look: "}, {{}, striped(64, 48, 1)}}));
}

TEST_P(Seeing, WhatIsKeptOutsideTheSlotsGivesTheSameAnswer) {
  PrefixStoreOptions kept;
  kept.key = std::string(32, 'k');
  kept.memory_bytes_max = 64 << 20;
  PrefixStore store(kept);
  std::string rules;
  while (rules.size() < 2 * block_tokens) rules += "Rule " + std::to_string(rules.size()) + " holds. ";
  const std::vector<Piece> asked{{rules}, {{}, striped(64, 48, 1)}, {rules + "What is it?"}};
  const auto right = peer(asked);
  {
    ChatScheduler scheduler(*engine_, slots, {&store}, reader_.send());
    scheduler.submit(1, prepare(asked));
    EXPECT_EQ(told(reader_, 1).tokens, right);
  }
  ChatScheduler scheduler(*engine_, slots, {&store}, reader_.send());
  scheduler.submit(2, prepare(asked, "bob"));
  const auto colleague = told(reader_, 2);
  EXPECT_EQ(colleague.tokens, right);
  EXPECT_GE(colleague.cached, 2 * block_tokens);
  if (engine_->images_take_fewer_positions())
    EXPECT_LT(colleague.cached, rules.size() + 64) << "what stands before the image";
  else
    EXPECT_GT(colleague.cached, rules.size() + 64) << "the image too";
}

TEST_P(Seeing, ACountIsThatOfThePrompt) {
  const auto pieces = question(1);
  EXPECT_EQ(*engine_->count(body(pieces, "ada")), prepare(pieces)->prompt().size());
}

TEST_P(Seeing, ACallThatIsCancelledWhileItsImageIsLookedAtEnds) {
  ChatScheduler scheduler(*engine_, slots, {}, reader_.send());
  scheduler.submit(1, prepare(question(7)));
  scheduler.cancel(1);
  EXPECT_TRUE(reader_.ended(1));
  scheduler.submit(2, prepare(question(1)));
  EXPECT_EQ(told(reader_, 2).tokens, peer(question(1)));
}

TEST_P(Seeing, WhatItCannotReadIsRefused) {
  const auto refused = [&](const nlohmann::json& part) {
    nlohmann::json body{{"messages", {{{"role", "user"}, {"content", {part}}}}}};
    const auto made = engine_->prepare(body.dump());
    return made ? std::string() : made.error().detail;
  };
  EXPECT_EQ(refused({{"type", "image_url"}, {"image_url", {{"url", "https://example.org/cat.png"}}}}),
            "image_by_address");
  EXPECT_EQ(refused({{"type", "image_url"}, {"image_url", {{"url", "data:image/png;base64,!!"}}}}),
            "damaged_image");
  EXPECT_EQ(refused({{"type", "image_url"}, {"image_url", {{"url", "data:image/png;base64,AAAA"}}}}),
            "unknown_image");
  EXPECT_EQ(refused({{"type", "image_url"}}), "bad_request");
  EXPECT_EQ(refused({{"type", "input_audio"}, {"input_audio", {{"data", "AAAA"}}}}), "bad_request");
}

TEST_P(Seeing, ItsMemoryIsCounted) {
  PlacementNeed need;
  need.engine = options_;
  need.host_bytes = 1ULL << 40;
  auto without = need;
  without.engine.vision_file.clear();
  ASSERT_TRUE(place_model(need));
  const auto with = place_model(need), plain = place_model(without);
  EXPECT_GT(with->plan.host_bytes, plain->plan.host_bytes);
}

std::string name_of(const testing::TestParamInfo<test::Projector>& each) {
  constexpr std::array names{"Llava", "Gemma3", "Qwen2VL"};
  return names.at(static_cast<std::size_t>(each.param));
}
INSTANTIATE_TEST_SUITE_P(Projectors, Seeing,
                         testing::Values(test::Projector::llava, test::Projector::gemma3,
                                         test::Projector::qwen2vl),
                         name_of);

TEST(Vision, AFileThatIsNoneIsRefused) {
  test::Scratch scratch;
  EngineOptions options;
  options.file = options.vision_file = scratch.path("text.gguf");
  ASSERT_TRUE(test::write_windowed_model(options.file, chat_template));
  const auto loaded = Engine::load(options);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().detail, "load_failed");
}

}  // namespace
}  // namespace bastide::models::local
