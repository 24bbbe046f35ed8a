// One request to a server and its answer.
#pragma once

#include "net/chunk.h"
#include "net/client.h"
#include "net/client_shard.h"
#include "net/framing.h"

namespace bastide::net::detail {

class ClientExchange final : public ClientResponse {
 public:
  ClientExchange(std::shared_ptr<ClientShard> shard, std::unique_ptr<Upstream> upstream,
                 const ClientRequest& request, std::stop_token stop);
  ~ClientExchange() override;

  /// Sends the request and reads the head of the answer. `head` and `body` are the request's bytes and
  /// outlive it.
  [[nodiscard]] Task<Result<void>> begin(std::string_view head, std::string_view body);
  /// Whether a server has said anything: if not, and the connection was a reused one, it may be tried again.
  [[nodiscard]] bool heard_anything() const { return heard_; }
  [[nodiscard]] bool was_reused() const { return reused_; }

  [[nodiscard]] int status() const override { return head_.status; }
  [[nodiscard]] const Headers& headers() const override { return head_.headers; }
  [[nodiscard]] Task<Result<std::string>> read() override;
  [[nodiscard]] Task<Result<std::string>> read_all(std::size_t bytes_max) override;

 private:
  enum class Got { bytes, end };
  [[nodiscard]] Task<Result<void>> send(Pieces pieces);
  [[nodiscard]] Task<Result<void>> read_head();
  /// Waits for and takes more bytes into `in`.
  [[nodiscard]] Task<Result<Got>> receive(std::string_view timeout_detail);
  [[nodiscard]] Result<void> take_body(std::string& out);
  [[nodiscard]] std::unexpected<Error> broken(Error error);
  void complete();

  std::shared_ptr<ClientShard> shard_;
  std::unique_ptr<Upstream> upstream_;  // nothing once the answer has ended
  StopRelay stop_;
  std::string method_;
  Millis first_byte_timeout_;
  Millis idle_timeout_;
  ResponseHead head_;
  ChunkDecoder chunks_;
  std::uint64_t left_ = 0;  // of a body with a length
  bool reused_;
  bool heard_ = false;
  bool sent_all_ = false;
  bool done_ = false;
  std::optional<Error> failed_;
};

}  // namespace bastide::net::detail
