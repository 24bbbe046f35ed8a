// Certificates made for a test: a CA and what it signs.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace bastide::net::test {

/// A folder of PEM files that lives as long as the object: ca.pem, server.pem, server.key.
class TlsFolder {
 public:
  /// `names` is an OpenSSL subjectAltName, such as "DNS:localhost,IP:127.0.0.1".
  explicit TlsFolder(const std::string& names) {
    static int number = 0;
    folder_ = std::filesystem::temp_directory_path() /
              ("bastide-tls-" + std::to_string(::getpid()) + "-" + std::to_string(number++));
    std::filesystem::create_directories(folder_);
    auto ca_key = make_key();
    auto ca = make_certificate(ca_key.get(), "Test CA", nullptr, nullptr, "");
    auto key = make_key();
    auto certificate = make_certificate(key.get(), "Test server", ca.get(), ca_key.get(), names);
    write(ca_file(), [&](FILE* file) { PEM_write_X509(file, ca.get()); });
    write(certificate_file(), [&](FILE* file) { PEM_write_X509(file, certificate.get()); });
    write(key_file(),
          [&](FILE* file) { PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  ~TlsFolder() { std::filesystem::remove_all(folder_); }
  TlsFolder(const TlsFolder&) = delete;
  TlsFolder& operator=(const TlsFolder&) = delete;

  [[nodiscard]] std::string ca_file() const { return folder_ / "ca.pem"; }
  [[nodiscard]] std::string certificate_file() const { return folder_ / "server.pem"; }
  [[nodiscard]] std::string key_file() const { return folder_ / "server.key"; }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  static Key make_key() { return Key(EVP_EC_gen("P-256")); }

  static Certificate make_certificate(EVP_PKEY* key, const char* name, X509* issuer, EVP_PKEY* issuer_key,
                                      const std::string& names) {
    static long serial = 1;
    Certificate made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key);
    auto* subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1,
                               -1, 0);
    X509_set_issuer_name(made.get(), issuer ? X509_get_subject_name(issuer) : subject);
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer ? issuer : made.get(), made.get(), nullptr, nullptr, 0);
    add(made.get(), context, NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (!names.empty()) add(made.get(), context, NID_subject_alt_name, names);
    X509_sign(made.get(), issuer_key ? issuer_key : key, EVP_sha256());
    return made;
  }

  static void add(X509* certificate, X509V3_CTX& context, int what, const std::string& value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <class Write>
  static void write(const std::string& path, Write content) {
    auto* file = std::fopen(path.c_str(), "w");
    content(file);
    std::fclose(file);
  }

  std::filesystem::path folder_;
};

}  // namespace bastide::net::test
