#include "knowledge/parse/mail/eml.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/text.h"
#include "knowledge/parse/charset.h"
#include "knowledge/parse/clean.h"
#include "knowledge/parse/mail/mime.h"
#include "knowledge/parse/plain.h"
#include "knowledge/parse/web/html.h"

namespace bastide::knowledge::parse::mail {
namespace {

using detail::Builder;

constexpr int depth_max = 3;
constexpr std::size_t attachments_max = 100;
constexpr std::size_t attached_bytes_max = 256ULL * 1024 * 1024;

struct Content {
  std::vector<const Part*> texts;  // what is read as the message, in order
  std::vector<const Part*> attachments;
};

bool has_text(const Part& part) {
  auto text = part.content();
  return text.find_first_not_of(" \t\r\n") != std::string::npos;
}

void sort_parts(const Part& part, Content& out) {
  if (part.type == "multipart/alternative") {
    // The same in several forms: plain text unless there is none.
    const Part* best = nullptr;
    for (const auto& one : part.parts) {
      if (one.type == "text/plain" && has_text(one)) best = &one;
      if (!best && (one.type == "text/html" || one.type.starts_with("multipart/"))) best = &one;
    }
    if (best && !best->type.starts_with("multipart/") && best->type != "text/plain")
      for (const auto& one : part.parts)
        if (one.type == "text/plain" && has_text(one)) best = &one;
    if (best) sort_parts(*best, out);
    return;
  }
  if (part.type.starts_with("multipart/")) {
    for (const auto& one : part.parts) sort_parts(one, out);
    return;
  }
  auto readable = part.type == "text/plain" || part.type == "text/html";
  if (readable && !part.attachment && part.file_name.empty())
    out.texts.push_back(&part);
  else
    out.attachments.push_back(&part);
}

// Lines with ">" before them are what is answered to.
void parse_mail_text(std::string_view text, Builder& builder) {
  std::string run;
  auto quoted = false;
  auto flush = [&] {
    if (quoted)
      builder.quote(run);
    else
      detail::parse_text(run, builder);
    run.clear();
  };
  for (auto line : split(text, '\n')) {
    auto is_quoted = line.starts_with('>');
    if (is_quoted != quoted) {
      flush();
      quoted = is_quoted;
    }
    while (is_quoted && !line.empty() && (line.front() == '>' || line.front() == ' ')) line.remove_prefix(1);
    run += line;
    run += '\n';
  }
  flush();
}

void write_head(const Part& message, Builder& builder) {
  auto subject = detail::clean(message.header("subject"));
  if (builder.document.title.empty()) builder.document.title = subject;
  builder.heading(1, subject);
  std::string head;
  for (std::string_view name : {"from", "to", "cc", "date"}) {
    auto value = detail::clean(message.header(name));
    builder.metadata(name, value);
    if (value.empty()) continue;
    if (!head.empty()) head += '\n';
    head +=
        fmt::format("{}{}: {}", static_cast<char>(name[0] - 32), name.substr(1), utf8_prefix(value, 1000));
  }
  builder.metadata("subject", subject);
  builder.paragraph(head);
}

void append(const ParsedDocument& from, Builder& builder) {
  for (const auto& warning : from.warnings) builder.warn(warning);
  for (auto block : from.blocks) {
    block.lines.clear();  // its pages are not those of this document
    block.page = 0;
    if (block.kind == BlockKind::heading)
      block.level = static_cast<std::uint8_t>(std::min(block.level + 2, 6));
    builder.add(std::move(block));
  }
}

void read_attachment(const Part& part, const detail::ParseHints& hints, Builder& builder,
                     std::size_t& bytes_left) {
  auto name = detail::clean(part.file_name);
  if (name.empty()) name = part.type == "message/rfc822" ? "message.eml" : part.type;
  builder.heading(2, name);
  builder.metadata("attachment", name);
  auto content = part.content();
  if (hints.depth >= depth_max || content.size() > bytes_left) {
    builder.warn("attachment_skipped");
    return;
  }
  bytes_left -= content.size();
  detail::ParseHints inner;
  inner.name = name;
  inner.declared_type = part.type;
  inner.text_bytes_max = hints.text_bytes_max;
  inner.depth = hints.depth + 1;
  auto document = detail::parse_bytes(content, inner);
  if (!document) {
    builder.warn("attachment_skipped");
    return;
  }
  append(*document, builder);
}

}  // namespace

Result<void> parse_eml(std::string_view bytes, const detail::ParseHints& hints, Builder& builder) {
  auto message = read_message(bytes);
  if (message.headers.empty())
    return fail(Code::corrupt, "The e-mail is damaged: it has no headers.", "corrupt",
                "Export it again from the mailbox.");
  write_head(message, builder);
  Content content;
  sort_parts(message, content);
  for (const auto* part : content.texts) {
    auto text = part->content();
    if (part->type == "text/html") {
      auto title = builder.document.title;
      web::parse_html(
          detail::decode_as(text, part->charset.empty() ? web::declared_charset(text) : part->charset),
          builder);
      builder.document.title = title;
    } else
      parse_mail_text(detail::decode_as(text, part->charset), builder);
  }
  std::size_t count = 0;
  auto bytes_left = attached_bytes_max;
  for (const auto* part : content.attachments) {
    if (builder.full()) break;
    // Pictures in signatures and such are neither text nor worth a line.
    if (part->type.starts_with("image/") && !part->attachment) continue;
    if (++count > attachments_max) {
      builder.warn("attachment_skipped");
      break;
    }
    read_attachment(*part, hints, builder, bytes_left);
  }
  return {};
}

}  // namespace bastide::knowledge::parse::mail
