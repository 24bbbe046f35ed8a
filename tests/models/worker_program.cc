// What tests start as a worker: the part of the product's binary that answers to `worker`.
#include <cstdlib>
#include <string>
#include <vector>

#include "models/local/worker_main.h"

int main(int count, char** words) {
  std::vector<std::string> args(words + 1, words + count);
  if (!args.empty()) args.erase(args.begin());
  return bastide::models::worker_main(args);
}
