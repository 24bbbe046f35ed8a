#include "http_api/workspace/upload.h"

#include "http_api/multipart.h"
#include "http_api/workspace/views.h"

namespace bastide::http_api {
namespace {

constexpr std::size_t field_bytes_max = 64 * 1024;
constexpr std::uint64_t multipart_overhead = 256 * 1024;

std::unexpected<Error> upload_too_large(const Call& call) {
  auto mb = call.services.config.server.upload_bytes_max / (1024 * 1024);
  return fail(Code::too_large, "The file is larger than " + std::to_string(mb) + " MB.", "upload_too_large",
              "Split it, or ask the administration to raise [server] upload_bytes_max.");
}

// What a multipart body brought.
struct Received {
  knowledge::Upload upload;
  std::unique_ptr<storage::Blobs::Writer>
      file;  // keeps the bytes from being purged until they are referred to
  std::string readers_text;
  bool has_readers = false;
  bool has_file = false;
};

// Reads the body: the file goes to the blobs piece by piece, nothing is visible before all of it is on the
// disk.
Task<Result<void>> receive(Call& call, MultipartFramer& framer, Received& received) {
  using Kind = MultipartFramer::Event::Kind;
  std::unique_ptr<storage::Blobs::Writer> writer;
  std::string* field = nullptr;
  std::string ignored;
  std::string label;
  while (true) {
    auto event = framer.next();
    if (!event) co_return pass(event);
    switch (event->kind) {
      case Kind::more: {
        auto bytes = co_await call.http.read();
        if (!bytes) {
          if (bytes.error().code == Code::too_large) co_return upload_too_large(call);
          co_return pass(bytes);
        }
        if (bytes->empty())
          co_return fail(Code::invalid, "The upload was cut before its end.", "multipart_malformed",
                         "Send the file again.");
        framer.feed(*bytes);
        break;
      }
      case Kind::head: {
        const auto& head = event->head;
        bool file = head.name == "file" && head.file_name && !received.has_file;
        if (file) {
          received.upload.name = *head.file_name;
          received.upload.media_type = head.media_type;
          auto made = co_await call.blocking([&] { return call.services.blobs.create(); });
          if (!made) co_return pass(made);
          writer = std::move(*made);
          field = nullptr;
        } else {
          if (head.name == "readers") received.has_readers = true;
          if (head.name == "readers" && !received.readers_text.empty()) received.readers_text += "\n";
          field = head.name == "label"            ? &label
                  : head.name == "readers"        ? &received.readers_text
                  : head.name == "source_version" ? &received.upload.source_version
                                                  : &ignored;
        }
        break;
      }
      case Kind::data:
        if (writer) {
          auto written = co_await call.blocking([&] { return writer->write(event->data); });
          if (!written) co_return written;
          if (writer->size_bytes() > call.services.config.server.upload_bytes_max)
            co_return upload_too_large(call);
        } else if (field == &ignored) {
          break;
        } else {
          field->append(event->data);
          if (field->size() > field_bytes_max)
            co_return fail(Code::too_large, "A field of the upload is longer than 64 KB.", "wrong_field");
        }
        break;
      case Kind::part_end:
        if (writer) {
          received.upload.bytes = static_cast<std::int64_t>(writer->size_bytes());
          auto blob = co_await call.blocking([&] { return writer->commit(); });
          if (!blob) co_return pass(blob);
          received.upload.blob = std::move(*blob);
          received.has_file = true;
          received.file = std::move(writer);
        }
        break;
      case Kind::end:
        if (!label.empty()) received.upload.label = std::move(label);
        co_return Result<void>{};
    }
  }
}

}  // namespace

Task<Result<knowledge::UploadedDocument>> receive_document(Call& call, std::string collection) {
  auto& library = call.services.library;
  auto limit = call.services.config.server.upload_bytes_max + multipart_overhead;
  if (call.http.body_length().value_or(0) > limit) co_return upload_too_large(call);
  auto boundary = multipart_boundary(call.request().headers.find("content-type").value_or(""));
  if (!boundary)
    co_return fail(Code::unsupported, "The body must be multipart/form-data with a field \"file\".",
                   "no_file");
  // Rights before bytes: who may not write here does not fill our disk.
  auto allowed = co_await call.blocking([&] { return library.check_upload(call.who, collection); });
  if (!allowed) co_return pass(allowed);
  call.http.allow_body(limit);
  MultipartFramer framer(*boundary);
  Received received;
  auto got = co_await receive(call, framer, received);
  if (!got) co_return pass(got);
  if (!received.has_file)
    co_return fail(Code::invalid, "No file was sent.", "no_file", "Send a field named file.");
  received.upload.collection = collection;
  auto uploaded = co_await call.blocking([&]() -> Result<knowledge::UploadedDocument> {
    if (received.has_readers) {
      std::vector<std::string> ids;
      for (auto text : split_readers(received.readers_text)) {
        auto id = call.services.identity.reader_id(text);
        if (!id) return pass(id);
        ids.push_back(std::move(*id));
      }
      received.upload.readers = std::move(ids);
    }
    return library.upload(call.who, received.upload);
  });
  if (!uploaded) co_return pass(uploaded);
  note(call, "document_uploaded", call.who.person, uploaded->id);
  co_return uploaded;
}

}  // namespace bastide::http_api
