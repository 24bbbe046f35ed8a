#include "net/answer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/json.h"
#include "base/text.h"

namespace bastide::net::detail {
namespace {
bool is_ours(std::string_view name) {
  static constexpr std::array<std::string_view, 5> ours{"content-length", "transfer-encoding", "connection",
                                                        "date", "keep-alive"};
  return std::ranges::any_of(ours, [&](auto one) { return equal_ignoring_ascii_case(one, name); });
}

// Every answer has a few: appending them costs a third of formatting.
void append_number(std::string& out, std::uint64_t number, int base) {
  std::array<char, 24> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr);
}

// What a person can do about a refusal, by its status.
std::string_view explanation(int status) {
  switch (status) {
    case 408:
      return "The request took too long to arrive.";
    case 413:
      return "The request body is larger than allowed.";
    case 414:
      return "The address of the request is too long.";
    case 417:
      return "Only Expect: 100-continue is understood.";
    case 431:
      return "The headers of the request are too large or too many.";
    case 500:
      return "Something went wrong on our side.";
    case 501:
      return "This method or transfer coding is not supported.";
    case 503:
      return "Too many connections are open. Try again in a moment.";
    case 505:
      return "Only HTTP/1.0 and HTTP/1.1 are spoken here.";
    default:
      return "The request is not valid HTTP/1.1.";
  }
}
}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Status";
  }
}

bool is_bodiless(int status) { return status < 200 || status == 204 || status == 304; }

std::optional<std::string> head_text(const AnswerHead& head, const Headers& headers) {
  std::string out;
  out.reserve(256 + headers.lines().size());
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(head.status), 10);
  out += ' ';
  out += reason_phrase(head.status);
  out += "\r\nDate: ";
  out += head.date;
  out += "\r\n";
  if (head.framing.kind == Framing::Kind::length) {
    out += "Content-Length: ";
    append_number(out, head.framing.length, 10);
    out += "\r\n";
  } else if (head.framing.kind == Framing::Kind::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!head.keep_alive)
    out += "Connection: close\r\n";
  else if (head.minor_version == 0)
    out += "Connection: keep-alive\r\n";
  for (const auto& field : headers.all()) {
    if (is_ours(field.name)) continue;
    if (!is_token(field.name) || !is_field_value(field.value)) return std::nullopt;
    out += field.name;
    out += ": ";
    out += field.value;
    out += "\r\n";
  }
  out += headers.lines();
  out += "\r\n";
  return out;
}

Response problem(int status, std::string_view reason) {
  JsonWriter json;
  json.object()
      .field("type", "about:blank")
      .field("title", reason_phrase(status))
      .field("status", status)
      .field("code", reason)
      .field("detail", explanation(status))
      .end();
  Response response{
      status, {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}}, json.take()};
  if (status == 503) response.headers.add("Retry-After", "2");
  return response;
}

std::string chunk_line(std::size_t size) {
  std::string out;
  append_number(out, size, 16);
  out += "\r\n";
  return out;
}

RangeAsked parse_range(std::string_view value, std::uint64_t file_size) {
  value = trim(value);
  if (!value.starts_with("bytes=")) return {};
  value.remove_prefix(6);
  if (value.find(',') != std::string_view::npos) return {};
  auto dash = value.find('-');
  if (dash == std::string_view::npos) return {};
  auto first_text = trim(value.substr(0, dash));
  auto last_text = trim(value.substr(dash + 1));
  auto first = parse_length(first_text);
  auto last = parse_length(last_text);
  if ((!first && !first_text.empty()) || (!last && !last_text.empty()) || (!first && !last)) return {};
  if (!first) {  // the last bytes of the file
    if (*last == 0) return {RangeAsked::Kind::unsatisfiable, {}};
    auto size = std::min(*last, file_size);
    if (size == 0) return {RangeAsked::Kind::unsatisfiable, {}};
    return {RangeAsked::Kind::part, {file_size - size, size}};
  }
  if (last && *last < *first) return {};
  if (*first >= file_size) return {RangeAsked::Kind::unsatisfiable, {}};
  auto end = last ? std::min(*last + 1, file_size) : file_size;
  return {RangeAsked::Kind::part, {*first, end - *first}};
}

}  // namespace bastide::net::detail
