// Time to first token that the models room adds, to a provider and to the local worker. Both sides are
// measured in turns: the same work without us (a plain HTTP call; llama.cpp in this process), then through
// the house.
//   bench_first_token [--calls N] [--threads N]      one line of JSON a figure
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "models/house.h"
#include "models/local/llama_engine.h"
#include "models/local/worker_main.h"
#include "net/server.h"
#include "tests/models/scratch.h"

namespace {

using namespace bastide;

constexpr const char* first_chunk =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"},\"finish_reason\":null}]}\n\n";
constexpr const char* last_chunks =
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

Task<void> mock(net::ServerCall& call) {
  auto body = co_await call.read_all(1 << 20);
  if (!body) co_return;
  auto ok = co_await call.start(200, {{"content-type", "text/event-stream"}});
  if (ok) ok = co_await call.write(first_chunk);
  if (ok) ok = co_await call.write(last_chunks);
  if (ok) ok = co_await call.finish();
}

double ms_since(Steady::time_point begun) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begun).count();
}

/// Milliseconds to the first piece of a plain call.
Task<Result<double>> plain(net::Client& client, std::string url) {
  net::ClientRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers = {{"content-type", "application/json"}};
  request.body = R"({"model":"m","messages":[{"role":"user","content":"Hello"}],"stream":true})";
  const auto begun = Steady::now();
  auto response = co_await client.fetch(std::move(request));
  if (!response) co_return pass(response);
  auto first = co_await (*response)->read();
  const double took = ms_since(begun);
  auto rest = co_await (*response)->read_all(1 << 20);
  if (!rest) co_return pass(rest);
  co_return took;
}

/// Milliseconds to the first text of a call through the house.
Task<Result<double>> through(exchange::Models& house, exchange::ModelCall call) {
  const auto begun = Steady::now();
  auto completion = co_await house.start(std::move(call), {});
  if (!completion) co_return pass(completion);
  double took = 0;
  while (true) {
    auto next = co_await (*completion)->next();
    if (!next) co_return pass(next);
    if (took == 0 && !std::holds_alternative<dialects::Start>(*next)) took = ms_since(begun);
    if (std::holds_alternative<dialects::End>(*next)) co_return took;
  }
}

double at(std::vector<double> values, double part) {
  std::ranges::sort(values);
  return values.empty()
             ? 0
             : values[std::min(values.size() - 1,
                               static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

void report(const char* figure, const std::vector<double>& without, const std::vector<double>& with) {
  fmt::print(
      "{{\"figure\":\"{}\",\"calls\":{},\"without_ms\":{{\"p50\":{:.3f},\"p99\":{:.3f}}},\"with_ms\":{{"
      "\"p50\":{:.3f},"
      "\"p99\":{:.3f}}},\"added_ms\":{{\"p50\":{:.3f},\"p99\":{:.3f}}},\"goal_p99_ms\":2}}\n",
      figure, with.size(), at(without, .5), at(without, .99), at(with, .5), at(with, .99),
      at(with, .5) - at(without, .5), at(with, .99) - at(without, .99));
}

int fail(const Error& error) {
  fmt::print(stderr, "bench_first_token: {}\n", error.message);
  return 1;
}

exchange::ModelCall call_of(const std::string& model, bool local) {
  exchange::ModelCall call;
  call.model.id = model;
  call.model.local = local;
  call.request.messages = {dialects::text_message(dialects::Role::user, "Hello")};
  call.request.sampling.max_tokens = 1;
  call.request.sampling.temperature = 0;
  return call;
}

}  // namespace

int main(int count, char** words) {
  if (count > 1 && std::strcmp(words[1], "worker") == 0)
    return models::worker_main(std::vector<std::string>(words + 2, words + count));
  int calls = 500;
  int threads = 1;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(words[i], "--calls") == 0) calls = std::atoi(words[i + 1]);
    if (std::strcmp(words[i], "--threads") == 0) threads = std::atoi(words[i + 1]);
  }
  Metrics metrics;
  Pool pool("bench", 1, 100);
  net::ServerOptions server_options;
  server_options.port = 0;
  server_options.loops = 1;
  auto server = net::Server::start(server_options, mock, metrics);
  auto client = net::Client::create();
  auto loop = net::LoopThread::start("bench");
  if (!server || !client || !loop) return 1;

  Config config;
  ProviderConfig provider;
  provider.id = "mock";
  provider.base_url = fmt::format("http://127.0.0.1:{}/v1", (*server)->port());
  provider.zone = "walls";
  config.providers.push_back(provider);
  ModelConfig model;
  model.id = "far";
  model.provider = "mock";
  config.models.push_back(model);

  const models::test::Scratch scratch;
  const auto demo = models::test::demo_model("smollm2-135m");
  if (demo) {
    model = {};
    model.id = "near";
    model.provider = "local";
    model.file = demo->file;
    model.context_tokens = 2048;
    config.models.push_back(model);
  }
  models::HouseOptions options;
  options.data_folder = scratch.path();
  options.threads = threads;
  auto house = models::House::create(config, options, **client, pool, metrics);
  if (!house) return fail(house.error());

  std::vector<double> without;
  std::vector<double> with;
  for (int i = -20; i < calls; ++i) {
    const auto direct =
        net::run_blocking((*loop)->loop(), plain(**client, provider.base_url + "/chat/completions"));
    const auto ours = net::run_blocking((*loop)->loop(), through(**house, call_of("far", false)));
    if (!direct) return fail(direct.error());
    if (!ours) return fail(ours.error());
    if (i < 0) continue;
    without.push_back(*direct);
    with.push_back(*ours);
  }
  report("first_token_added_to_provider", without, with);

  if (!demo) {
    fmt::print(stderr, "bench_first_token: no demonstration model, the local figure is left out\n");
    return 0;
  }
  models::local::EngineOptions engine_options;
  engine_options.file = demo->file;
  engine_options.context_tokens = 2048;
  engine_options.slots = 4;
  engine_options.threads = threads;
  const auto engine = models::local::Engine::load(engine_options);
  if (!engine) return fail(engine.error());
  const char* body = R"({"messages":[{"role":"user","content":"Hello"}],"max_tokens":1,"temperature":0})";
  without.clear();
  with.clear();
  for (int i = -10; i < calls; ++i) {
    // The same work: template, tokens, one decoded token on a cached prompt, one drawn.
    const auto begun = Steady::now();
    auto generation = (*engine)->prepare(body);
    if (!generation) return fail(generation.error());
    const auto& prompt = (*generation)->prompt();
    const int last = static_cast<int>(prompt.size()) - 1;
    (*engine)->clear_batch();
    int row = 0;
    if (i == -10)
      for (int n = 0; n < last; ++n) (*engine)->add(0, prompt[static_cast<std::size_t>(n)], n, false);
    else
      (*engine)->forget(0, last);
    row = (*engine)->add(0, prompt.back(), last, true);
    if (auto decoded = (*engine)->decode(); !decoded) return fail(decoded.error());
    auto token = (*generation)->sample(row);
    if (!token) return fail(token.error());
    (void)(*generation)->take(*token);
    const double direct = ms_since(begun);
    const auto ours = net::run_blocking((*loop)->loop(), through(**house, call_of("near", true)));
    if (!ours) return fail(ours.error());
    if (i < 0) continue;
    without.push_back(direct);
    with.push_back(*ours);
  }
  report("first_token_added_to_local_worker", without, with);
  return 0;
}
