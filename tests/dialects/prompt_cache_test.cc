#include "dialects/prompt_cache.h"

#include <gtest/gtest.h>

namespace bastide::dialects {
namespace {

ChatRequest conversation(std::size_t bytes) {
  ChatRequest out;
  out.messages = {text_message(Role::system, std::string(bytes, 'a')), text_message(Role::user, "q"),
                  text_message(Role::assistant, "a"), text_message(Role::user, "q")};
  return out;
}

bool caches(ChatRequest request, Dialect target = Dialect::anthropic) {
  cache_where_it_pays(request, target);
  return request.cache.has_value();
}

TEST(PromptCache, LongConversationsThatGoOnAreMarked) {
  EXPECT_TRUE(caches(conversation(4096)));
  EXPECT_FALSE(caches(conversation(1000))) << "too short to be kept";
  EXPECT_FALSE(caches(conversation(4096), Dialect::openai)) << "it keeps beginnings unasked";
  auto first = conversation(4096);
  first.messages.resize(2);
  EXPECT_FALSE(caches(first)) << "nobody knows yet whether it goes on";
}

TEST(PromptCache, WhoMarksPartsOrSpeaksTheDialectIsLeftAlone) {
  auto marked = conversation(4096);
  marked.messages[0].parts[0].cache = CacheMarker{"1h"};
  EXPECT_FALSE(caches(marked));
  auto own = conversation(4096);
  own.from = Dialect::anthropic;
  EXPECT_FALSE(caches(own));
}

}  // namespace
}  // namespace bastide::dialects
