// The table of routes and the door: who asks, by cookie or key; then the handler; errors in the caller's
// shape.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "http_api/call.h"

namespace bastide::http_api {

/// Who may call. `anyone`: no sign-in. `person`: a session or a key.
enum class Access { anyone, person };

using RouteHandler = Task<Result<void>> (*)(Call&);

struct RouteEntry {
  std::string_view method;
  std::string_view pattern;  // "/api/documents/{}/pages/{}"; a variable is one segment
  Access access;
  RouteHandler handler;
};

/// Routes by segments. Immutable after construction; thread-safe.
class Routes {
 public:
  void add(const RouteEntry& entry);

  struct Match {
    const RouteEntry* entry = nullptr;
    std::vector<std::string> variables;
    bool other_method = false;  // the path is known, the method is not
  };
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

 private:
  std::unordered_multimap<std::string_view, RouteEntry> fixed_;  // by pattern: those without a variable
  std::vector<RouteEntry> entries_;
};

void add_session_routes(Routes& routes);
void add_people_routes(Routes& routes);
void add_collection_routes(Routes& routes);
void add_document_routes(Routes& routes);
void add_conversation_routes(Routes& routes);
void add_model_routes(Routes& routes);
void add_model_shelf_routes(Routes& routes);
void add_receipt_routes(Routes& routes);
void add_usage_routes(Routes& routes);
void add_notice_routes(Routes& routes);
void add_openai_routes(Routes& routes);
void add_completion_routes(Routes& routes);
void add_response_routes(Routes& routes);
void add_kept_conversation_routes(Routes& routes);
void add_batch_routes(Routes& routes);
void add_file_routes(Routes& routes);
void add_vector_store_routes(Routes& routes);
void add_vector_store_file_routes(Routes& routes);
void add_anthropic_routes(Routes& routes);
void add_batch_job_routes(Routes& routes);
void add_message_batch_routes(Routes& routes);
void add_gemini_routes(Routes& routes);
void add_system_routes(Routes& routes);

/// For a caller whom the house knows already. Gives the error that was sent, if it was one.
using HouseDoor = std::function<Task<std::optional<Error>>(net::ServerCall& call, identity::Principal who)>;

/// Two ways to the same routes.
struct Doors {
  net::Handler port;  // everything that Bastide answers on its port
  HouseDoor house;
};
/// `services` outlives them.
[[nodiscard]] Doors make_doors(Services& services);

}  // namespace bastide::http_api
