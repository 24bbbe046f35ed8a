#include "net/framing.h"

#include <gtest/gtest.h>

#include "net/answer.h"
#include "net/chunk.h"
#include "net/url.h"

namespace bastide::net::detail {
namespace {

struct Outcome {
  int status = 0;  // 0: taken
  RequestHead head;
};

// As the connection does, with the bytes split into pieces.
Outcome read_request(std::string_view bytes, std::size_t piece = 1, std::size_t bytes_max = 8192,
                     std::size_t headers_max = 20) {
  HeadScanner scanner(bytes_max, headers_max);
  for (std::size_t size = piece;; size += piece) {
    auto state = scanner.scan(bytes.substr(0, size));
    if (state == HeadScanner::State::refused) return {scanner.refusal().status, {}};
    if (state == HeadScanner::State::complete) break;
    if (size >= bytes.size()) return {-1, {}};
  }
  Outcome outcome;
  if (auto bad = parse_request(bytes.substr(0, scanner.size()), headers_max, outcome.head))
    outcome.status = bad->status;
  return outcome;
}

std::string get(std::string_view headers) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(headers) + "\r\n";
}

TEST(RequestFraming, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  struct Case {
    std::string bytes;
    int status;
  };
  const Case cases[] = {
      {get("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {get("Content-Length: 5, 5\r\n"), 400},
      {get("Content-Length: +5\r\n"), 400},
      {get("Content-Length: -5\r\n"), 400},
      {get("Content-Length: 0x5\r\n"), 400},
      {get("Content-Length: 5 6\r\n"), 400},
      {get("Content-Length:\r\n"), 400},
      {get("Content-Length: 99999999999999999999\r\n"), 400},
      {get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {get("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400},
      {get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {get("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {get("Transfer-Encoding: xchunked\r\n"), 501},
      {get("Transfer-Encoding: \vchunked\r\n"), 400},
      {get("Transfer-Encoding : chunked\r\n"), 400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {get("X: a\r\n folded\r\n"), 400},
      {get(" X: leading space\r\n"), 400},
      {get("X: a\rb\r\n"), 400},
      {"GET / HTTP/1.1\nHost: h\n\n", 400},
      {get("X: a\nY: b\r\n"), 400},
      {get(std::string("X: a\0b\r\n", 8)), 400},
      {get("X: a\x7f\r\n"), 400},
      {get("no colon\r\n"), 400},
      {get(": no name\r\n"), 400},
      {get("B@d: name\r\n"), 400},
      {get("Host: second\r\n"), 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"G<T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 400},
      {"GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /\r\nHost: h\r\n\r\n", 400},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%f HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /%ff HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /a/../b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /a/%2e%2E HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET example HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET http:///x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET http://u@h/x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {get("Expect: something\r\n"), 417},
      {"\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01", 400},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(read_request(one.bytes).status, one.status) << one.bytes;
    EXPECT_EQ(read_request(one.bytes, 4096).status, one.status) << "whole: " << one.bytes;
  }
}

TEST(RequestFraming, TakesWhatIsWellFormed) {
  auto outcome = read_request(
      "\r\nPOST /a%C3%A9/b?q=%20 HTTP/1.1\r\nhOsT: [::1]:80\r\nContent-Length: 007\r\nX:\t v \t\r\n\r\n");
  ASSERT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.head.request.method, "POST");
  EXPECT_EQ(outcome.head.request.path, "/a\xc3\xa9/b");
  EXPECT_EQ(outcome.head.request.query, "q=%20");
  EXPECT_EQ(outcome.head.request.parameter("q"), " ");
  EXPECT_EQ(outcome.head.request.headers.find("x"), "v");
  EXPECT_EQ(outcome.head.framing.kind, Framing::Kind::length);
  EXPECT_EQ(outcome.head.framing.length, 7U);
  EXPECT_TRUE(outcome.head.keep_alive);

  outcome =
      read_request(get("Transfer-Encoding: Chunked\r\nConnection: x, Close\r\nExpect: 100-Continue\r\n"));
  ASSERT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.head.framing.kind, Framing::Kind::chunked);
  EXPECT_FALSE(outcome.head.keep_alive);
  EXPECT_TRUE(outcome.head.expects_continue);

  outcome = read_request("GET / HTTP/1.0\r\n\r\n");
  ASSERT_EQ(outcome.status, 0);
  EXPECT_FALSE(outcome.head.keep_alive);
  EXPECT_TRUE(read_request("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").head.keep_alive);
  EXPECT_EQ(read_request("GET http://o:8 HTTP/1.1\r\nHost: h\r\n\r\n").head.request.path, "/");
  EXPECT_EQ(read_request("GET http://o:8?q HTTP/1.1\r\nHost: h\r\n\r\n").head.request.query, "q");
  EXPECT_EQ(read_request("GET http://o:8/x HTTP/1.1\r\nHost: h\r\n\r\n").head.request.headers.find("host"),
            "o:8");
}

TEST(RequestFraming, LimitsHeads) {
  std::string many;
  for (int i = 0; i < 19; ++i) many += "X: y\r\n";
  EXPECT_EQ(read_request(get(many)).status, 0) << "20 with Host";
  EXPECT_EQ(read_request(get(many + "X: y\r\n")).status, 431);
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\nX: " + std::string(9000, 'x')).status, 431);
  EXPECT_EQ(read_request("GET /" + std::string(9000, 'x')).status, 414);
}

std::optional<std::string_view> read_response(std::string_view bytes, std::string_view method,
                                              ResponseHead& out) {
  HeadScanner scanner(8192, 20);
  if (scanner.scan(bytes) != HeadScanner::State::complete) return "scan";
  auto bad = parse_response(bytes.substr(0, scanner.size()), 20, method, out);
  if (bad) return bad->reason;
  return std::nullopt;
}

TEST(ResponseFraming, KnowsHowEachBodyEnds) {
  auto kind = [](std::string_view bytes, std::string_view method = "GET") {
    ResponseHead head;
    EXPECT_FALSE(read_response(bytes, method, head)) << bytes;
    return head.framing.kind;
  };
  EXPECT_EQ(kind("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), Framing::Kind::length);
  EXPECT_EQ(kind("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), Framing::Kind::none);
  EXPECT_EQ(kind("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"), Framing::Kind::none);
  EXPECT_EQ(kind("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n"), Framing::Kind::none);
  EXPECT_EQ(kind("HTTP/1.1 204\r\n\r\n"), Framing::Kind::none);
  EXPECT_EQ(kind("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), Framing::Kind::chunked);
  EXPECT_EQ(kind("HTTP/1.0 200 OK\r\n\r\n"), Framing::Kind::until_close);
  ResponseHead head;
  EXPECT_TRUE(read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
                            "GET", head));
  EXPECT_TRUE(
      read_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "GET", head));
  EXPECT_TRUE(read_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "GET", head));
  EXPECT_TRUE(read_response("HTTP/1.1 20 OK\r\n\r\n", "GET", head));
  EXPECT_TRUE(read_response("ICY 200 OK\r\n\r\n", "GET", head));
}

ChunkDecoder::State decode(std::string_view bytes, std::string& out, std::size_t piece) {
  ChunkDecoder decoder;
  for (std::size_t i = 0; i < bytes.size();) {
    auto part = bytes.substr(i, piece);
    auto used = decoder.feed(part, out);
    i += used;
    if (used < part.size()) break;
  }
  return decoder.state();
}

TEST(ChunkDecoder, TakesTheFramingOff) {
  for (std::size_t piece : {1, 2, 3, 7, 1000}) {
    std::string out;
    EXPECT_EQ(decode("5\r\nhello\r\n0A;a=b\r\n0123456789\r\n0\r\nT: x\r\nU: y\r\n\r\nrest", out, piece),
              ChunkDecoder::State::done);
    EXPECT_EQ(out, "hello0123456789");
  }
}

TEST(ChunkDecoder, RefusesWhatIsNotExact) {
  for (std::string_view bad :
       {"\r\n", "-5\r\n", "+5\r\n", " 5\r\n", "5 \r\nhello\r\n", "0x5\r\nhello\r\n", "5\nhello\r\n",
        "5\r\nhello\n", "5\r\nhelloX\r\n", ";x\r\n", "g\r\n", "1234567890abcdef0\r\n", "ffffffffffffffff\r\n",
        "5\rx", "0\r\n\n", "0\r\nT: x\n", "0\r\n x\r\n\r\n", "5;\x01\r\nhello\r\n"}) {
    std::string out;
    EXPECT_EQ(decode(bad, out, 1), ChunkDecoder::State::malformed) << bad;
    EXPECT_EQ(decode(bad, out, 1000), ChunkDecoder::State::malformed) << bad;
  }
  std::string out;
  EXPECT_EQ(decode("5;" + std::string(2000, 'x'), out, 100), ChunkDecoder::State::malformed);
  EXPECT_EQ(decode("0\r\nT: " + std::string(10000, 'x'), out, 100), ChunkDecoder::State::malformed);
  EXPECT_EQ(decode("5\r\nhel", out, 1), ChunkDecoder::State::more);
}

TEST(Range, IsOneRangeOrTheWhole) {
  auto part = [](std::string_view value, std::uint64_t first, std::uint64_t size) {
    auto asked = parse_range(value, 100);
    return asked.kind == RangeAsked::Kind::part && asked.range.first == first && asked.range.size == size;
  };
  EXPECT_TRUE(part("bytes=0-0", 0, 1));
  EXPECT_TRUE(part("bytes=10-", 10, 90));
  EXPECT_TRUE(part("bytes=-10", 90, 10));
  EXPECT_TRUE(part("bytes=-1000", 0, 100));
  EXPECT_TRUE(part("bytes=50-1000", 50, 50));
  for (std::string_view whole :
       {"bytes=0-1,5-6", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=-5-6"})
    EXPECT_EQ(parse_range(whole, 100).kind, RangeAsked::Kind::whole) << whole;
  for (std::string_view none : {"bytes=100-", "bytes=-0", "bytes=500-600"})
    EXPECT_EQ(parse_range(none, 100).kind, RangeAsked::Kind::unsatisfiable) << none;
  EXPECT_EQ(parse_range("bytes=-5", 0).kind, RangeAsked::Kind::unsatisfiable);
}

TEST(AnswerHead, CannotBeSplitByAValue) {
  EXPECT_FALSE(head_text({}, {{"X", "a\r\nSet-Cookie: b"}}));
  EXPECT_FALSE(head_text({}, {{"X y", "a"}}));
  auto text =
      head_text({200, {Framing::Kind::length, 3}, true, 1, "now"}, {{"Content-Length", "9"}, {"X", "y"}});
  EXPECT_EQ(text, "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 3\r\nX: y\r\n\r\n");
}

TEST(Url, IsStrict) {
  auto url = parse_url("https://Host.Example:8443/a?b=c#d");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "host.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a?b=c");
  EXPECT_EQ(url->authority, "Host.Example:8443");
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
  EXPECT_EQ(parse_url("http://[::1]:9/x")->host, "::1");
  auto local = parse_url("http://unix:/run/x.sock:/v1/y?z");
  ASSERT_TRUE(local);
  EXPECT_EQ(local->unix_socket, "/run/x.sock");
  EXPECT_EQ(local->target, "/v1/y?z");
  for (std::string_view bad :
       {"", "h", "ftp://h", "http://", "http://u:p@h/", "http://h:0/", "http://h:99999/", "http://h:x/",
        "http://h /", "http://h\r\n/", "http://[::1/", "http://[]/", "http://h\xc3\xa9/", "http://unix:/s:x"})
    EXPECT_FALSE(parse_url(bad)) << bad;
}

}  // namespace
}  // namespace bastide::net::detail
