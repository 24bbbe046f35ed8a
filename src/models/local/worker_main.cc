#include "models/local/worker_main.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <limits>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/crypto.h"
#include "base/json.h"
#include "models/catalogue/manifest.h"
#include "models/local/chat_scheduler.h"
#include "models/local/draft.h"
#include "models/local/embed_scheduler.h"
#include "models/local/energy.h"
#include "models/local/frame.h"
#include "models/local/llama_engine.h"
#include "models/local/memory.h"
#include "models/local/placement.h"
#include "models/local/prefix_store.h"
#include "models/local/watchdog.h"

namespace bastide::models {
namespace {

using namespace local;

/// It writes nothing but blocks of prefixes.
constexpr rlim_t file_max_bytes = 1ULL << 30;
constexpr int exit_device_lost = 4;
constexpr int exit_stuck = 5;
constexpr unsigned prepare_max_s = 60;
/// Turns take tenths of a second. One this long is a driver that hangs: nobody's answer goes on.
constexpr Millis turn_max{10 * 60 * 1000};
/// Of what the model left may be taken by beginnings of prompts.
constexpr std::uint64_t store_part = 4;

struct Options {
  PlacementNeed need;
  std::optional<PlacementNeed> draft;  // a small model that guesses for it
  int fd = -1;
  int parent = 0;
};

std::optional<Options> read_options(const std::vector<std::string>& args) {
  std::map<std::string, std::string> values;
  for (std::size_t at = 0; at + 1 < args.size(); at += 2) values[args[at]] = args[at + 1];
  const auto number = [&]<class T>(const char* name, T low, T high) -> std::optional<T> {
    const auto& text = values[name];
    T value = 0;
    const auto end = text.data() + text.size();
    if (std::from_chars(text.data(), end, value).ptr != end || value < low || value > high)
      return std::nullopt;
    return value;
  };
  const auto fd = number("--fd", 0, 1 << 20);
  const auto parent = number("--parent", 0, 1 << 30);
  const auto context = number("--context", 16, 1 << 24);
  const auto slots = number("--slots", 1, 64);
  const auto threads = number("--threads", 1, 512);
  const auto gpu_layers = number("--gpu-layers", -1, static_cast<int>(gpu_layers_max));
  const auto memory = number("--memory", std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
  if (!fd || !parent || !context || !slots || !threads || !gpu_layers || !memory || values["--model"].empty())
    return std::nullopt;
  Options options;
  options.need.name = values["--name"];
  options.need.gpu_layers = *gpu_layers;
  options.need.host_bytes = *memory;
  auto& engine = options.need.engine;
  engine.file = values["--model"];
  engine.vision_file = values["--vision"];
  engine.kind = engine_kind(kind_of(values["--kind"]));
  engine.pooling = values["--pooling"];
  engine.context_tokens = *context;
  engine.slots = *slots;
  engine.threads = *threads;
  if (const auto& file = values["--draft"]; !file.empty()) {
    options.draft = options.need;
    options.draft->name = values["--draft-name"];
    if (options.need.gpu_layers > 0) options.draft->gpu_layers = -1;
    auto& draft = options.draft->engine;
    draft.file = file;
    draft.vision_file.clear();
    draft.context_tokens = Draft::context_tokens;
    draft.slots = 1;
  }
  options.fd = *fd;
  options.parent = *parent;
  return options;
}

/// Whole frames onto the socket, from any thread. The server always reads, so that a blocked write ends.
class Wire {
 public:
  explicit Wire(int fd) : fd_(fd) {}
  void send(FrameKind kind, std::uint64_t call, std::string_view body) {
    const std::lock_guard lock(mutex_);
    out_.clear();
    append_frame(out_, kind, call, body);
    for (std::size_t sent = 0; sent < out_.size();) {
      const auto n = ::send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) _exit(0);  // the server is gone
      sent += static_cast<std::size_t>(n);
    }
  }

 private:
  int fd_;
  std::mutex mutex_;
  std::string out_;
};

class Worker {
 public:
  Worker(Engine& engine, Draft* draft, EnergyShares& energy, Watchdog& watchdog, const EngineOptions& options,
         Wire& wire)
      : engine_(engine),
        draft_(draft),
        energy_(energy),
        watchdog_(watchdog),
        wire_(wire),
        slots_(options.slots),
        kind_(options.kind),
        on_gpu_(options.offload != nullptr) {}

  void take(const Frame& frame) {
    if (frame.kind == FrameKind::setup && !chats_) return set_up(frame);
    if (!chats_ && !embeds_) begin();
    switch (frame.kind) {
      case FrameKind::chat:
        return chat(frame);
      case FrameKind::embed:
        return embed(frame);
      case FrameKind::rerank:
        return rerank(frame);
      case FrameKind::count:
        return count(frame);
      case FrameKind::cancel:
        if (chats_) chats_->cancel(frame.call);
        if (embeds_) embeds_->cancel(frame.call);
        return;
      default:
        return;  // kinds of the other direction
    }
  }

 private:
  void set_up(const Frame& frame) {
    const auto body = parse_json(frame.body, 2);
    if (!body || !body->is_object() || kind_ != ModelKind::chat) return;
    PrefixStoreOptions options;
    options.folder = body->value("prefix_folder", "");
    options.key = unhex(body->value("prefix_key", "")).value_or("");
    options.model = body->value("model", "");
    if (on_gpu_) options.model += " gpu";  // other numbers, in another layout
    options.memory_bytes_max =
        std::min(body->value("memory_bytes", std::uint64_t{0}), available_memory_bytes() / store_part);
    options.disk_bytes_max = body->value("disk_bytes", std::uint64_t{0});
    if (options.key.size() == 32) store_.emplace(std::move(options));
  }

  void begin() {
    const Send send = [this](FrameKind kind, std::uint64_t call, std::string_view body) {
      wire_.send(kind, call, body);
    };
    if (kind_ != ModelKind::chat)
      embeds_.emplace(engine_, send, &watchdog_);
    else
      chats_.emplace(engine_, slots_,
                     ChatScheduler::Beside{store_ ? &*store_ : nullptr, draft_, &energy_, &watchdog_}, send);
  }

  void refuse(const Frame& frame, const Error& error) {
    wire_.send(FrameKind::error, frame.call, encode_error(error));
  }

  void chat(const Frame& frame) {
    if (!chats_) return refuse(frame, {Code::invalid, "This model does not write answers.", "bad_request"});
    // One that takes forever would hold up all others for good.
    ::alarm(prepare_max_s);
    auto generation = engine_.prepare(frame.body);
    ::alarm(0);
    if (!generation) return refuse(frame, generation.error());
    chats_->submit(frame.call, std::move(*generation));
  }

  void count(const Frame& frame) {
    if (!chats_) return refuse(frame, {Code::invalid, "This model does not write answers.", "bad_request"});
    const auto tokens = engine_.count(frame.body);
    if (!tokens) return refuse(frame, tokens.error());
    wire_.send(FrameKind::counted, frame.call, encode_number(*tokens));
  }

  void embed(const Frame& frame) {
    if (kind_ != ModelKind::embedding)
      return refuse(frame, {Code::invalid, "This model makes no embeddings.", "bad_request"});
    const auto body = parse_json(frame.body, 4);
    auto texts = texts_of(body, "texts");
    if (!texts) return refuse(frame, {Code::invalid, "\"texts\" is a list of texts.", "bad_request"});
    const bool cuts = body->value("cut", nlohmann::json(false)) == true;
    embeds_->embed(frame.call, std::move(*texts), cuts ? exchange::TooLong::cut : exchange::TooLong::refuse);
  }

  void rerank(const Frame& frame) {
    if (kind_ != ModelKind::reranker)
      return refuse(frame, {Code::invalid, "This model does not rank documents.", "bad_request"});
    const auto body = parse_json(frame.body, 4);
    auto documents = texts_of(body, "documents");
    const bool has_query = documents && body->contains("query") && (*body)["query"].is_string();
    if (!has_query)
      return refuse(frame,
                    {Code::invalid, "\"query\" is a text, \"documents\" a list of texts.", "bad_request"});
    embeds_->rank(frame.call, std::move(*documents), (*body)["query"].get<std::string>());
  }

  static std::optional<std::vector<std::string>> texts_of(const Result<nlohmann::json>& body,
                                                          const char* name) {
    if (!body || !body->is_object() || !body->contains(name) || !(*body)[name].is_array())
      return std::nullopt;
    std::vector<std::string> out;
    for (const auto& text : (*body)[name]) {
      if (!text.is_string()) return std::nullopt;
      out.push_back(text.get<std::string>());
    }
    return out;
  }

  Engine& engine_;
  Draft* const draft_;
  EnergyShares& energy_;
  Watchdog& watchdog_;
  Wire& wire_;
  const int slots_;
  const ModelKind kind_;
  const bool on_gpu_;
  std::optional<PrefixStore> store_;  // outlives chats_
  std::optional<ChatScheduler> chats_;
  std::optional<EmbedScheduler> embeds_;
};

void confine(int parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (parent && getppid() != parent) _exit(0);  // it died before we asked
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_NAME, "bastide-model");
  // The server's threads are short and come first: a token reaches the reader while the next one is computed.
  setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 2);
  signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group; the server decides when we end
  signal(SIGPIPE, SIG_IGN);
  // llama.cpp writes parts of grammars and prompts there when something is wrong with them.
  if (!std::getenv("BASTIDE_WORKER_STDERR"))
    if (const int nowhere = ::open("/dev/null", O_WRONLY); nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);  // a core would hold people's questions
  const rlimit block{file_max_bytes, file_max_bytes};
  setrlimit(RLIMIT_FSIZE, &block);
  signal(SIGXFSZ, SIG_IGN);
}

/// With what is left after the model itself.
Result<std::unique_ptr<Draft>> load_draft(PlacementNeed need, const Engine& large) {
  need.host_bytes = std::min(need.host_bytes, available_memory_bytes());
  if (auto placed = place_model(need); !placed) return pass(placed);
  auto engine = Engine::load(need.engine);
  if (!engine) return pass(engine);
  return Draft::create(std::move(*engine), large);
}

}  // namespace

int worker_main(const std::vector<std::string>& args) {
  auto options = read_options(args);
  if (!options) {
    fmt::print(stderr, "bastide worker is started by the server, not by hand.\n");
    return 2;
  }
  confine(options->parent);
  Wire wire(options->fd);
  const auto give_up = [&](const Error& error) {
    wire.send(FrameKind::failed, 0, encode_error(error));
    return 1;
  };
  const auto placed = place_model(options->need);
  if (!placed) return give_up(placed.error());
  const bool drafts_on_gpu = options->draft && options->draft->gpu_layers != 0 && !gpus().empty();
  JsonWriter place;
  place.object().field("place", placed->where).field("on_gpu", placed->plan.offload || drafts_on_gpu).end();
  wire.send(FrameKind::placed, 0, place.text());
  auto& engine_options = options->need.engine;
  // A driver that failed once computes nothing more in this process.
  engine_options.on_device_lost = [] { _exit(exit_device_lost); };
  engine_options.on_progress = [&](int per_cent) {
    const char byte = static_cast<char>(per_cent);
    wire.send(FrameKind::progress, 0, std::string_view(&byte, 1));
  };
  auto engine = Engine::load(engine_options);
  if (!engine) return give_up(engine.error());
  std::unique_ptr<Draft> draft;
  if (options->draft) {
    options->draft->engine.on_device_lost = engine_options.on_device_lost;
    auto loaded = load_draft(std::move(*options->draft), **engine);
    if (!loaded) return give_up(loaded.error());
    draft = std::move(*loaded);
  }
  std::vector<std::unique_ptr<EnergyCounter>> counters;
  counters.push_back(rapl_counter());
  counters.push_back(nvml_counter(gpu_addresses(placed->plan)));
  EnergyShares energy(std::move(counters));
  Watchdog watchdog(turn_max, [] { _exit(exit_stuck); });
  Worker worker(**engine, draft.get(), energy, watchdog, engine_options, wire);
  const auto& facts = (*engine)->facts();
  JsonWriter ready;
  ready.object().field("context_tokens", facts.context_tokens).field("dimension", facts.dimension);
  ready.field("parameters", facts.parameters).field("description", facts.description);
  ready.field("energy", energy.source()).end();
  wire.send(FrameKind::ready, 0, ready.text());

  FrameParser parser;
  std::vector<Frame> frames;
  std::string buffer(64 * 1024, '\0');
  while (true) {
    const auto n = ::recv(options->fd, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    // Nobody is left to hear: end at once, without waiting for the batch that runs.
    if (n <= 0) _exit(0);
    frames.clear();
    if (!parser.feed(std::string_view(buffer).substr(0, static_cast<std::size_t>(n)), frames)) _exit(3);
    for (const auto& frame : frames) worker.take(frame);
  }
}

}  // namespace bastide::models
