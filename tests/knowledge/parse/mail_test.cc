#include <gtest/gtest.h>

#include <string>

#include "base/crypto.h"
#include "knowledge/parse/mail/mime.h"
#include "tests/knowledge/parse/make.h"

namespace bastide::knowledge::parse {
namespace {

using test::outline;
using test::parse_here;

TEST(Mime, HeadersAreDecoded) {
  using mail::decode_header;
  EXPECT_EQ(decode_header("=?utf-8?B?w4l0w6k=?= =?iso-8859-1?Q?_=E0_la_plage?="), "Été à la plage");
  EXPECT_EQ(decode_header("plain =?utf-8?q?=C3=A9?= end"), "plain é end");
  EXPECT_EQ(decode_header("=?broken"), "=?broken");
  EXPECT_EQ(decode_header("=?utf-8?X?zz?= a"), decode_header("=?utf-8?X?zz?= a"));
  EXPECT_EQ(decode_header("caf\xE9"), "café");
}

TEST(Mime, ParametersInPieces) {
  auto part = mail::read_message(
      "Content-Type: application/pdf; name=x\r\nContent-Disposition: attachment;\r\n "
      "filename*0*=utf-8''%C3%A9t;\r\n "
      "filename*1=\"e .pdf\"\r\n\r\nbody");
  EXPECT_EQ(part.file_name, "éte .pdf");
  EXPECT_TRUE(part.attachment);
  EXPECT_EQ(part.body, "body");
}

std::string mail_with_attachments() {
  return "From: =?utf-8?Q?Zo=C3=A9?= <zoe@example.org>\r\nTo: b@example.org\r\nSubject: "
         "=?iso-8859-1?Q?R=E9union?=\r\n"
         "Date: Mon, 5 Jan 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
         "boundary=\"A b\"\r\n\r\n"
         "preamble\r\n--A b\r\nContent-Type: multipart/alternative; boundary=B\r\n\r\n--B\r\nContent-Type: "
         "text/plain; "
         "charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nBonjour =E0 tous, "
         "=\r\nvoici.\r\n\r\n> "
         "ancien\r\n> message\r\n--B\r\nContent-Type: text/html\r\n\r\n<p>HTML</p>\r\n--B--\r\n--A "
         "b\r\nContent-Type: "
         "text/csv; name=\"prix.csv\"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: "
         "base64\r\n\r\n" +
         base64("a;b\n1;2\n") +
         "\r\n--A b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\nFrom: "
         "c@example.org\r\nSubject: "
         "Dedans\r\n\r\nTexte dedans.\r\n--A b\r\nContent-Type: application/x-msdownload; "
         "name=\"mal.exe\"\r\n"
         "Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
         base64(std::string("MZ\x90\0rest", 8)) + "\r\n--A b--\r\n";
}

TEST(Mail, TextAndAttachments) {
  auto document = parse_here(mail_with_attachments(), "m.eml");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->title, "Réunion");
  EXPECT_EQ(outline(*document),
            "heading1:Réunion|paragraph:From: Zoé <zoe@example.org>\nTo: b@example.org\nDate: Mon, 5 Jan "
            "2026 10:00:00 "
            "+0100|paragraph:Bonjour à tous, voici.|quote:ancien\nmessage|heading2:prix.csv|table:a | b\n1 | "
            "2|heading2:message.eml|heading3:Dedans|paragraph:From: c@example.org|paragraph:Texte "
            "dedans.|heading2:mal.exe");
  EXPECT_EQ(document->warnings, std::vector<std::string>{"attachment_skipped"});
}

TEST(Mail, HtmlWhenThereIsNoText) {
  auto document = parse_here(
      "From: a@b.c\nSubject: S\nContent-Type: text/html; charset=utf-8\n\n<h2>Bonjour</h2><p>à tous</p>",
      "m.eml");
  ASSERT_TRUE(document);
  EXPECT_EQ(outline(*document), "heading1:S|paragraph:From: a@b.c|heading2:Bonjour|paragraph:à tous");
}

TEST(Mail, NestingIsBounded) {
  std::string message = "From: a@b.c\nSubject: fin\n\nTexte.";
  for (int i = 0; i < 50; ++i)
    message = "From: a@b.c\nSubject: n" + std::to_string(i) + "\nContent-Type: multipart/mixed; boundary=b" +
              std::to_string(i) + "\n\n--b" + std::to_string(i) + "\nContent-Type: message/rfc822\n\n" +
              message + "\n--b" + std::to_string(i) + "--\n";
  auto document = parse_here(message, "m.eml");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->warnings, std::vector<std::string>{"attachment_skipped"});
  EXPECT_LT(document->blocks.size(), 40U);
}

TEST(Mail, AttachedPdfIsReadUnderTheSandbox) {
  auto pdf = test::make_pdf({{{72, 700, 12, "Le contenu du PDF joint."}}});
  std::string message =
      "From: a@b.c\nSubject: S\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nVoir "
      "le "
      "PDF.\n--x\nContent-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n"
      "Content-Transfer-Encoding: base64\n\n" +
      base64(pdf) + "\n--x--\n";
  auto document = test::parse_in_child(message, "m.eml");
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_NE(whole_text(*document).find("Le contenu du PDF joint."), std::string::npos) << outline(*document);
}

}  // namespace
}  // namespace bastide::knowledge::parse
