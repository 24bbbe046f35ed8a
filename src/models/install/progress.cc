#include "models/install/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/time.h"

namespace bastide::models {
namespace {

class ForPerson final : public PullTeller {
 public:
  ~ForPerson() override { end_line(); }
  void begin(Step step, const std::string& model, std::uint64_t total_bytes) override {
    end_line();
    what_ = (step == Step::fetching ? "Fetching " : "Checking ") + model;
    total_bytes_ = total_bytes;
    tenth_ = 0;
  }
  void show(std::uint64_t done_bytes) override {
    constexpr double mega = 1e6;
    const auto done = static_cast<double>(done_bytes) / mega;
    const auto total = static_cast<double>(total_bytes_) / mega;
    if (is_terminal_) {
      if (Steady::now() - shown_at_ < Millis(100)) return;
      shown_at_ = Steady::now();
      has_open_line_ = true;
      if (total_bytes_ > 0)
        fmt::print(stderr, "\r▪ {}: {:.0f} of {:.0f} MB ", what_, std::min(done, total), total);
      else
        fmt::print(stderr, "\r▪ {}: {:.0f} MB ", what_, done);
      std::fflush(stderr);
      return;
    }
    const std::uint64_t tenth =
        total_bytes_ > 0 ? std::min<std::uint64_t>(done_bytes * 10 / total_bytes_, 10) : 0;
    if (tenth <= tenth_) return;
    tenth_ = tenth;
    fmt::print(stderr, "▪ {}: {:.0f} of {:.0f} MB\n", what_, std::min(done, total), total);
  }
  void say(const std::string& sentence) override {
    end_line();
    models::say(sentence);
  }

 private:
  void end_line() {
    if (std::exchange(has_open_line_, false)) fmt::print(stderr, "\n");
  }

  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::string what_;
  std::uint64_t total_bytes_ = 0;
  bool has_open_line_ = false;
  std::uint64_t tenth_ = 0;
  Steady::time_point shown_at_{};
};

class ForProgram final : public PullTeller {
 public:
  void begin(Step step, const std::string&, std::uint64_t total_bytes) override {
    step_ = step;
    total_bytes_ = total_bytes;
    print(0);
    shown_at_ = {};  // what comes first is told at once
  }
  void show(std::uint64_t done_bytes) override {
    if (Steady::now() - shown_at_ >= Millis(250)) print(done_bytes);
  }
  void say(const std::string& sentence) override { models::say(sentence); }

 private:
  void print(std::uint64_t done_bytes) {
    shown_at_ = Steady::now();
    JsonWriter json;
    json.object().field("step", step_ == Step::fetching ? "fetching" : "checking");
    json.field("done_bytes", done_bytes).field("total_bytes", total_bytes_).end();
    fmt::print("{}\n", json.text());
    std::fflush(stdout);
  }

  Step step_ = Step::fetching;
  std::uint64_t total_bytes_ = 0;
  Steady::time_point shown_at_{};
};

}  // namespace

std::unique_ptr<PullTeller> tell_person() { return std::make_unique<ForPerson>(); }
std::unique_ptr<PullTeller> tell_program() { return std::make_unique<ForProgram>(); }

void say(const std::string& text) { fmt::print(stderr, "▪ {}\n", text); }

}  // namespace bastide::models
