#include "base/result.h"

namespace bastide {
namespace {
struct Row {
  std::string_view name;
  int status;
};

Row row(Code code) {
  switch (code) {
    case Code::invalid:
      return {"invalid", 400};
    case Code::unauthenticated:
      return {"unauthenticated", 401};
    case Code::forbidden:
      return {"forbidden", 403};
    case Code::not_found:
      return {"not_found", 404};
    case Code::conflict:
      return {"conflict", 409};
    case Code::too_large:
      return {"too_large", 413};
    case Code::unsupported:
      return {"unsupported", 415};
    case Code::refused_by_policy:
      return {"refused_by_policy", 403};
    case Code::budget_exhausted:
      return {"budget_exhausted", 429};
    case Code::rate_limited:
      return {"rate_limited", 429};
    case Code::cancelled:
      return {"cancelled", 499};
    case Code::overloaded:
      return {"overloaded", 503};
    case Code::unavailable:
      return {"unavailable", 503};
    case Code::timeout:
      return {"timeout", 504};
    case Code::upstream:
      return {"upstream", 502};
    case Code::storage_full:
      return {"storage_full", 507};
    case Code::corrupt:
      return {"corrupt", 422};
    case Code::internal:
      return {"internal", 500};
  }
  return {"internal", 500};
}
}  // namespace

std::string_view code_name(Code code) { return row(code).name; }
int http_status(Code code) { return row(code).status; }

}  // namespace bastide
