#include "models/install/download.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <fstream>
#include <optional>

#include "base/text.h"
#include "models/catalogue/manifest.h"

namespace bastide::models {
namespace {

constexpr int redirections_max = 5;

class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] std::uint64_t size() const {
    struct stat info{};
    return fd_ >= 0 && ::fstat(fd_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  }
  [[nodiscard]] bool cut(std::uint64_t size) const { return ::ftruncate(fd_, static_cast<off_t>(size)) == 0; }
  [[nodiscard]] Result<void> write_at(std::uint64_t at, std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0)
        return fail(Code::storage_full, "The disk is full.", "storage_full",
                    "Free some space, then try again: it goes on where it was.");
      at += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  [[nodiscard]] bool sync() const { return ::fsync(fd_) == 0; }

 private:
  int fd_;
};

std::string read_text(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  std::getline(in, text);
  return text;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  if (text.empty() || std::from_chars(text.data(), end, value).ptr != end) return std::nullopt;
  return value;
}

/// `location` seen from `url`.
std::string resolve(const std::string& url, std::string_view location) {
  if (location.starts_with("http://") || location.starts_with("https://")) return std::string(location);
  const auto host = url.find('/', url.find("://") + 3);
  if (location.starts_with('/')) return url.substr(0, host) + std::string(location);
  return url.substr(0, url.rfind('/') + 1) + std::string(location);
}

std::string stated_hash(const net::Headers& headers) {
  std::string_view tag = headers.find("x-linked-etag").value_or("");
  while (tag.starts_with("\"")) tag.remove_prefix(1);
  while (tag.ends_with("\"")) tag.remove_suffix(1);
  const bool is_hash =
      tag.size() == 64 && tag.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return is_hash ? std::string(tag) : std::string();
}

bool may_try_again(const Error& error) {
  return error.code == Code::upstream || error.code == Code::timeout || error.code == Code::overloaded;
}

}  // namespace

namespace detail {

/// The answer after all redirections.
struct Opened {
  std::unique_ptr<net::ClientResponse> response;
  std::string stated_sha256;
};

Task<Result<Opened>> open(net::Client& client, const DownloadOptions& options, std::uint64_t have,
                          std::string etag) {
  Opened out;
  std::string url = options.url;
  for (int hop = 0; hop <= redirections_max; ++hop) {
    net::ClientRequest request;
    request.url = url;
    request.headers = {{"accept-encoding", "identity"}, {"user-agent", "bastide"}};
    if (hop == 0 && !options.token.empty()) request.headers.add("authorization", "Bearer " + options.token);
    const auto range = have > 0 ? fmt::format("bytes={}-", have) : std::string();
    if (!range.empty()) request.headers.add("range", range);
    if (!range.empty() && !etag.empty()) request.headers.add("if-range", etag);
    if (hop == 0 && options.s3)
      for (auto& header : sign_s3_get(url, range, *options.s3, now_ms()))
        request.headers.add(header.name, std::move(header.value));
    auto response = co_await client.fetch(std::move(request));
    if (!response) co_return pass(response);
    if (auto hash = stated_hash((*response)->headers()); !hash.empty()) out.stated_sha256 = hash;
    const int status = (*response)->status();
    const auto location = (*response)->headers().find("location");
    if (status < 300 || status >= 400 || !location) {
      out.response = std::move(*response);
      co_return std::move(out);
    }
    std::string next = resolve(url, *location);
    if (url.starts_with("https://") && !next.starts_with("https://"))
      co_return fail(Code::upstream, "The server sends us from a secure address to one that is not.",
                     "redirection");
    url = std::move(next);
  }
  co_return fail(Code::upstream, "The server sends us around in circles.", "redirection");
}

Task<Result<Downloaded>> attempt(net::Client& client, const DownloadOptions& options) {
  const File file(options.to);
  const std::string etag_path = options.to + ".etag";
  std::uint64_t have = file.size();
  auto opened = co_await open(client, options, have, read_text(etag_path));
  if (!opened) co_return pass(opened);
  auto& response = *opened->response;
  const int status = response.status();
  if (status == 401 || status == 403)
    co_return fail(Code::forbidden, "The server does not give this file to everybody.", "gated",
                   "Accept its licence there, and set HF_TOKEN.");
  if (status == 404) co_return fail(Code::not_found, "The server does not have this file.", "missing");
  if (status == 416) {
    // What we have is not a beginning of what is there.
    if (!file.cut(0)) co_return fail(Code::unavailable, "The file cannot be written.");
    co_return fail(Code::upstream, "The file has changed on the server.", "changed");
  }
  if (status >= 500)
    co_return fail(Code::upstream, fmt::format("The server failed with status {}.", status), "server");
  if (status != 200 && status != 206)
    co_return fail(Code::unavailable, fmt::format("The server answered with status {}.", status), "server");
  std::uint64_t total = number(response.headers().find("content-length").value_or("")).value_or(0);
  if (status == 206) {
    // content-range: bytes FROM-TO/TOTAL
    const auto range = response.headers().find("content-range").value_or("");
    if (!range.starts_with(fmt::format("bytes {}-", have)))
      co_return fail(Code::upstream, "The server sent another part than asked for.", "range");
    total += have;
  } else {
    have = 0;
    if (!file.cut(0)) co_return fail(Code::unavailable, "The file cannot be written.");
  }
  if (total > options.bytes_max)
    co_return fail(Code::too_large, "The file on the server is larger than expected.", "too_large");
  // Only a strong tag may stand for a part of a file.
  const auto tag = response.headers().find("etag").value_or("");
  if (auto kept = replace_file(etag_path, tag.starts_with("W/") ? "" : tag); !kept) co_return pass(kept);

  while (true) {
    auto piece = co_await response.read();
    if (!piece) co_return pass(piece);
    if (piece->empty()) break;
    if (have + piece->size() > options.bytes_max)
      co_return fail(Code::too_large, "The file on the server is larger than expected.", "too_large");
    if (auto written = file.write_at(have, *piece); !written) co_return pass(written);
    have += piece->size();
    if (options.on_progress) options.on_progress(have, total);
  }
  if (total > 0 && have != total) co_return fail(Code::upstream, "The download broke off.", "truncated");
  if (!file.sync())
    co_return fail(Code::storage_full, "The disk is full.", "storage_full", "Free some space.");
  co_return Downloaded{have, opened->stated_sha256};
}

}  // namespace detail

Task<Result<Downloaded>> download(net::Client& client, DownloadOptions options) {
  Millis pause = options.pause;
  for (int left = options.attempts;; --left) {
    auto done = co_await detail::attempt(client, options);
    if (done || left <= 1 || !may_try_again(done.error())) co_return done;
    co_await sleep_for(pause);
    pause *= 2;
  }
}

}  // namespace bastide::models
