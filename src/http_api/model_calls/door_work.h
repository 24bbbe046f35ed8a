// A call of a model that is no conversation, from its door: an exchange with work to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "dialects/request.h"
#include "dialects/told_usage.h"
#include "exchange/work.h"
#include "http_api/call.h"

namespace bastide::http_api {

/// What the stages must know of it.
struct WorkAsk {
  dialects::Dialect dialect = dialects::Dialect::openai;  // of the door
  std::string_view capability;                            // what the model must be able to do
  std::string model;
  std::vector<std::string> texts{};  // that may go to the model: the guard sees each
  std::optional<dialects::BastideOptions> bastide{};
  std::int64_t answer_tokens_max = 0;
  std::int64_t audio_ms_max = 0;
  std::int64_t characters = 0;
};

/// The work of a door, with what it found to answer. Lives as long as its exchange.
class DoorWork : public exchange::Work {
 public:
  explicit DoorWork(Call& call) : call_(call) { exchange_.id = new_id("ex"); }
  Task<Result<exchange::Usage>> ask(policy::ModelCard model, std::vector<exchange::Message> messages,
                                    std::stop_token stop) final;
  [[nodiscard]] bool answering() const override { return call_.answered; }

  /// The whole answer; of one that streams nothing.
  struct Whole {
    std::string content_type{"application/json"};
    std::string body;
  };
  [[nodiscard]] Whole& whole() { return whole_; }

 protected:
  enum class Leaves : std::uint8_t { no, yes };  // the walls
  /// Asks `model` and fills in `usage`. `texts` are those of WorkAsk in their order, as they may be sent.
  [[nodiscard]] virtual Task<Result<void>> call(policy::ModelCard model, Leaves leaves,
                                                std::vector<std::string> texts) = 0;

  [[nodiscard]] Services& services() const { return call_.services; }
  [[nodiscard]] Call& door() { return call_; }
  [[nodiscard]] exchange::Usage& usage() { return exchange_.usage; }
  [[nodiscard]] const std::stop_token& stop() const { return exchange_.stop; }
  /// Whether values were replaced in what leaves.
  [[nodiscard]] bool is_masked(Leaves leaves) const {
    return leaves == Leaves::yes && !exchange_.masked.empty();
  }
  /// What the provider of `model` speaks; nothing for a model of this machine.
  [[nodiscard]] std::optional<dialects::Dialect> spoken_by(const policy::ModelCard& model) const;
  /// Tells in the head what the model is not told; Code::unsupported when the answer would mean something
  /// else.
  [[nodiscard]] Result<void> lose(dialects::Losses losses);
  /// Sends a body to the provider of `model`, `path` below its address.
  [[nodiscard]] Task<Result<std::unique_ptr<exchange::ProviderAnswer>>> send(
      policy::ModelCard model, std::string path, std::string body,
      std::string content_type = "application/json");
  /// What cannot be read here must not leave where the guard has something to keep.
  [[nodiscard]] Result<void> refuse_unread(Leaves leaves, std::string_view field) const;
  /// Takes what the provider told; nothing is changed when it told nothing.
  void count(const std::optional<dialects::ToldUsage>& told);
  /// The same of sound that was read; `assumed_ms` where nobody told. Where only tokens have a price and none
  /// were told, they are assumed from the time.
  void bill_sound(const policy::ModelCard& model, const std::optional<dialects::ToldUsage>& told,
                  std::int64_t assumed_ms);
  /// Header lines of the house for an answer.
  [[nodiscard]] net::Headers headers() const;

 private:
  friend Task<Result<void>> run_work(Call& call, WorkAsk ask, DoorWork& work);
  Call& call_;
  exchange::Exchange exchange_;
  Whole whole_{};
};

/// Whose words a client of OpenAI's address speaks: Mistral's call it too and are known by their name.
[[nodiscard]] dialects::Dialect dialect_of_client(const Call& call);

/// Walks the stages and answers: with what `work` found, or with an error of the caller's dialect.
[[nodiscard]] Task<Result<void>> run_work(Call& call, WorkAsk ask, DoorWork& work);

}  // namespace bastide::http_api
