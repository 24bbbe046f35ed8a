// The answer of a local model, as the stages read it.
#pragma once

#include <memory>
#include <stop_token>

#include "exchange/ports.h"
#include "models/local/local_call.h"
#include "models/local/local_model.h"

namespace bastide::models::local {

/// Destroying it cancels the call.
class LocalCompletion final : public exchange::Completion {
 public:
  LocalCompletion(std::shared_ptr<LocalModel> model, std::uint64_t id, std::shared_ptr<LocalCall> call,
                  std::stop_token stop);
  ~LocalCompletion() override;
  Task<Result<dialects::StreamEvent>> next() override { return call_->next(); }
  [[nodiscard]] exchange::Computed computed() const override;

 private:
  struct Cancel {
    LocalCompletion* self;
    void operator()() const { self->cancel(); }
  };
  void cancel();

  std::shared_ptr<LocalModel> model_;
  std::uint64_t id_;
  std::shared_ptr<LocalCall> call_;
  std::stop_callback<Cancel> on_stop_;  // last: its destructor waits for a running callback
};

}  // namespace bastide::models::local
