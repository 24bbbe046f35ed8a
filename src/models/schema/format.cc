#include "models/schema/format.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>

#include "models/schema/pattern.h"

namespace bastide::models::schema {
namespace {

#define FULL_DATE                                                                                 \
  R"((?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|)" \
  R"(02-(?:0[1-9]|1\d|2[0-8]))|(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29))"
#define FULL_TIME \
  R"((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3}(?:\d{3})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))"
#define TIME_SPAN R"((?:\d{1,9}H(?:\d{1,9}M(?:\d{1,9}S)?)?|\d{1,9}M(?:\d{1,9}S)?|\d{1,9}S))"
// Three parts of 20 and their hyphens are within a label's 63 characters, four labels within a name's 253.
#define LABEL R"([A-Za-z0-9]{1,20}(?:-[A-Za-z0-9]{1,20}){0,2})"
#define TOP_LABEL R"([A-Za-z]{2,20})"
#define OCTET R"((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))"
#define GROUP R"([0-9a-fA-F]{1,4})"
#define PIECE R"((?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}))"
#define HOST R"([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)"
#define REST_OF_URI "(?:\\?(?:" PIECE "|[/?])*)?(?:#(?:" PIECE "|[/?])*)?$"
#define URI                                                                                               \
  R"(^[A-Za-z][A-Za-z0-9+.-]*:(?://(?:[A-Za-z0-9._~!$&'()*+,;=:-]+@)?)" HOST R"((?::\d{1,4})?(?:/)" PIECE \
  "*)*|///" PIECE "+(?:/" PIECE "*)*|/?" PIECE "+(?:/" PIECE "*)*)" REST_OF_URI
#define UUID(version, variant) \
  "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-" version "[0-9a-fA-F]{3}-" variant "[0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"
#define UUID_OF(version) UUID(version, "[89abAB]")
#define EMAIL "^[A-Za-z0-9_+-]{1,15}(?:\\.[A-Za-z0-9_+-]{1,15}){0,3}@(?:" LABEL "\\.){1,3}" TOP_LABEL "$"
#define HOSTNAME "^(?:" LABEL "\\.){0,3}" TOP_LABEL "$"
#define POINTER "(?:/(?:[^~/]|~[01])*)*$"

struct Format {
  std::string_view name;
  const char* pattern;
};

constexpr std::array formats{
    Format{"date", "^(?!0000)" FULL_DATE "$"},
    Format{"time", "^" FULL_TIME "$"},
    Format{"date-time", "^(?!0000)" FULL_DATE "T" FULL_TIME "$"},
    Format{
        "duration",
        R"(^P(?:\d{1,9}W|(?:\d{1,9}Y(?:\d{1,9}M(?:\d{1,9}D)?)?|\d{1,9}M(?:\d{1,9}D)?|\d{1,9}D)(?:T)" TIME_SPAN
        ")?|T" TIME_SPAN ")$"},
    Format{"email", EMAIL},
    Format{"idn-email", EMAIL},
    Format{"hostname", HOSTNAME},
    Format{"idn-hostname", HOSTNAME},
    Format{"ipv4", "^" OCTET "(?:\\." OCTET "){3}$"},
    Format{"ipv6", "^(?:(?:" GROUP ":){7}" GROUP "|(?:" GROUP ":){1,7}:|(?:" GROUP ":){1,6}:" GROUP
                   "|(?:" GROUP ":){1,5}(?::" GROUP "){1,2}|(?:" GROUP ":){1,4}(?::" GROUP "){1,3}|(?:" GROUP
                   ":){1,3}(?::" GROUP "){1,4}|(?:" GROUP ":){1,2}(?::" GROUP "){1,5}|" GROUP ":(?::" GROUP
                   "){1,6}|:(?::" GROUP "){1,7}|::)$"},
    Format{"uri", URI},
    Format{"uri-reference", URI},
    Format{"uri-template", URI},
    Format{"iri", URI},
    Format{"iri-reference", URI},
    Format{"uuid", UUID("[0-9a-fA-F]", "[0-9a-fA-F]")},
    Format{"uuid1", UUID_OF("1")},
    Format{"uuid3", UUID_OF("3")},
    Format{"uuid4", UUID_OF("4")},
    Format{"uuid5", UUID_OF("5")},
    Format{"json-pointer", "^" POINTER},
    Format{"relative-json-pointer", "^(?:0|[1-9]\\d{0,8})(?:#$|" POINTER ")"},
};

constexpr auto names = [] {
  std::array<std::string_view, formats.size()> out{};
  for (std::size_t each = 0; each < formats.size(); ++each) out[each] = formats[each].name;
  return out;
}();

}  // namespace

const Automaton* strings_of_format(std::string_view name) {
  static std::mutex mutex;
  static std::map<std::string_view, Automaton> made;
  const auto known = std::ranges::find(formats, name, &Format::name);
  if (known == formats.end()) return nullptr;
  const std::lock_guard lock(mutex);
  auto found = made.find(known->name);
  if (found == made.end())
    found = made.emplace(known->name, strings_with(known->pattern).value_or(Automaton::everything())).first;
  return &found->second;
}

std::span<const std::string_view> kept_formats() { return names; }

}  // namespace bastide::models::schema
