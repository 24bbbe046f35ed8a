// Several models on their way to their first words, of which one will answer.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/bell.h"
#include "exchange/stages/start.h"

namespace bastide::exchange {

/// Of one coroutine, on whose executor the runners run. Destroying it gives up all that have not been taken:
/// their calls are cancelled at once, and what they hold is given back when they notice.
class Race {
 public:
  /// `models` and `gates` outlive every runner; `stop` ends them all.
  Race(Models& models, const FairGates* gates, std::stop_token stop);
  ~Race();
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  /// Gives the runner's number.
  std::size_t add(ModelCall call);

  struct News {
    enum class What {
      late,     // nothing until the deadline
      queued,   // `place`
      answers,  // `take` has its completion
      failed    // `error`
    };
    What what = What::late;
    std::size_t runner = 0;
    QueuePlace place{};
    std::optional<Error> error{};
  };
  /// The next that happens. Each end of a runner is told once.
  [[nodiscard]] Task<News> next(Deadline deadline);
  /// Of a runner that answers, once.
  [[nodiscard]] std::unique_ptr<Completion> take(std::size_t runner);

  /// Whether it has neither answered nor failed, as far as `next` told.
  [[nodiscard]] bool runs(std::size_t runner) const;
  /// What a runner has cost so far.
  [[nodiscard]] bool was_sent(std::size_t runner) const;
  [[nodiscard]] const std::optional<dialects::Usage>& usage(std::size_t runner) const;

 private:
  struct Runner;
  static Task<void> run(std::shared_ptr<Runner> runner, ModelCall call, Models& models,
                        const FairGates* gates);
  [[nodiscard]] std::optional<News> news();

  Models& models_;
  const FairGates* gates_;
  const std::stop_token stop_;
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  std::vector<std::shared_ptr<Runner>> runners_;
};

}  // namespace bastide::exchange
