// Ingestion of PDF without OCR and embeddings: parse in the sandboxed process, read back, chunk. CPU seconds
// of both processes are counted. `parse_bench [FILE.pdf...]`; without files it makes a report of 300 pages.
// One line of JSON a figure.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "knowledge/parse/chunker.h"
#include "knowledge/parse/nursery.h"
#include "knowledge/parse/parse.h"

namespace {

using namespace bastide::knowledge::parse;

double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double cpu_seconds() { return cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN); }

// A plain report: 44 lines of some 90 characters a page.
std::string make_report(int pages) {
  std::vector<std::string> objects{
      "<< /Type /Catalog /Pages 2 0 R >>", "",
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"};
  std::string kids;
  constexpr std::string_view words[] = {"La",      "convention", "prevoit", "que",    "chaque", "service",
                                        "rend",    "compte",     "des",     "moyens", "dont",   "il",
                                        "dispose", "et",         "de",      "leur",   "emploi", "avant",
                                        "le",      "troisieme",  "mois."};
  std::size_t next = 0;
  for (int page = 0; page < pages; ++page) {
    std::string stream = fmt::format("BT /F1 16 Tf 72 780 Td (Chapitre {}) Tj ET\n", page + 1);
    for (int line = 0; line < 44; ++line) {
      std::string text;
      while (text.size() < 88) {
        text += words[next++ % std::size(words)];
        text += ' ';
      }
      stream += fmt::format("BT /F1 10 Tf 72 {} Td ({}) Tj ET\n", 750 - 16 * line, text);
    }
    kids += fmt::format("{} 0 R ", objects.size() + 1);
    objects.push_back(fmt::format(
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {} 0 R /Resources << /Font << /F1 "
        "3 0 R >> >> >>",
        objects.size() + 2));
    objects.push_back(fmt::format("<< /Length {} >>\nstream\n{}\nendstream", stream.size(), stream));
  }
  objects[1] = fmt::format("<< /Type /Pages /Kids [ {}] /Count {} >>", kids, pages);
  std::string out = "%PDF-1.4\n";
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    offsets.push_back(out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  auto start = out.size();
  out += fmt::format("xref\n0 {}\n0000000000 65535 f \n", objects.size() + 1);
  for (auto offset : offsets) out += fmt::format("{:010} 00000 n \n", offset);
  return out +
         fmt::format("trailer << /Size {} /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n", objects.size() + 1, start);
}

void measure_start(Nursery& nursery) {
  constexpr int runs = 20;
  auto cpu = cpu_seconds();
  auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; ++i)
    if (!sandbox_level(nursery)) return;
  std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
  fmt::print("{{\"bench\":\"parser_start\",\"wall_ms\":{:.2f},\"cpu_ms\":{:.2f}}}\n", wall.count() / runs,
             (cpu_seconds() - cpu) * 1000 / runs);
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && std::string_view(arguments[1]) == "parse-worker")
    return parse_worker_main({arguments, static_cast<std::size_t>(count)});
  std::optional<Nursery> nursery(std::in_place);
  measure_start(*nursery);
  nursery.emplace();  // what follows counts one start
  std::vector<std::string> files(arguments + 1, arguments + count);
  std::string made;
  if (files.empty()) {
    made = "/tmp/bastide-bench-XXXXXX";
    auto fd = mkstemp(made.data());
    auto bytes = make_report(300);
    if (fd < 0 || write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return 1;
    close(fd);
    files.push_back(made);
  }
  std::size_t pages = 0;
  std::size_t chunks = 0;
  auto cpu = cpu_seconds();
  auto start = std::chrono::steady_clock::now();
  for (const auto& file : files) {
    ParseRequest request;
    request.path = file;
    auto document = parse_file(request, *nursery);
    if (!document) {
      fmt::print(stderr, "{}: {}\n", file, document.error().message);
      continue;
    }
    pages += document->pages.size();
    chunks += chunk_document(*document).size();
  }
  std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  nursery.reset();  // its processes' seconds are counted when it ends
  auto used = cpu_seconds() - cpu;
  if (!made.empty()) unlink(made.c_str());
  fmt::print(
      "{{\"bench\":\"pdf_ingestion\",\"pages\":{},\"chunks\":{},\"cpu_s\":{:.3f},\"wall_s\":{:.3f},"
      "\"pages_per_cpu_s\":{:.1f},\"goal\":120}}\n",
      pages, chunks, used, wall.count(), static_cast<double>(pages) / used);
}
