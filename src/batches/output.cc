// How a batch ends: what its lines were answered becomes two files.
#include <memory>

#include "base/id.h"
#include "batches/run.h"

namespace bastide::batches {
namespace {

using files::Files;
using files::Incoming;

constexpr std::size_t answers_bytes_a_read = 4 * 1024 * 1024;
constexpr std::size_t lines_a_read = 500;
constexpr std::int64_t day_s = 24LL * 3600;

/// A file of results, unless it was kept before, or there is none to be.
class Output {
 public:
  Output(Files& files, const Batch& batch, std::string id, std::string_view what)
      : files_(files), batch_(batch), id_(std::move(id)), what_(what) {}

  Result<void> begin() {
    if (id_.empty() || files_.find(id_, batch_.person)) return {};
    auto made = files_.create(id_);
    if (!made) return pass(made);
    incoming_ = std::move(*made);
    return {};
  }
  Result<void> add(std::string_view line) {
    if (!incoming_) return {};
    if (auto written = incoming_->write(line); !written) return written;
    return incoming_->write("\n");
  }
  Result<void> keep(std::int64_t kept_s) {
    if (!incoming_) return {};
    files::NewFile file{batch_.person, batch_.id + "_" + what_ + ".jsonl", "application/jsonl",
                        "batch_output", now_ms() + kept_s * 1000};
    auto kept = files_.keep(*incoming_, file, Files::Origin::made);
    // An expired one of the same id is in the way: it was kept, and has had its time.
    if (!kept && kept.error().code != Code::conflict) return pass(kept);
    return {};
  }

 private:
  Files& files_;
  const Batch& batch_;
  const std::string id_, what_;
  std::unique_ptr<Incoming> incoming_;
};

/// What stands in for the answer of a line that has none.
dialects::BatchResult unanswered(const Batch& batch) {
  dialects::BatchResult out;
  if (batch.ends_as == State::expired) {
    out.code = "batch_expired";
    out.message = "This request could not be answered before the completion window ended.";
  } else if (batch.ends_as == State::cancelled || batch.faults.empty()) {
    out.code = "batch_cancelled";
    out.message = "The batch was cancelled before this request was answered.";
  } else {
    out.code = batch.faults.front().code;
    out.message = batch.faults.front().message;
  }
  return out;
}

Result<void> add_answers(BatchStore& store, const Batch& batch, Output& answered, Output& refused) {
  for (std::int64_t after = 0;;) {
    auto answers = store.answers(batch.id, batch.person, after, answers_bytes_a_read);
    if (!answers) return pass(answers);
    if (answers->empty()) return {};
    for (const auto& answer : *answers) {
      auto& into = answer.verdict == Verdict::answered ? answered : refused;
      if (auto added = into.add(answer.json); !added) return added;
    }
    after = answers->back().number;
  }
}

Result<void> add_unanswered(BatchStore& store, const Batch& batch,
                            const std::optional<files::PieceReader>& input, Output& refused) {
  dialects::BatchLineReader reader;
  auto result = unanswered(batch);
  for (std::int64_t after = 0;;) {
    auto lines = store.waiting(batch.id, after, lines_a_read);
    if (!lines) return pass(lines);
    if (lines->empty()) return {};
    for (const auto& line : *lines) {
      result.id = new_id("batch_req");
      result.custom_id.clear();
      if (input)
        if (auto text = input->read(line.place, static_cast<std::size_t>(line.bytes)))
          result.custom_id = reader.custom_id_of(*text);
      if (auto added = refused.add(dialects::batch_result_line(result)); !added) return added;
    }
    after = lines->back().number;
  }
}

}  // namespace

Task<Result<void>> Batches::end(std::shared_ptr<Run> run) {
  auto ended = co_await run_on(rooms_.pool, [this, &run]() -> Result<void> {
    auto& batch = run->batch;
    Output answered(rooms_.files, batch, batch.output_file, "output");
    Output refused(rooms_.files, batch, batch.error_file, "error");
    auto done = answered.begin();
    if (done) done = refused.begin();
    if (done) done = add_answers(rooms_.store, batch, answered, refused);
    if (done) done = add_unanswered(rooms_.store, batch, run->input, refused);
    const auto kept_s = batch.output_kept_s > 0 ? batch.output_kept_s : bounds_.kept_days * day_s;
    if (done) done = answered.keep(kept_s);
    if (done) done = refused.keep(kept_s);
    if (!done || run->live->dropped) return done;
    batch.state = batch.ends_as;
    batch.ended_at = now_ms();
    return rooms_.store.finish(batch);
  });
  co_return ended;
}

}  // namespace bastide::batches
