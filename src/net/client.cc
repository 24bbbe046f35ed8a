#include "net/client.h"

#include <atomic>
#include <stdexcept>

#include "base/text.h"
#include "net/client_exchange.h"

namespace bastide::net {
namespace detail {
namespace {

std::atomic<std::uint64_t> clients{0};

// A shard as its loop holds it: closed when the loop or the client ends, while exchanges may still point to
// it.
struct ShardHold {
  std::shared_ptr<ClientShard> shard;
  explicit ShardHold(std::shared_ptr<ClientShard> given) : shard(std::move(given)) {}
  ~ShardHold() { shard->close(); }
  ShardHold(const ShardHold&) = delete;
  ShardHold& operator=(const ShardHold&) = delete;
};

Result<std::string> request_head(const ClientRequest& request, const Url& url) {
  if (!is_token(request.method))
    return fail(Code::invalid, "The method of the request is malformed.", "method");
  std::string out = request.method + " " + url.target + " HTTP/1.1\r\n";
  auto host = request.headers.find("host");
  out += "Host: " + std::string(host.value_or(url.authority)) + "\r\n";
  if (!request.headers.find("user-agent")) out += "User-Agent: Bastide\r\n";
  bool may_have_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (!request.body.empty() || may_have_body)
    out += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  for (const auto& field : request.headers.all()) {
    if (equal_ignoring_ascii_case(field.name, "host") ||
        equal_ignoring_ascii_case(field.name, "content-length") ||
        equal_ignoring_ascii_case(field.name, "transfer-encoding") ||
        equal_ignoring_ascii_case(field.name, "connection"))
      continue;
    if (!is_token(field.name) || !is_field_value(field.value))
      return fail(Code::invalid, "A header of the request is malformed.", "header");
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
  if (host && !is_field_value(*host))
    return fail(Code::invalid, "A header of the request is malformed.", "header");
  out += "\r\n";
  return out;
}

class ClientImpl final : public Client {
 public:
  explicit ClientImpl(ClientOptions options)
      : options_(std::move(options)), tls_(options_.ca_file), pool_("http_client", 2, 256) {}

  ~ClientImpl() override {
    std::lock_guard lock(mutex_);
    for (auto& ref : loops_)
      ref->post([number = number_] { Loop::current()->impl().attachments.erase(number); });
  }

  [[nodiscard]] Task<Result<std::unique_ptr<ClientResponse>>> fetch(ClientRequest request,
                                                                    std::stop_token stop) override {
    auto* loop = Loop::current();
    if (!loop) throw std::logic_error("fetch is called on a loop's thread");
    auto url = parse_url(request.url);
    if (!url) co_return pass(url);
    auto head = request_head(request, *url);
    if (!head) co_return pass(head);
    auto shard = this->shard(*loop);
    auto key = url->key();
    for (bool may_reuse = true;; may_reuse = false) {
      auto upstream = may_reuse ? shard->take_idle(key) : nullptr;
      if (!upstream) {
        StopRelay relay(shard->loop_ref(), stop);
        auto connected = co_await shard->connect(*url, request.connect_timeout, relay);
        if (!connected) co_return pass(connected);
        upstream = std::move(*connected);
      }
      auto exchange = std::make_unique<ClientExchange>(shard, std::move(upstream), request, stop);
      auto begun = co_await exchange->begin(*head, request.body);
      if (begun) co_return exchange;
      bool was_stale =
          exchange->was_reused() && !exchange->heard_anything() && begun.error().detail == "reset";
      if (!was_stale || !may_reuse) co_return pass(begun);
    }
  }

  [[nodiscard]] const std::shared_ptr<ClientShard>& shard(Loop& loop) override {
    auto& held = loop.impl().attachments[number_];
    if (!held) {
      auto shard = std::make_shared<ClientShard>(loop, options_, tls_, pool_);
      held = std::make_shared<ShardHold>(shard);
      std::lock_guard lock(mutex_);
      loops_.push_back(shard->loop_ref());
    }
    return static_cast<ShardHold*>(held.get())->shard;
  }

 private:
  std::uint64_t number_ = clients.fetch_add(1);
  ClientOptions options_;
  ClientTls tls_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<LoopRef>> loops_;
  Pool pool_;  // looks names up, reads certificates
};
}  // namespace
}  // namespace detail

Result<std::unique_ptr<Client>> Client::create(ClientOptions options) {
  auto usable = detail::ClientTls::check(options.ca_file);
  if (!usable) return pass(usable);
  return std::make_unique<detail::ClientImpl>(std::move(options));
}

}  // namespace bastide::net
