#include "http_api/form.h"

#include "base/id.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t fields_bytes_max = 1024 * 1024;

std::unexpected<Error> file_too_large(std::uint64_t bytes_max) {
  return fail(Code::too_large,
              "The file is longer than " + std::to_string(bytes_max / (1024 * 1024)) + " MB.",
              "file_too_large", "Cut it into pieces, or compress it.");
}

/// Takes what the framer has; `more` when it wants bytes.
class FormReader {
 public:
  FormReader(std::string_view boundary, std::uint64_t file_bytes_max, FileTaker& taker)
      : framer_(boundary), file_bytes_max_(file_bytes_max), taker_(taker) {}

  Result<void> feed(std::string_view bytes) {
    using Kind = MultipartFramer::Event::Kind;
    framer_.feed(bytes);
    while (true) {
      auto event = framer_.next();
      if (!event) return pass(event);
      if (event->kind == Kind::more) return {};
      if (event->kind == Kind::end) {
        ended_ = true;
        return {};
      }
      if (event->kind == Kind::head)
        if (auto begun = begin(std::move(event->head)); !begun) return begun;
      if (event->kind == Kind::data)
        if (auto taken = take(event->data); !taken) return taken;
    }
  }
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::vector<dialects::FormField>& fields() { return fields_; }

 private:
  Result<void> begin(PartHead head) {
    in_file_ = head.file_name.has_value();
    if (!in_file_) {
      fields_.push_back({std::move(head.name), {}});
      return {};
    }
    if (has_file_) return fail(Code::invalid, "Only one file can be sent in a call.", "invalid_file");
    has_file_ = true;
    return taker_.begin(std::move(head));
  }
  Result<void> take(std::string_view data) {
    if (in_file_) {
      file_bytes_ += data.size();
      if (file_bytes_ > file_bytes_max_) return file_too_large(file_bytes_max_);
      return taker_.take(data);
    }
    fields_bytes_ += data.size();
    if (fields_bytes_ > fields_bytes_max)
      return fail(Code::too_large, "The fields of the form are longer than 1 MB.", "form_too_large");
    fields_.back().value += data;
    return {};
  }

  MultipartFramer framer_;
  const std::uint64_t file_bytes_max_;
  FileTaker& taker_;
  std::vector<dialects::FormField> fields_{};
  bool in_file_ = false, has_file_ = false, ended_ = false;
  std::uint64_t file_bytes_ = 0;
  std::size_t fields_bytes_ = 0;
};

/// Where the taker takes.
enum class Takes : std::uint8_t { at_once, where_it_may_block };

Task<Result<std::vector<dialects::FormField>>> read(Call& call, std::uint64_t file_bytes_max,
                                                    FileTaker& taker, Takes takes) {
  const auto boundary = multipart_boundary(call.request().headers.find("content-type").value_or(""));
  if (!boundary)
    co_return fail(Code::invalid, "The body must be multipart/form-data.", "not_multipart",
                   "Send the file as a form, as the official SDKs do.");
  const auto bytes_max = file_bytes_max + 2 * fields_bytes_max;
  if (call.http.body_length().value_or(0) > bytes_max) co_return file_too_large(file_bytes_max);
  call.http.allow_body(bytes_max);
  FormReader reader(*boundary, file_bytes_max, taker);
  while (!reader.ended()) {
    auto piece = co_await call.http.read();
    if (!piece) co_return pass(piece);
    if (piece->empty())
      co_return fail(Code::invalid, "The form ends before its last boundary.", "form_truncated");
    Result<void> fed;
    if (takes == Takes::at_once)
      fed = reader.feed(*piece);
    else
      fed = co_await call.blocking([&] { return reader.feed(*piece); });
    if (!fed) co_return pass(fed);
  }
  co_return std::move(reader.fields());
}

class InMemory final : public FileTaker {
 public:
  Result<void> begin(PartHead head) override {
    file = FormFile{std::move(head.name), std::move(*head.file_name), std::move(head.media_type), {}};
    return {};
  }
  Result<void> take(std::string_view bytes) override {
    file->bytes += bytes;
    return {};
  }
  std::optional<FormFile> file;
};

/// A quoted parameter of a part's head (RFC 7578, 4.2, as browsers write it).
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"')
      out += "%22";
    else if (c == '\r' || c == '\n')
      out += ' ';
    else
      out += c;
  }
  return out + '"';
}

}  // namespace

Task<Result<std::vector<dialects::FormField>>> read_form(Call& call, std::uint64_t file_bytes_max,
                                                         FileTaker& taker) {
  auto fields = co_await read(call, file_bytes_max, taker, Takes::where_it_may_block);
  co_return fields;
}

Task<Result<Form>> read_form(Call& call, std::size_t file_bytes_max) {
  InMemory taker;
  auto fields = co_await read(call, file_bytes_max, taker, Takes::at_once);
  if (!fields) co_return pass(fields);
  co_return Form{std::move(*fields), std::move(taker.file)};
}

WrittenForm write_form(const std::vector<dialects::FormField>& fields, const FormFile* file) {
  const auto boundary = new_id("form");  // random: nothing within holds it
  WrittenForm out{"multipart/form-data; boundary=" + boundary, {}};
  auto& body = out.body;
  std::size_t bytes = 1024 + (file ? file->bytes.size() : 0);
  for (const auto& field : fields) bytes += field.value.size() + field.name.size() + 128;
  body.reserve(bytes);
  for (const auto& field : fields) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=" + quoted(field.name) + "\r\n\r\n";
    body += field.value;
    body += "\r\n";
  }
  if (file) {
    body += "--" + boundary + "\r\nContent-Disposition: form-data; name=" + quoted(file->field) +
            "; filename=" + quoted(file->name) + "\r\nContent-Type: " +
            (file->media_type.empty() ? "application/octet-stream" : file->media_type) + "\r\n\r\n";
    body += file->bytes;
    body += "\r\n";
  }
  body += "--" + boundary + "--\r\n";
  return out;
}

}  // namespace bastide::http_api
