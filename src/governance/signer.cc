#include "governance/signer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "base/crypto.h"
#include "base/text.h"

namespace bastide::governance {
namespace {

constexpr char ed25519 = 0x01;  // the algorithm's number in signed notes
constexpr std::string_view dash = "\xe2\x80\x94";
constexpr std::string_view private_prefix = "PRIVATE+KEY+";

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

struct KeyPair {
  std::string open, secret;
};

KeyPair key_pair(std::string_view seed) {
  KeyPair pair{std::string(crypto_sign_PUBLICKEYBYTES, '\0'), std::string(crypto_sign_SECRETKEYBYTES, '\0')};
  crypto_sign_seed_keypair(bytes(pair.open), bytes(pair.secret), bytes(seed));
  return pair;
}

std::string key_hash_of(std::string_view name, std::string_view key) {
  const auto digest = sha256(fmt::format("{}\n{}{}", name, ed25519, key));
  return {reinterpret_cast<const char*>(digest.data()), 4};
}

/// The three parts of NAME+HASH+KEY; the key's bytes without the algorithm.
struct KeyText {
  std::string name, hash, key;
};

Result<KeyText> parse_key(std::string_view text) {
  const auto parts = split(trim(text), '+');
  // The key is base 64 and may hold further '+'.
  if (parts.size() < 3) return fail(Code::corrupt, "This is no key of a log.", "bad_key");
  const auto offset = parts[0].size() + parts[1].size() + 2;
  auto key = unbase64(trim(text).substr(offset));
  auto hash = unhex(parts[1]);
  if (!key || !hash || key->size() != 33 || key->front() != ed25519 || hash->size() != 4 || parts[0].empty())
    return fail(Code::corrupt, "This is no key of a log.", "bad_key");
  return KeyText{std::string(parts[0]), std::move(*hash), key->substr(1)};
}

Result<std::string> read_small(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(errno == ENOENT ? Code::not_found : Code::unavailable,
                fmt::format("The key file {} cannot be read: {}.", path, std::strerror(errno)), "key_file");
  std::string text(4096, '\0');
  const auto count = ::read(file, text.data(), text.size());
  ::close(file);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return text;
}

/// Writes beside `path`, then links: of two who do so at once, one wins and both read its file.
Result<void> write_new(const std::string& path, std::string_view text) {
  const auto say = [&] {
    return fail(errno == ENOSPC ? Code::storage_full : Code::unavailable,
                fmt::format("The key file {} cannot be written: {}.", path, std::strerror(errno)), "key_file",
                "Check the rights of the data folder and the space on the disk.");
  };
  const auto folder = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (!folder.empty() && std::filesystem::create_directories(folder, ignored)) ::chmod(folder.c_str(), 0700);
  const auto beside = fmt::format("{}.{}", path, hex(random_bytes(8)));
  const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return say();
  const bool wrote =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  const bool linked = wrote && (::link(beside.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int why = errno;
  ::unlink(beside.c_str());
  errno = why;
  if (!linked) return say();
  if (const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
      directory >= 0) {
    ::fsync(directory);
    ::close(directory);
  }
  return {};
}

}  // namespace

// --- Verifier
// -------------------------------------------------------------------------------------------------

Verifier::Verifier(std::string name, std::string key) : name_(std::move(name)), key_(std::move(key)) {}

Result<Verifier> Verifier::parse(std::string_view text) {
  auto parsed = parse_key(text);
  if (!parsed) return pass(parsed);
  if (key_hash_of(parsed->name, parsed->key) != parsed->hash)
    return fail(Code::corrupt, "The key does not match its own hash.", "bad_key");
  return Verifier(std::move(parsed->name), std::move(parsed->key));
}

std::string Verifier::key_hash() const { return key_hash_of(name_, key_); }

std::string Verifier::text() const {
  return fmt::format("{}+{}+{}", name_, hex(key_hash()), base64(fmt::format("{}{}", ed25519, key_)));
}

bool Verifier::verify(std::string_view message, std::string_view signature) const {
  return signature.size() == crypto_sign_BYTES &&
         crypto_sign_verify_detached(bytes(signature), bytes(message), message.size(), bytes(key_)) == 0;
}

Result<std::string> Verifier::open_note(std::string_view note) const {
  const auto end = note.rfind("\n\n");
  if (end == std::string_view::npos) return fail(Code::corrupt, "This is no signed note.", "bad_note");
  const auto text = note.substr(0, end + 1);
  const auto prefix = fmt::format("{} {} ", dash, name_);
  for (const auto line : split(note.substr(end + 2), '\n')) {
    if (!line.starts_with(prefix)) continue;
    const auto signature = unbase64(line.substr(prefix.size()));
    if (!signature || !signature->starts_with(key_hash())) continue;
    if (verify(text, std::string_view(*signature).substr(4))) return std::string(text);
  }
  return fail(Code::corrupt, fmt::format("The note does not bear a signature of {} that holds.", name_),
              "bad_signature");
}

// --- Signer
// ---------------------------------------------------------------------------------------------------

Signer::Signer(std::string name, std::string_view seed) : verifier_(std::move(name), key_pair(seed).open) {
  secret_ = key_pair(seed).secret;
}

Result<Signer> Signer::open(const std::string& path) {
  auto text = read_small(path);
  if (!text && text.error().code == Code::not_found) {
    const auto seed = random_bytes(crypto_sign_SEEDBYTES);
    const auto name = "bastide-log-" + hex(random_bytes(4));
    const auto line =
        fmt::format("{}{}+{}+{}\n", private_prefix, name, hex(key_hash_of(name, key_pair(seed).open)),
                    base64(fmt::format("{}{}", ed25519, seed)));
    if (auto written = write_new(path, line); !written) return pass(written);
    text = read_small(path);
  }
  if (!text) return pass(text);
  const auto damaged = [&] {
    return fail(Code::corrupt, fmt::format("The key file {} is damaged.", path), "key_file",
                "Restore it from a backup: without it new checkpoints cannot continue the old ones.");
  };
  if (!text->starts_with(private_prefix)) return damaged();
  auto parsed = parse_key(std::string_view(*text).substr(private_prefix.size()));
  if (!parsed) return damaged();
  Signer signer(parsed->name, parsed->key);
  if (signer.verifier().key_hash() != parsed->hash) return damaged();
  return signer;
}

std::string Signer::sign(std::string_view message) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(bytes(signature), nullptr, bytes(message), message.size(), bytes(secret_));
  return signature;
}

std::string Signer::sign_note(std::string_view text) const {
  return fmt::format("{}\n{} {} {}\n", text, dash, verifier_.name(),
                     base64(verifier_.key_hash() + sign(text)));
}

std::string Signer::derive_key(std::string_view purpose) const {
  const auto key = hmac_sha256(std::string_view(secret_).substr(0, crypto_sign_SEEDBYTES), purpose);
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

// --- checkpoints
// ----------------------------------------------------------------------------------------------

std::string checkpoint_text(const CheckpointText& checkpoint) {
  const std::string root(reinterpret_cast<const char*>(checkpoint.root.data()), checkpoint.root.size());
  return fmt::format("{}\n{}\n{}\n{}\n", checkpoint.origin, checkpoint.size, base64(root), checkpoint.at);
}

Result<CheckpointText> parse_checkpoint(std::string_view text) {
  const auto lines = split(text, '\n');
  CheckpointText checkpoint;
  const auto damaged = [] {
    return fail(Code::corrupt, "This is no checkpoint of a log.", "bad_checkpoint");
  };
  if (lines.size() < 4) return damaged();
  checkpoint.origin = lines[0];
  const auto digits = lines[1];
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), checkpoint.size);
  const auto root = unbase64(lines[2]);
  if (error != std::errc() || end != digits.data() + digits.size() || checkpoint.size < 0 || !root ||
      root->size() != checkpoint.root.size())
    return damaged();
  std::memcpy(checkpoint.root.data(), root->data(), root->size());
  checkpoint.at = lines[3];
  return checkpoint;
}

}  // namespace bastide::governance
