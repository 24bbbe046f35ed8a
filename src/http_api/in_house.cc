#include "http_api/in_house.h"

#include <algorithm>

namespace bastide::http_api {
namespace {

/// A call whose body is there and whose answer is kept.
class CallInMemory final : public net::ServerCall {
 public:
  CallInMemory(net::Request request, std::string body, std::stop_token stop)
      : request_(std::move(request)), body_(std::move(body)), stop_(std::move(stop)) {}

  [[nodiscard]] const net::Request& request() const override { return request_; }
  [[nodiscard]] std::optional<std::uint64_t> body_length() const override { return body_.size(); }
  [[nodiscard]] Task<Result<std::string>> read() override { co_return std::exchange(body_, {}); }
  void allow_body(std::uint64_t) override {}
  [[nodiscard]] Task<Result<std::string>> read_all(std::size_t bytes_max) override {
    if (body_.size() > bytes_max) co_return fail(Code::too_large, "The request is too large.", "too_large");
    co_return std::exchange(body_, {});
  }

  [[nodiscard]] Task<Result<void>> send(net::Response response) override {
    answer_ = std::move(response);
    co_return Result<void>{};
  }
  [[nodiscard]] Task<Result<void>> start(int status, net::Headers headers) override {
    answer_ = net::Response{status, std::move(headers), {}};
    co_return Result<void>{};
  }
  [[nodiscard]] Task<Result<void>> write(std::string bytes) override {
    answer_->body += bytes;
    co_return Result<void>{};
  }
  [[nodiscard]] Task<Result<void>> finish() override { co_return Result<void>{}; }
  [[nodiscard]] Task<Result<void>> send_file(std::string, net::Headers) override {
    co_return fail(Code::unsupported, "Nothing here asks for a file.");
  }

  [[nodiscard]] bool can_relay() const override { return false; }
  [[nodiscard]] Task<Result<net::Relayed>> relay(net::Client&, net::RelayRequest,
                                                 net::RelayWatcher&) override {
    co_return fail(Code::unsupported, "There is no connection to pass bytes on to.");
  }
  void break_off(Error) override {}
  [[nodiscard]] std::stop_token gone() const override { return stop_; }

  /// Nothing: it was stopped before it was answered.
  [[nodiscard]] std::optional<net::Response>& answer() { return answer_; }

 private:
  const net::Request request_;
  std::string body_;
  const std::stop_token stop_;
  std::optional<net::Response> answer_;
};

}  // namespace

Task<batches::LineAnswer> ask_in_house(const HouseDoor& door, batches::LineCall call) {
  net::Request request;
  request.method = "POST";
  request.path = std::move(call.path);
  request.headers.add("content-type", "application/json");
  request.headers.add("accept-language", call.language);
  if (call.door == "mistral") request.headers.add("user-agent", "mistral");
  CallInMemory http(std::move(request), std::move(call.body), std::move(call.stop));
  batches::LineAnswer out;
  out.error = co_await door(http, std::move(call.who));
  if (!http.answer()) co_return out;
  out.status = http.answer()->status;
  out.exchange = http.answer()->headers.find("x-bastide-exchange").value_or("");
  out.body = std::move(http.answer()->body);
  co_return out;
}

}  // namespace bastide::http_api
