// Ingestion without embeddings: knowledge_ingestion_bench FOLDER_OR_FILE... [--worker PROGRAM]
// PROGRAM is a bastide binary whose `parse-worker` parses; CPU seconds are this process's and its children's.
#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "base/json.h"
#include "tests/storage/knowledge/fixture.h"

using namespace bastide;
using namespace bastide::knowledge;

namespace {
double cpu_seconds() {
  double sum = 0;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    sum += static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  }
  return sum;
}

void print(const char* figure, double value, double goal, std::int64_t n) {
  JsonWriter json;
  json.object().field("figure", figure).field("value", std::round(value * 100) / 100);
  if (goal > 0) json.field("goal", goal);
  json.field("n", n).end();
  std::puts(json.text().c_str());
}
}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> paths;
  parse::WorkerProgram program{"build/release/bastide"};
  for (int i = 1; i < argc; ++i) {
    if (std::string(argv[i]) == "--worker" && i + 1 < argc)
      program.path = argv[++i];
    else
      paths.emplace_back(argv[i]);
  }
  test::Folder folder;
  test::House house(folder.path);
  house.models.ready = false;  // embeddings are not counted
  house.parser = sandboxed_parser(parse::ParseLimits::from(house.config.knowledge), program).parse;
  house.before_parse = nullptr;
  auto library = Library::make({.store = *house.store,
                                .blobs = *house.blobs,
                                .models = house.models,
                                .labels = house.labels,
                                .pool = house.pool,
                                .metrics = house.metrics,
                                .config = house.config.knowledge,
                                .cache_folder = {},
                                .parser = {.parse = house.parser, .render = house.render},
                                .embedding = nullptr,
                                .workers = 2});
  library->start_workers();
  const auto before = cpu_seconds();
  const auto began = Steady::now();
  const auto who = test::House::person("bench");
  auto added =
      library->add_paths(who, "bench", paths, Library::Wait::for_ready, [](const AddProgress& progress) {
        if (progress.error)
          std::fprintf(stderr, "%s: %s\n", progress.path.c_str(), progress.error->message.c_str());
      });
  if (!added) {
    std::fprintf(stderr, "%s\n", added.error().message.c_str());
    return 1;
  }
  const auto seconds = std::chrono::duration<double>(Steady::now() - began).count();
  std::int64_t pages = 0, documents = 0;
  const auto id = library->find_collection(who, "bench")->id;
  std::string after;
  for (;;) {
    const auto page = library->documents(who, id, {.q = {}, .after = after, .limit = 200}).value();
    for (const auto& item : page.items) {
      pages += item.pages;
      documents += item.state == DocumentState::ready;
    }
    if (!page.next) break;
    after = *page.next;
  }
  library.reset();
  house.parser = nullptr;  // the parsers' seconds are counted when the last who may ask them goes
  const auto cpu = cpu_seconds() - before;
  print("ingestion_pages_per_cpu_second", static_cast<double>(pages) / cpu, 120, pages);
  print("ingestion_documents_per_second", static_cast<double>(documents) / seconds, 0, documents);
}
