// Local models, with the real demonstration models in real worker processes.
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "models/house.h"
#include "models/local/local_model.h"
#include "net/loop.h"
#include "tests/models/asking.h"
#include "tests/models/scratch.h"
#include "tests/models/windowed_model.h"

namespace bastide::models {
namespace {

using local::LocalModel;
using local::LocalModelOptions;
using local::LocalStatus;
using test::ask;
using test::body;
using test::demo_model;
using test::Outcome;
using test::read_all;
using test::Scratch;

class Worker : public testing::Test {
 protected:
  static std::shared_ptr<LocalModel> make(const Manifest& manifest,
                                          std::function<void(LocalModelOptions&)> change = {}) {
    static Metrics metrics;
    static Counter& restarts = metrics.counter("restarts", "");
    LocalModelOptions options;
    options.manifest = manifest;
    options.own_binary = BASTIDE_TEST_WORKER;
    options.threads = 1;  // other programs run beside tests
    options.restart_pause = Millis(20);
    if (change) change(options);
    return std::make_shared<LocalModel>(std::move(options), restarts);
  }
  void SetUp() override {
    const auto found = demo_model("smollm2-135m");
    if (!found) GTEST_SKIP() << "no data: the demonstration model could not be fetched";
    chat_ = *found;
  }
  Manifest chat_;
};

TEST_F(Worker, AnswersWithExactUsageAndReusesThePrompt) {
  const auto model = make(chat_);
  const auto first = sync_wait(ask(model, body("What is the capital of France?")));
  ASSERT_FALSE(first.error) << first.error->message;
  EXPECT_FALSE(first.text.empty());
  ASSERT_TRUE(first.finish);
  EXPECT_GT(first.finish->usage.input_tokens, 20);
  EXPECT_LE(first.finish->usage.output_tokens, 24);
  EXPECT_EQ(first.finish->usage.cached_input_tokens, 0);
  EXPECT_FALSE(first.finish->usage.estimated);
  const auto again = sync_wait(ask(model, body("What is the capital of France?")));
  EXPECT_EQ(again.text, first.text) << "greedy: the same, from the slot's own cache";
  EXPECT_EQ(again.finish->usage.cached_input_tokens, first.finish->usage.input_tokens - 1);
  ASSERT_TRUE(first.computed.speed && again.computed.speed);
  EXPECT_GT(first.computed.speed->prompt, 1);
  EXPECT_GT(first.computed.speed->answer, 1);
  EXPECT_LT(again.computed.speed->queue_s, 1);
  EXPECT_EQ(model->count(body("What is the capital of France?")), first.finish->usage.input_tokens);
}

TEST_F(Worker, ADraftModelChangesNoWord) {
  const auto model = make(chat_, [&](LocalModelOptions& options) {
    options.manifest.draft = chat_.id;
    options.draft = chat_;
  });
  for (const std::string sampling : {R"("temperature":0)", R"("temperature":0.9,"seed":3)"}) {
    const std::string more = R"("max_tokens":40,"ignore_eos":true,)" + sampling;
    // The first call computes the prompt in one piece, later ones take it from the cache.
    (void)sync_wait(ask(model, body("Tell a story.", more + R"(,"speculative.n_max":0)")));
    const auto without = sync_wait(ask(model, body("Tell a story.", more + R"(,"speculative.n_max":0)")));
    ASSERT_FALSE(without.error) << without.error->message;
    EXPECT_EQ(without.computed.guessed_tokens, 0);
    const auto with = sync_wait(ask(model, body("Tell a story.", more + R"(,"speculative.n_min":4)")));
    EXPECT_EQ(with.text, without.text);
    EXPECT_GT(with.computed.guessed_tokens, 5);
    EXPECT_EQ(with.computed.by, "the processor");
    if (sampling == R"("temperature":0)")
      EXPECT_GE(with.computed.guessed_right * 10, with.computed.guessed_tokens * 9) << "it is the same model";
    else
      EXPECT_LT(with.computed.guessed_right, with.computed.guessed_tokens) << "drawn, not the likeliest";
  }
}

TEST_F(Worker, WhatASchemaForcesIsGuessedAndChangesNoWord) {
  const auto model = make(chat_);
  const std::string schema = R"("max_tokens":120,"json_schema":{"type":"object","properties":{
    "name_of_the_shop":{"type":"string","maxLength":12},"number_of_employees":{"type":"integer","maximum":99},
    "is_open_on_sundays":{"type":"boolean"}},"required":["name_of_the_shop","number_of_employees",
    "is_open_on_sundays"],"additionalProperties":false},)";
  for (const std::string sampling : {R"("temperature":0)", R"("temperature":0.8,"seed":5)"}) {
    (void)sync_wait(
        ask(model, body("A shop", schema + sampling)));  // the prompt is in the cache from here on
    const auto without =
        sync_wait(ask(model, body("A shop", schema + sampling + R"(,"speculative.n_max":0)")));
    ASSERT_FALSE(without.error) << without.error->message;
    const auto with = sync_wait(ask(model, body("A shop", schema + sampling + R"(,"speculative.n_min":4)")));
    EXPECT_EQ(with.text, without.text);
    EXPECT_GE(with.computed.guessed_right, 4) << with.text;
    EXPECT_TRUE(nlohmann::json::accept(with.text)) << with.text;
  }
}

TEST_F(Worker, ADraftThatIsNotThereOrOfAnotherVocabularyIsSaid) {
  auto manifest = chat_;
  manifest.draft = "small";
  const auto missing = sync_wait(ask(make(manifest), body("Hi")));
  ASSERT_TRUE(missing.error);
  EXPECT_EQ(missing.error->detail, "missing");
  EXPECT_NE(missing.error->message.find("names small as its draft"), std::string::npos);
  const Scratch scratch;
  Manifest other;
  other.id = other.name = "small";
  other.file = scratch.path("small.gguf");
  ASSERT_TRUE(test::write_windowed_model(other.file));
  other.bytes = std::filesystem::file_size(other.file);
  const auto foreign =
      sync_wait(ask(make(manifest, [&](LocalModelOptions& options) { options.draft = other; }), body("Hi")));
  ASSERT_TRUE(foreign.error);
  EXPECT_EQ(foreign.error->detail, "draft_vocabulary");
}

TEST_F(Worker, KeepsToWhatTheCallAsksFor) {
  const auto model = make(chat_);
  const auto run = [&](const std::string& question, const std::string& more) {
    return sync_wait(ask(model, body(question, more)));
  };
  EXPECT_EQ(run("Count from 1 to 50.", R"("max_tokens":7,"ignore_eos":true)").finish->usage.output_tokens, 7);
  EXPECT_EQ(run("Count.", R"("max_tokens":7,"ignore_eos":true)").finish->finish, exchange::Finish::length);
  const auto grammar = run("Is water wet?", R"("max_tokens":8,"grammar":"root ::= \"yes\" | \"no\"")");
  ASSERT_FALSE(grammar.error) << grammar.error->message;
  EXPECT_TRUE(grammar.text == "yes" || grammar.text == "no") << grammar.text;
  const auto schema =
      run("Describe Paris.", R"("max_tokens":200,"temperature":0,"response_format":{"type":"json_schema",
      "json_schema":{"schema":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}})");
  ASSERT_FALSE(schema.error) << schema.error->message;
  EXPECT_NO_THROW({
    const auto json = nlohmann::json::parse(schema.text);
    EXPECT_TRUE(json.at("n").is_number_integer());
  }) << schema.text;
  const auto exact = run("Describe Paris.", R"("max_tokens":120,"temperature":1.5,"seed":3,"json_schema":{
      "type":"object","properties":{"founded":{"type":"string","format":"date"},"share":{"type":"number",
      "exclusiveMinimum":0,"maximum":0.5},"code":{"type":"string","pattern":"^[A-Z]{2}-\\d+$","maxLength":6}},
      "required":["founded","share","code"],"additionalProperties":false})");
  ASSERT_FALSE(exact.error) << exact.error->message;
  EXPECT_NO_THROW({
    const auto json = nlohmann::json::parse(exact.text);
    EXPECT_EQ(json.at("founded").get<std::string>().size(), 10U);
    EXPECT_GT(json.at("share").get<double>(), 0);
    EXPECT_LE(json.at("share").get<double>(), 0.5);
    EXPECT_LE(json.at("code").get<std::string>().size(), 6U);
  }) << exact.text;
  const auto refused = run("Describe Paris.", R"("json_schema":{"type":"array","uniqueItems":true})");
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Code::invalid);
  EXPECT_TRUE(refused.error->message.starts_with("json_schema: \"uniqueItems\"")) << refused.error->message;
  const auto stopped = run("Say: apple banana cherry", R"("max_tokens":40,"temperature":0,"stop":["a"])");
  EXPECT_EQ(stopped.text.find('a'), std::string::npos);
  const auto one = run("Tell a story.", R"("max_tokens":16,"seed":7,"temperature":1.2)");
  const auto two = run("Tell a story.", R"("max_tokens":16,"seed":7,"temperature":1.2)");
  EXPECT_EQ(one.text, two.text) << "the same seed";
}

Task<std::vector<dialects::TokenLogprob>> logprobs_of(std::shared_ptr<LocalModel> model, std::string what) {
  std::vector<dialects::TokenLogprob> out;
  auto completion = co_await model->start(std::move(what), {});
  if (!completion) co_return out;
  while (true) {
    auto next = co_await (*completion)->next();
    if (!next || std::holds_alternative<dialects::End>(*next)) co_return out;
    if (auto* added = std::get_if<dialects::LogprobsAdded>(&*next))
      for (auto& each : added->logprobs.content) out.push_back(std::move(each));
  }
}

TEST_F(Worker, TellsHowLikelyItsWordsWereAndHeedsBiases) {
  const auto model = make(chat_);
  const auto told = sync_wait(logprobs_of(
      model, body("What is the capital of France?",
                  R"("max_tokens":4,"temperature":0,"ignore_eos":true,"logprobs":true,"top_logprobs":3)")));
  ASSERT_EQ(told.size(), 4U);
  for (const auto& each : told) {
    ASSERT_EQ(each.top.size(), 3U);
    EXPECT_EQ(each.top[0].token, each.token) << "greedy takes the likeliest";
    EXPECT_NEAR(each.top[0].logprob, each.logprob, 1e-9);
    EXPECT_GE(each.top[0].logprob, each.top[1].logprob);
    EXPECT_LE(each.logprob, 0);
  }
  const auto other =
      sync_wait(logprobs_of(model, body("What is the capital of France?",
                                        R"("max_tokens":1,"temperature":0,"logprobs":true,"logit_bias":[[")" +
                                            told[0].token + R"(",false]])")));
  ASSERT_EQ(other.size(), 1U);
  EXPECT_NE(other[0].token, told[0].token) << "it was forbidden";
  const auto choice = sync_wait(ask(
      model, body("Is water wet?", R"("max_tokens":8,"temperature":0,"guided_choice":["maybe","never"])")));
  EXPECT_TRUE(choice.text == "maybe" || choice.text == "never") << choice.text;
}

TEST_F(Worker, RefusesWithTheField) {
  const auto model = make(chat_);
  const auto refused = [&](const std::string& what) {
    return sync_wait(ask(model, what)).error.value_or(Error{});
  };
  EXPECT_EQ(refused(body("x", R"("temperature":"hot")")).detail, "bad_request");
  EXPECT_EQ(refused(body("x", R"("grammar":"root ::= (")")).detail, "bad_request");
  EXPECT_EQ(refused(R"({"messages":[]})").detail, "bad_request");
  EXPECT_EQ(refused(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})").detail,
            "bad_request");
  EXPECT_EQ(refused("{").code, Code::invalid);
  std::string words;
  for (int i = 0; i < 6000; ++i) words += "word ";
  const auto too_long = refused(body(words));
  EXPECT_EQ(too_long.detail, "context_too_long");
  EXPECT_NE(too_long.message.find("4096"), std::string::npos) << too_long.message;
}

std::string shared_rules() {
  std::string out;
  for (int i = 0; i < 60; ++i) out += "The rule number " + std::to_string(i) + " holds. ";
  return out;
}

Task<Result<int>> many(std::shared_ptr<LocalModel> model, int count, std::vector<Outcome>& out) {
  auto done = std::make_shared<Bell>();
  auto left = std::make_shared<std::atomic<int>>(count);
  struct One {
    static Task<void> run(std::shared_ptr<LocalModel> on, std::string what, Outcome& into,
                          std::shared_ptr<Bell> bell, std::shared_ptr<std::atomic<int>> open) {
      into = co_await ask(on, std::move(what));
      --*open;
      bell->ring();
    }
  };
  const std::string shared = shared_rules();
  for (int i = 0; i < count; ++i)
    spawn("one", One::run(model, body(shared + "Answer number " + std::to_string(i)),
                          out[static_cast<std::size_t>(i)], done, left));
  while (true) {
    const auto seen = done->count();
    if (*left == 0) co_return 0;
    co_await done->wait(seen);
  }
}

TEST_F(Worker, AnswersManyAtOnceAndComputesASharedBeginningOnce) {
  const auto model = make(chat_);
  std::vector<Outcome> out(6);
  ASSERT_TRUE(sync_wait(many(model, 6, out)));
  std::int64_t cached = 0;
  for (const auto& each : out) {
    ASSERT_FALSE(each.error) << each.error->message;
    EXPECT_FALSE(each.text.empty());
    cached += each.finish->usage.cached_input_tokens;
  }
  EXPECT_GT(cached, 5 * 200) << "only the first computed the shared part";
  // Attention over the shared part is computed for all at once: only the order of sums differs.
  std::size_t same = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto alone = sync_wait(ask(model, body(shared_rules() + "Answer number " + std::to_string(i))));
    same += alone.text == out[i].text ? 1 : 0;
  }
  EXPECT_GE(same, out.size() - 1) << "beside others a person gets the answer that he gets alone";
}

TEST_F(Worker, FindsABeginningAgainAfterARestart) {
  const Scratch scratch;
  const auto change = [&](LocalModelOptions& options) {
    options.prefix_folder = scratch.path("prefixes");
    options.prefix_key = std::string(32, 'k');
  };
  const auto question = body(shared_rules() + "What is rule number 7?");
  auto model = make(chat_, change);
  const auto first = sync_wait(ask(model, question));
  ASSERT_FALSE(first.error) << first.error->message;
  EXPECT_EQ(first.finish->usage.cached_input_tokens, 0);
  const auto blocks = first.finish->usage.input_tokens / 256;
  ASSERT_GE(blocks, 1);
  const auto kept = [&] {
    std::int64_t files = 0;
    for (const auto& each : std::filesystem::recursive_directory_iterator(scratch.path("prefixes")))
      files += each.path().extension() == ".kv" ? 1 : 0;
    return files;
  };
  for (int i = 0; i < 500 && kept() < blocks; ++i) std::this_thread::sleep_for(Millis(20));
  ASSERT_GE(kept(), blocks);
  ::kill(model->worker_pid(), SIGKILL);
  model->shut_down();
  model = make(chat_, change);
  const auto again = sync_wait(ask(model, question));
  ASSERT_FALSE(again.error) << again.error->message;
  EXPECT_EQ(again.finish->usage.cached_input_tokens, blocks * 256);
  EXPECT_EQ(again.text, first.text);
}

TEST_F(Worker, ForgetsWhatItComputed) {
  const Scratch scratch;
  const auto model = make(chat_, [&](LocalModelOptions& options) {
    options.prefix_folder = scratch.path("prefixes");
    options.prefix_key = std::string(32, 'k');
  });
  const auto question = body(shared_rules() + "What is rule number 7?");
  const auto first = sync_wait(ask(model, question));
  ASSERT_FALSE(first.error) << first.error->message;
  model->forget_beginnings();
  for (int i = 0; i < 500 && model->worker_pid() != -1; ++i) std::this_thread::sleep_for(Millis(20));
  EXPECT_EQ(model->worker_pid(), -1) << "it had no calls";
  for (int i = 0; i < 100 && std::filesystem::exists(scratch.path("prefixes")); ++i)
    std::this_thread::sleep_for(Millis(20));
  EXPECT_FALSE(std::filesystem::exists(scratch.path("prefixes")));
  const auto again = sync_wait(ask(model, question));
  ASSERT_FALSE(again.error) << again.error->message;
  EXPECT_EQ(again.finish->usage.cached_input_tokens, 0);
  EXPECT_EQ(again.text, first.text);
}

Task<Result<int>> cancel_one(std::shared_ptr<LocalModel> model) {
  std::stop_source source;
  auto completion = co_await model->start(
      body("Count to a thousand.", R"("max_tokens":2000,"ignore_eos":true)"), source.get_token());
  if (!completion) co_return pass(completion);
  auto first = co_await (*completion)->next();
  if (!first) co_return pass(first);
  source.request_stop();
  while (true) {
    auto next = co_await (*completion)->next();
    if (next) continue;
    if (next.error().code != Code::cancelled) co_return pass(next);
    co_return 0;
  }
}

TEST_F(Worker, CancellingFreesTheSlot) {
  const auto model = make(chat_, [](LocalModelOptions& options) { options.slots = 1; });
  const auto timed = [&](int tokens) {
    const auto begun = Steady::now();
    const auto out =
        sync_wait(ask(model, body("Hello", R"("ignore_eos":true,"max_tokens":)" + std::to_string(tokens))));
    EXPECT_FALSE(out.error);
    return Steady::now() - begun;
  };
  timed(1);  // loads
  const auto forty = timed(40);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(sync_wait(cancel_one(model)));
  // Six thousand tokens would be in the way if they were still written.
  EXPECT_LT(timed(4), forty * 20) << "the cancelled answers do not go on";
}

Task<Outcome> kill_in_the_middle(std::shared_ptr<LocalModel> model) {
  auto completion = co_await model->start(body("Count.", R"("max_tokens":2000,"ignore_eos":true)"), {});
  Outcome out;
  if (!completion) {
    out.error = completion.error();
    co_return out;
  }
  auto first = co_await (*completion)->next();
  if (first) ::kill(model->worker_pid(), SIGKILL);
  out = co_await read_all(**completion);
  co_return out;
}

TEST_F(Worker, AKilledWorkerFailsItsCallsAndComesBack) {
  const auto model = make(chat_);
  constexpr int more_often_than_one_that_never_answers_may_die = 7;
  for (int i = 0; i < more_often_than_one_that_never_answers_may_die; ++i) {
    const auto killed = sync_wait(kill_in_the_middle(model));
    ASSERT_TRUE(killed.error);
    EXPECT_FALSE(killed.finish);
    EXPECT_EQ(killed.error->code, Code::upstream);
    EXPECT_EQ(killed.error->detail, "worker_died");
    EXPECT_NE(killed.error->message.find("restarted"), std::string::npos);
    const auto after = sync_wait(ask(model, body("Hello", R"("max_tokens":4)")));
    EXPECT_FALSE(after.error) << after.error->message;
  }
}

TEST_F(Worker, UnloadsWhenIdleAndLoadsAgain) {
  const auto model = make(chat_, [](LocalModelOptions& options) { options.idle_unload = Millis(150); });
  EXPECT_EQ(model->status().state, LocalStatus::State::stopped);
  ASSERT_FALSE(sync_wait(ask(model, body("Hello", R"("max_tokens":4)"))).error);
  const int pid = model->worker_pid();
  EXPECT_GT(pid, 0);
  for (int i = 0; i < 200 && model->status().state != LocalStatus::State::stopped; ++i)
    std::this_thread::sleep_for(Millis(20));
  EXPECT_EQ(model->status().state, LocalStatus::State::stopped);
  for (int i = 0; i < 100 && ::kill(pid, 0) == 0; ++i) std::this_thread::sleep_for(Millis(10));
  EXPECT_NE(::kill(pid, 0), 0) << "its process is gone";
  EXPECT_FALSE(sync_wait(ask(model, body("Hello", R"("max_tokens":4)"))).error);
}

TEST_F(Worker, StaysLoadedWhereItIsKept) {
  const auto model = make(chat_, [](LocalModelOptions& options) { options.idle_unload = Millis(100); });
  const auto wait_for = [&](LocalStatus::State state) {
    for (int i = 0; i < 400 && model->status().state != state; ++i) std::this_thread::sleep_for(Millis(20));
    return model->status().state == state;
  };
  model->keep_loaded(true);
  model->load_ahead();
  ASSERT_TRUE(wait_for(LocalStatus::State::ready)) << "without a call";
  const int pid = model->worker_pid();
  std::this_thread::sleep_for(Millis(500));
  EXPECT_EQ(model->worker_pid(), pid);
  ASSERT_EQ(model->status().state, LocalStatus::State::ready);
  ::kill(pid, SIGKILL);
  for (int i = 0; i < 400 && (model->worker_pid() == pid || model->worker_pid() < 0); ++i)
    std::this_thread::sleep_for(Millis(20));
  EXPECT_TRUE(wait_for(LocalStatus::State::ready)) << "back without a call";
  EXPECT_NE(model->worker_pid(), pid);
}

TEST_F(Worker, SaysHowMuchMemoryIsMissing) {
  const auto model = make(chat_, [](LocalModelOptions& options) {
    options.available_memory_bytes = [] { return 100'000'000ULL; };
  });
  const auto out = sync_wait(ask(model, body("Hello")));
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->code, Code::unavailable);
  EXPECT_EQ(out.error->detail, "not_enough_memory");
  EXPECT_NE(out.error->message.find("0.5 GB"), std::string::npos) << out.error->message;
  EXPECT_EQ(model->status().state, LocalStatus::State::failed);
}

TEST_F(Worker, SeesAModelFileCutShort) {
  const Scratch scratch;
  Manifest cut = chat_;
  cut.file = scratch.path("cut.gguf");
  std::filesystem::copy_file(chat_.file, cut.file);
  std::filesystem::resize_file(cut.file, chat_.bytes / 2);
  const auto out = sync_wait(ask(make(cut), body("Hello")));
  ASSERT_TRUE(out.error);
  EXPECT_EQ(out.error->detail, "cut_short");
  EXPECT_NE(out.error->action.find("model pull"), std::string::npos);
  cut.bytes = 0;  // a file that only the configuration knows
  cut.sha256.clear();
  cut.bytes = std::filesystem::file_size(cut.file);
  EXPECT_EQ(sync_wait(ask(make(cut), body("Hello"))).error->detail, "cut_short");
}

TEST_F(Worker, AFileThatIsNoModelIsRefused) {
  const Scratch scratch;
  Manifest wrong = chat_;
  wrong.file = scratch.path("x.gguf");
  test::write_file(wrong.file, "this is not a model");
  wrong.bytes = 19;
  wrong.sha256.clear();
  EXPECT_EQ(sync_wait(ask(make(wrong), body("Hello"))).error->detail, "not_gguf");
  const auto no_binary =
      make(chat_, [](LocalModelOptions& options) { options.own_binary = "/nowhere/bastide"; });
  EXPECT_EQ(sync_wait(ask(no_binary, body("Hello"))).error->detail, "load_failed");
  const auto wrong_binary =
      make(chat_, [](LocalModelOptions& options) { options.own_binary = "/bin/false"; });
  EXPECT_EQ(sync_wait(ask(wrong_binary, body("Hello"))).error->detail, "load_failed");
}

TEST_F(Worker, ShuttingDownEndsWhatRuns) {
  auto model = make(chat_);
  ASSERT_FALSE(sync_wait(ask(model, body("Hello", R"("max_tokens":4)"))).error);
  const int pid = model->worker_pid();
  model->shut_down();
  EXPECT_NE(::kill(pid, 0), 0);
  EXPECT_EQ(sync_wait(ask(model, body("Hello"))).error->detail, "shutting_down");
}

float cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
}

TEST(Embeddings, PutLikeBesideLikeInFrenchAndEnglish) {
  const auto manifest = demo_model("e5-small");
  if (!manifest) GTEST_SKIP() << "no data: the embedding model could not be fetched";
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path("models"));
  std::filesystem::copy_file(manifest->file, scratch.path("models/e5-small.gguf"));
  ASSERT_TRUE(write_manifest(*manifest, scratch.path("models")));
  auto client = net::Client::create();
  ASSERT_TRUE(client);
  Pool pool("test", 1, 10);
  Metrics metrics;
  HouseOptions options;
  options.data_folder = scratch.path();
  options.own_binary = BASTIDE_TEST_WORKER;
  options.threads = 1;
  const auto house = House::create(Config{}, options, **client, pool, metrics);
  ASSERT_TRUE(house) << house.error().message;
  using Kind = exchange::Models::EmbedKind;
  using Long = exchange::TooLong;
  const auto query =
      sync_wait((*house)->embed("", {"Combien de jours de congés par an ?"}, Kind::query, Long::refuse));
  ASSERT_TRUE(query) << query.error().message;
  std::vector<std::string> passages{"Chaque salarié a droit à vingt-cinq jours de congés payés par année.",
                                    "Employees are entitled to twenty-five days of paid leave a year.",
                                    "La recette de la tarte aux pommes demande du beurre et de la farine."};
  std::string very_long;
  for (int i = 0; i < 3000; ++i) very_long += "congés ";
  passages.push_back(very_long);
  for (int i = 0; i < 60; ++i) passages.push_back("Passage numéro " + std::to_string(i));
  const auto refused = sync_wait((*house)->embed("e5-small", passages, Kind::passage, Long::refuse));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().detail, "context_too_long");
  EXPECT_NE(refused.error().message.find("; this model reads 512."), std::string::npos)
      << refused.error().message;
  const auto read = sync_wait((*house)->embed("e5-small", passages, Kind::passage, Long::cut));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->texts_cut, 1U);
  EXPECT_GT(read->tokens, 512 + 3 * 10);
  const auto& vectors = read->vectors;
  ASSERT_EQ(vectors.size(), passages.size());
  for (const auto& vector : vectors) {
    ASSERT_EQ(vector.size(), 384U);
    EXPECT_NEAR(cosine(vector, vector), 1, 1e-4);
  }
  const auto& asked = query->vectors.front();
  EXPECT_GT(cosine(asked, vectors[0]), cosine(asked, vectors[2]) + 0.05F);
  EXPECT_GT(cosine(asked, vectors[1]), cosine(asked, vectors[2]) + 0.02F);
  const auto alone = sync_wait((*house)->embed("e5-small", {passages[0]}, Kind::passage, Long::refuse));
  EXPECT_GT(cosine(alone->vectors.front(), vectors[0]), 0.9999F) << "what shares a batch does not matter";
  EXPECT_LT(alone->tokens, 100);
  EXPECT_EQ(alone->texts_cut, 0U);
  EXPECT_EQ(sync_wait((*house)->embed("nothing", {"x"}, Kind::raw, Long::cut)).error().code, Code::not_found);
  EXPECT_TRUE(sync_wait((*house)->embed("", {}, Kind::raw, Long::cut))->vectors.empty());
}

}  // namespace
}  // namespace bastide::models
