// A worker whose GPU's driver takes it down: in mid-answer, or while it loads the model named "no load". Told
// to leave GPUs alone, it is the real one.
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "models/local/frame.h"
#include "models/local/worker_main.h"

namespace {

using namespace bastide::models::local;

std::string value_of(const std::vector<std::string>& args, std::string_view name) {
  const auto at = std::ranges::find(args, name);
  return at == args.end() || at + 1 == args.end() ? std::string() : *(at + 1);
}

int fail_on_gpu(const std::vector<std::string>& args) {
  const int fd = std::stoi(value_of(args, "--fd"));
  const auto send = [&](FrameKind kind, std::uint64_t call, std::string_view body) {
    std::string out;
    append_frame(out, kind, call, body);
    if (::send(fd, out.data(), out.size(), MSG_NOSIGNAL) < 0) std::exit(0);
  };
  send(FrameKind::placed, 0, R"({"place":"Test GPU: 31 of 31 layers","on_gpu":true})");
  if (value_of(args, "--name") == "no load") std::quick_exit(9);
  send(FrameKind::ready, 0, R"({"energy":""})");
  FrameParser parser;
  while (true) {
    char buffer[4096];
    const auto n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return 0;
    std::vector<Frame> frames;
    if (!parser.feed(std::string_view(buffer, static_cast<std::size_t>(n)), frames)) return 1;
    for (const auto& frame : frames) {
      if (frame.kind != FrameKind::chat) continue;
      send(FrameKind::accepted, frame.call, encode_number(10));
      send(FrameKind::text, frame.call, "Par");
      std::quick_exit(9);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  std::vector<std::string> args(words + 1, words + count);
  if (!args.empty()) args.erase(args.begin());
  return value_of(args, "--gpu-layers") == "0" ? bastide::models::worker_main(args) : fail_on_gpu(args);
}
