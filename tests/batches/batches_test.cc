#include "batches/batches.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/json.h"
#include "nlohmann/json.hpp"
#include "tests/batches/fake_store.h"
#include "tests/files/fake_store.h"

namespace bastide::batches {
namespace {

using nlohmann::json;

/// An executor on a thread of its own.
class LoopOfThread final : public Executor {
 public:
  LoopOfThread() : thread_([this] { inner_.run_until([this] { return ended_.load(); }); }) {}
  ~LoopOfThread() override {
    inner_.post([this] { ended_ = true; });
    thread_.join();
  }
  void post(Fn fn) override { inner_.post(std::move(fn)); }
  void post_at(Steady::time_point when, Fn fn) override { inner_.post_at(when, std::move(fn)); }

 private:
  SyncExecutor inner_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

class BatchesTest : public ::testing::Test {
 protected:
  ~BatchesTest() override {
    room.reset();
    std::filesystem::remove_all(folder);
  }

  static std::string new_folder() {
    char name[] = "/tmp/bastide-batches-XXXXXX";
    return mkdtemp(name);
  }
  std::string input(int lines, const std::string& purpose = "batch") {
    std::string text;
    for (int i = 0; i < lines; ++i)
      text += R"({"custom_id":"c)" + std::to_string(i) +
              R"(","method":"POST","url":"/v1/embeddings","body":{"n":)" + std::to_string(i) + "}}\n";
    return keep(text, purpose);
  }
  std::string keep(const std::string& text, const std::string& purpose = "batch") {
    auto incoming = std::move(*files.create());
    EXPECT_TRUE(incoming->write(text));
    return files.keep(*incoming, {"per_a", "in.jsonl", "", purpose})->id;
  }
  Result<Batch> accept(const std::string& file) {
    identity::Principal who;
    who.person = "per_a";
    who.email = "ada@example.org";
    Batches::Wish wish{"openai", "/v1/embeddings", file};
    wish.metadata = {{"k", "v"}};
    return sync_wait(room->accept(who, "en", wish));
  }
  Batch ended(const std::string& id) {
    const auto deadline = Deadline::in(Millis(20'000));
    for (;;) {
      auto batch = store.find(id, "per_a");
      if (!batch || has_ended(batch->state) || deadline.passed()) return batch.value_or(Batch{});
      std::this_thread::sleep_for(Millis(2));
    }
  }
  std::vector<json> lines_of(const std::string& file) {
    std::vector<json> out;
    if (file.empty()) return out;
    auto found = files.find(file, "per_a");
    if (!found) return out;
    const auto text = files.read(*found, 1 << 24).value();
    for (std::size_t at = 0; at < text.size();) {
      const auto end = text.find('\n', at);
      out.push_back(json::parse(text.substr(at, end - at)));
      at = end + 1;
    }
    return out;
  }
  static std::set<std::string> ids_of(const std::vector<json>& lines) {
    std::set<std::string> out;
    for (const auto& line : lines) out.insert(line["custom_id"].get<std::string>());
    return out;
  }
  Task<LineAnswer> ask(LineCall call) {
    {
      const std::lock_guard lock(mutex);
      asked.push_back(call.body);
      EXPECT_EQ(call.who.priority, identity::Priority::batch);
      at_once_max = std::max(at_once_max, ++at_once);
    }
    co_await sleep_for(takes);
    LineAnswer out;
    if (!call.stop.stop_requested()) {
      const std::lock_guard lock(mutex);
      out = reply(call);
    }
    const std::lock_guard lock(mutex);
    --at_once;
    co_return out;
  }
  void make() {
    room = std::make_unique<Batches>(
        Batches::Rooms{store, files, pool, loop,
                       [this](const identity::Asker& asker) -> Result<identity::Principal> {
                         if (is_disabled)
                           return fail(Code::forbidden, "This account is disabled.", "disabled");
                         identity::Principal who;
                         who.person = asker.person;
                         return who;
                       },
                       [this](LineCall call) { return ask(std::move(call)); },
                       [](Error error, std::string_view) { return error; }},
        bounds);
  }

  const std::string folder = new_folder();
  testing::FakeStore store;
  files::testing::FakeStore file_store;
  const std::unique_ptr<storage::Blobs> blobs = std::move(*storage::open_folder_blobs(folder));
  files::Files files{file_store, *blobs, {}};
  Pool pool{"test", 2, 256};
  LoopOfThread loop;
  BatchBounds bounds{};
  Millis takes{1};
  std::atomic<bool> is_disabled{false};
  std::function<LineAnswer(const LineCall&)> reply = [](const LineCall& call) {
    return LineAnswer{200, "{\n\"echo\": " + call.body + "}", "ex_1", {}};
  };
  std::mutex mutex;
  std::vector<std::string> asked;
  int at_once = 0, at_once_max = 0;
  std::unique_ptr<Batches> room;
};

LineAnswer refused(Code code, std::string detail = {}, std::int64_t retry_after_s = 0) {
  LineAnswer out{http_status(code), R"({"error":{}})", "ex_2", Error{code, "No.", std::move(detail)}};
  out.error->retry_after_s = retry_after_s;
  return out;
}

TEST_F(BatchesTest, each_line_is_answered_once_a_few_at_a_time) {
  make();
  takes = Millis(3);
  const auto accepted = accept(input(60));
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->state, State::validating);
  const auto batch = ended(accepted->id);
  EXPECT_EQ(batch.state, State::completed);
  EXPECT_EQ(batch.total, 60);
  EXPECT_EQ(batch.completed, 60);
  EXPECT_EQ(batch.failed, 0);
  EXPECT_TRUE(batch.error_file.empty());
  const auto lines = lines_of(batch.output_file);
  ASSERT_EQ(lines.size(), 60U);
  EXPECT_EQ(ids_of(lines).size(), 60U);
  EXPECT_EQ(lines[7]["custom_id"], "c7") << "in the order of the input";
  EXPECT_EQ(lines[7]["response"]["body"]["echo"]["n"], 7);
  EXPECT_EQ(lines[7]["response"]["request_id"], "ex_1");
  EXPECT_LE(at_once_max, 4);
  EXPECT_GT(at_once_max, 1);
  EXPECT_TRUE(store.lines.empty());
}

TEST_F(BatchesTest, what_is_wrong_with_the_input_fails_the_batch) {
  make();
  const auto batch = ended(accept(keep("{\n"))->id);
  EXPECT_EQ(batch.state, State::failed);
  ASSERT_EQ(batch.faults.size(), 1U);
  EXPECT_EQ(batch.faults[0].code, "invalid_json_line");
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(accept(input(1, "user_data")).error().detail, "invalid_input_file_id");
  EXPECT_EQ(accept("file_none").error().detail, "no_file_of_id");
}

TEST_F(BatchesTest, limits_are_waited_for_and_refusals_are_told) {
  make();
  int limited = 0, silent = 0;
  reply = [&](const LineCall& call) {
    if (call.body == R"({"n":0})" && ++silent < 2) return LineAnswer{};
    if (call.body == R"({"n":1})") return refused(Code::invalid);
    if (call.body == R"({"n":2})") return refused(Code::budget_exhausted);
    if (call.body == R"({"n":3})" && ++limited < 2) return refused(Code::rate_limited, "", 1);
    return LineAnswer{200, "{}", "ex", {}};
  };
  const auto batch = ended(accept(input(4))->id);
  EXPECT_EQ(batch.state, State::completed);
  EXPECT_EQ(batch.completed, 2);
  EXPECT_EQ(batch.failed, 2);
  EXPECT_EQ(limited, 2);
  EXPECT_EQ(silent, 2);
  EXPECT_EQ(ids_of(lines_of(batch.output_file)), (std::set<std::string>{"c0", "c3"}));
  const auto errors = lines_of(batch.error_file);
  EXPECT_EQ(ids_of(errors), (std::set<std::string>{"c1", "c2"}));
  EXPECT_EQ(errors[0]["response"]["status_code"], 400);
}

TEST_F(BatchesTest, cancelling_stops_what_runs_and_keeps_what_was_answered) {
  make();
  const auto id = accept(input(200))->id;
  while (store.find(id, "per_a")->completed < 5) std::this_thread::sleep_for(Millis(1));
  ASSERT_TRUE(sync_wait(room->cancel("per_a", id)));
  const auto batch = ended(id);
  EXPECT_EQ(batch.state, State::cancelled);
  EXPECT_LT(batch.completed, 200);
  const auto done = ids_of(lines_of(batch.output_file)), not_done = ids_of(lines_of(batch.error_file));
  EXPECT_EQ(done.size(), static_cast<std::size_t>(batch.completed));
  EXPECT_EQ(done.size() + not_done.size(), 200U);
  EXPECT_EQ(lines_of(batch.error_file)[0]["error"]["code"], "batch_cancelled");
  EXPECT_TRUE(sync_wait(room->cancel("per_a", id)));
  EXPECT_EQ(sync_wait(room->cancel("per_b", id)).error().detail, "no_batch");
}

TEST_F(BatchesTest, the_window_ends_it) {
  bounds.window = Millis(60);
  make();
  takes = Millis(10);
  const auto batch = ended(accept(input(100))->id);
  EXPECT_EQ(batch.state, State::expired);
  EXPECT_EQ(lines_of(batch.output_file).size() + lines_of(batch.error_file).size(), 100U);
  EXPECT_EQ(lines_of(batch.error_file)[0]["error"]["code"], "batch_expired");
}

TEST_F(BatchesTest, who_may_ask_no_more_ends_it_with_the_reason) {
  make();
  reply = [this](const LineCall&) {
    is_disabled = true;
    return LineAnswer{200, "{}", "ex", {}};
  };
  const auto batch = ended(accept(input(50))->id);
  EXPECT_EQ(batch.state, State::failed);
  ASSERT_FALSE(batch.faults.empty());
  EXPECT_EQ(batch.faults[0].code, "disabled");
  EXPECT_EQ(lines_of(batch.error_file)[0]["error"]["code"], "disabled");
  EXPECT_EQ(lines_of(batch.output_file).size(), static_cast<std::size_t>(batch.completed));
}

TEST_F(BatchesTest, after_a_restart_it_runs_on_and_each_line_is_there_once) {
  make();
  const auto id = accept(input(120))->id;
  while (store.find(id, "per_a")->completed < 10) std::this_thread::sleep_for(Millis(1));
  room->drain(Millis(5000));
  const auto before = store.find(id, "per_a");
  EXPECT_EQ(before->state, State::in_progress);
  EXPECT_LT(before->completed, 120);
  make();
  EXPECT_EQ(room->recover().value(), 1U);
  const auto batch = ended(id);
  EXPECT_EQ(batch.state, State::completed);
  const auto lines = lines_of(batch.output_file);
  EXPECT_EQ(lines.size(), 120U);
  EXPECT_EQ(ids_of(lines).size(), 120U);
}

TEST_F(BatchesTest, a_file_of_results_that_was_kept_before_a_kill_is_not_made_again) {
  make();
  auto batch = *accept(input(3));
  batch = ended(batch.id);
  const auto count = file_store.files.size();
  // As the kill left it: the files are kept, the batch is not told so.
  store.batches[batch.id].state = State::finalizing;
  make();
  ASSERT_TRUE(room->recover());
  EXPECT_EQ(ended(batch.id).output_file, batch.output_file);
  EXPECT_EQ(file_store.files.size(), count);
  EXPECT_EQ(lines_of(batch.output_file).size(), 3U);
}

TEST_F(BatchesTest, bounds_and_the_removal_of_a_person) {
  bounds.runs.waiting_per_person_max = 2;
  make();
  takes = Millis(50);
  const auto first = accept(input(100)), second = accept(input(100));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(accept(input(1)).error().detail, "too_many_batches");
  EXPECT_EQ(sync_wait(room->remove("per_a", first->id)).error().detail, "batch_running");
  EXPECT_EQ(room->remove_all("per_a").value(), 2);
  const auto deadline = Deadline::in(Millis(5000));
  while (room->counts().running > 0 && !deadline.passed()) std::this_thread::sleep_for(Millis(2));
  EXPECT_EQ(room->counts().running, 0U);
  EXPECT_EQ(file_store.files.size(), 3U) << "the inputs";
}

}  // namespace
}  // namespace bastide::batches
