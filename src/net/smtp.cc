#include "net/smtp.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace bastide::net {
namespace {

constexpr long time_max_ms = 30'000;
constexpr long connect_max_ms = 10'000;
constexpr long refused_for_good = 500;

// libcurl asks for the message in pieces.
std::size_t give(char* into, std::size_t size, std::size_t count, void* left) {
  auto& rest = *static_cast<std::string_view*>(left);
  const auto bytes = std::min(size * count, rest.size());
  std::memcpy(into, rest.data(), bytes);
  rest.remove_prefix(bytes);
  return bytes;
}

// A mailbox that holds what ends a command could add one.
bool is_mailbox(std::string_view address) {
  return !address.empty() && std::ranges::all_of(address, [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '<' && c != '>' && c != 0x7F;
  });
}

Error error_of(CURLcode code, long reply) {
  constexpr long wants_sign_in = 530;  // RFC 4954, 6
  const bool signs_in =
      code == CURLE_LOGIN_DENIED || (code != CURLE_USE_SSL_FAILED && reply == wants_sign_in);
  const bool tls = code == CURLE_USE_SSL_FAILED || code == CURLE_PEER_FAILED_VERIFICATION ||
                   code == CURLE_SSL_CONNECT_ERROR || code == CURLE_SSL_CACERT_BADFILE;
  if (reply >= refused_for_good && !signs_in && !tls)
    return {Code::invalid, "The mail server does not take this letter.", "letter_refused",
            "An administrator should look at the address and at what the server allows."};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {Code::timeout, "The mail server did not answer in time.", "mail_timeout",
            "An administrator should check [mail]."};
  return {Code::upstream, "The mail server cannot be used.",
          signs_in ? "mail_sign_in"
          : tls    ? "mail_tls"
                   : "mail_unreachable",
          "An administrator should check [mail]."};
}

}  // namespace

Result<void> Smtp::send(const std::string& to, const std::string& message) const {
  if (!is_mailbox(to)) return fail(Code::invalid, "This is no address.", "letter_refused");
  static const bool is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(is_ready ? curl_easy_init() : nullptr,
                                                                 curl_easy_cleanup);
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(
      curl_slist_append(nullptr, ("<" + to + ">").c_str()), curl_slist_free_all);
  if (!curl || !recipients) return fail(Code::internal, "There is no memory for a letter.", "memory");
  const bool tls_at_once = config_.tls == MailConfig::Tls::from_start;
  const bool is_v6 = config_.host.find(':') != std::string::npos;
  const auto url = std::string(tls_at_once ? "smtps://" : "smtp://") +
                   (is_v6 ? "[" + config_.host + "]" : config_.host) + ":" + std::to_string(config_.port);
  const auto from = "<" + config_.from + ">";
  std::string_view left = message;
  auto* handle = curl.get();
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(handle, CURLOPT_PROXY, "");  // whatever the environment says
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, time_max_ms);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_max_ms);
  curl_easy_setopt(
      handle, CURLOPT_USE_SSL,
      static_cast<long>(config_.tls == MailConfig::Tls::none ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (!config_.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, config_.ca_file.c_str());
  if (!config_.user.empty()) {
    curl_easy_setopt(handle, CURLOPT_USERNAME, config_.user.c_str());
    curl_easy_setopt(handle, CURLOPT_PASSWORD, config_.password.value.c_str());
  }
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from.c_str());
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, &give);
  curl_easy_setopt(handle, CURLOPT_READDATA, &left);
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  const auto code = curl_easy_perform(handle);
  if (code == CURLE_OK) return {};
  long reply = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply);
  return std::unexpected(error_of(code, reply));
}

}  // namespace bastide::net
