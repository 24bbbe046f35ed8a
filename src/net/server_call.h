// ServerCall as the server implements it: one request's body and answer.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "net/answer.h"
#include "net/chunk.h"
#include "net/server_connection.h"

namespace bastide::net::detail {

class Relay;

/// Spare memory behind a body: parsers that read ahead need not copy it.
constexpr std::size_t body_slack = 64;

class Call final : public ServerCall {
 public:
  Call(Connection& connection, RequestHead head);

  [[nodiscard]] const Request& request() const override { return head_.request; }
  [[nodiscard]] std::optional<std::uint64_t> body_length() const override;
  [[nodiscard]] Task<Result<std::string>> read() override;
  void allow_body(std::uint64_t bytes_max) override { body_max_ = bytes_max; }
  [[nodiscard]] std::optional<std::string> take_whole(std::size_t bytes_max) override;
  [[nodiscard]] Task<Result<std::string>> read_all(std::size_t bytes_max) override;
  [[nodiscard]] Task<Result<void>> send(Response response) override;
  [[nodiscard]] Task<Result<void>> start(int status, Headers headers) override;
  [[nodiscard]] Task<Result<void>> write(std::string bytes) override;
  [[nodiscard]] Task<Result<void>> finish() override;
  [[nodiscard]] Task<Result<void>> send_file(std::string path, Headers headers) override;
  [[nodiscard]] bool can_relay() const override { return head_.minor_version == 1; }
  [[nodiscard]] Task<Result<Relayed>> relay(Client& client, RelayRequest request,
                                            RelayWatcher& watcher) override;
  void break_off(Error why) override;
  [[nodiscard]] std::stop_token gone() const override;

  /// What an answer is once the handler has returned.
  enum class Answer { none, streaming, complete, broken };
  [[nodiscard]] Answer answer() const { return answer_; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] bool keep_alive() const { return keep_alive_; }
  void close_after() { keep_alive_ = false; }
  /// The client has left, or is as good as gone: stops whoever works for it. May end this call.
  void leave();
  /// The status for a handler that returned without an answer: what went wrong with the body, else 500.
  [[nodiscard]] int missing_answer_status() const;
  /// Reads and drops what is left of a body, within limits; false when the connection cannot go on.
  [[nodiscard]] Task<bool> skip_rest();

 private:
  friend class Relay;
  [[nodiscard]] Link& client_link() { return connection_.link_; }
  [[nodiscard]] bool body_ended() const;
  [[nodiscard]] Result<bool> take_buffered(std::string& out);
  [[nodiscard]] Task<Result<void>> wait_for_body();
  [[nodiscard]] std::unexpected<Error> body_error(Code code, std::string message, std::string detail);
  [[nodiscard]] Result<std::string> begin(int status, const Headers& headers, Framing framing);
  [[nodiscard]] bool may_reuse() const;
  [[nodiscard]] bool rest_can_be_skipped() const;
  [[nodiscard]] Task<Result<void>> put(Pieces pieces);
  [[nodiscard]] Task<Result<std::string>> read_piece(int file, ByteRange range);

  Connection& connection_;
  RequestHead head_;
  mutable std::optional<std::stop_source> stop_;  // made when somebody asks
  bool left_ = false;
  Link* upstream_ = nullptr;    // of a relay: stopped when the client leaves
  std::optional<Error> cut_{};  // why the relay is to end

  // The request's body.
  std::uint64_t body_max_;
  std::uint64_t received_ = 0;  // content, without framing
  ChunkDecoder chunks_;
  bool continue_sent_ = false;
  std::optional<Error> body_failed_;
  Steady::duration idle_{};         // waited since the last bytes of the body
  Steady::duration waited_{};       // for the body, in the current window
  std::uint64_t window_bytes_ = 0;  // received in it, framing included

  // The answer.
  Answer answer_ = Answer::none;
  Framing answer_framing_;
  int status_ = 0;
  bool keep_alive_;
};

}  // namespace bastide::net::detail
