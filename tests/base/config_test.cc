#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bastide {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// The configuration of the published interface.
constexpr std::string_view published = R"toml(
[server]
listen = "127.0.0.1:8080"

[[provider]]
id = "cloud"
dialect = "openai"                 # openai anthropic gemini mistral
base_url = "http://127.0.0.1:9000/v1"
key_env = "CONFIG_TEST_KEY"
zone = "eu"

[[zone]]
id = "eu"
countries = ["FR", "DE", "SE"]

[[model]]
id = "fast"                        # what callers say
provider = "cloud"
upstream = "gpt-4o-mini"           # what the provider is told
capabilities = ["chat", "tools", "vision"]
context_tokens = 128000
price = { input = 0.15, output = 0.60, cached_input = 0.075 }   # per million tokens
parameters_billion = { active = [8, 20], total = [8, 20] }      # for the footprint
fallback = ["local-small"]

[[label]]                          # lowest first
id = "public"
[[label]]
id = "internal"
[[label]]
id = "confidential"
[[label]]
id = "secret"

[policy]
default_label = "internal"
[[policy.allow]]                   # what is not allowed is refused
label = "confidential"
zones = ["walls"]
[[policy.allow]]
label = "internal"
zones = ["walls", "eu"]

[budget.default]
month = 50.0                       # per person

[limits]
requests_per_minute = 600
tokens_per_minute = 400000
)toml";

class ConfigTest : public testing::Test {
 protected:
  void SetUp() override { ::setenv("CONFIG_TEST_KEY", "sk-test-value", 1); }
  void TearDown() override { ::unsetenv("CONFIG_TEST_KEY"); }
};

std::string error_of(std::string_view toml) {
  auto config = parse_config(toml, "bastide.toml");
  if (config) return "no error";
  EXPECT_FALSE(config.error().action.empty());
  return config.error().message;
}

TEST_F(ConfigTest, ReadsThePublishedInterface) {
  auto read = parse_config(published, "bastide.toml");
  ASSERT_TRUE(read) << read.error().message;
  const Config& config = *read;
  EXPECT_EQ(config.server.listen, "127.0.0.1:8080");
  ASSERT_EQ(config.providers.size(), 1U);
  EXPECT_EQ(config.providers[0].dialect, Dialect::openai);
  ASSERT_TRUE(config.providers[0].key);
  EXPECT_EQ(config.providers[0].key->value, "sk-test-value");
  EXPECT_EQ(config.providers[0].zone, "eu");
  EXPECT_THAT(config.zones.at(0).countries, ElementsAre("FR", "DE", "SE"));
  const auto& model = config.models.at(0);
  EXPECT_EQ(model.upstream, "gpt-4o-mini");
  EXPECT_THAT(model.capabilities, ElementsAre("chat", "tools", "vision"));
  EXPECT_EQ(model.context_tokens, 128000);
  EXPECT_DOUBLE_EQ(model.price->cached_input.value(), 0.075);
  EXPECT_DOUBLE_EQ(model.parameters_active->low, 8);
  EXPECT_DOUBLE_EQ(model.parameters_total->high, 20);
  EXPECT_THAT(model.fallback, ElementsAre("local-small"));
  EXPECT_EQ(config.labels.size(), 4U);
  EXPECT_EQ(config.labels[2].name_fr, "Confidentiel");
  EXPECT_EQ(config.default_label, "internal");
  ASSERT_EQ(config.allow.size(), 2U);
  EXPECT_THAT(config.allow[1].zones, ElementsAre("walls", "eu"));
  EXPECT_DOUBLE_EQ(config.budget_default.money.month.value(), 50);
  EXPECT_EQ(config.limits.tokens_per_minute, 400'000);
  // The fallback may be a model of this machine, which no file names: said, not refused.
  ASSERT_EQ(config.warnings.size(), 2U);
  EXPECT_THAT(config.warnings[1], HasSubstr("has no entry for \"public\", though \"internal\" above it"));
  EXPECT_THAT(config.warnings[0],
              HasSubstr("bastide.toml:24: [[model]] \"fast\": fallback names \"local-small\""));
}

TEST_F(ConfigTest, AnEmptyFileIsTheDefault) {
  auto read = parse_config("", "bastide.toml");
  ASSERT_TRUE(read);
  const Config standard = default_config();
  EXPECT_EQ(read->labels.size(), 4U);
  EXPECT_EQ(read->default_label, standard.default_label);
  EXPECT_THAT(read->allow, IsEmpty());
  EXPECT_FALSE(read->budget_default.money.month);
  EXPECT_EQ(standard.labels[1].name_fr, "Interne");
}

TEST_F(ConfigTest, ReadsWhatMayBeWrittenInTwoWays) {
  auto read = parse_config(R"(
[[model]]
id = "a"
provider = "local"
parameters_billion = 7
keep_loaded = true
[[model]]
id = "b"
provider = "local"
parameters_billion = { active = 3, total = [20, 30] }
[local_models]
idle_minutes = 90
[[label]]
id = "open"
name_fr = "Ouvert"
[[label]]
id = "closed"
[policy]
default_label = "closed"
[[budget]]
group = "finance"
month = 200
[budget.default]
month = 20
)",
                           "x.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_DOUBLE_EQ(read->models[0].parameters_active->high, 7);
  EXPECT_DOUBLE_EQ(read->models[1].parameters_active->high, 3);
  EXPECT_DOUBLE_EQ(read->models[1].parameters_total->high, 30);
  EXPECT_EQ(read->models[0].upstream, "a");
  EXPECT_TRUE(read->models[0].keep_loaded.value());
  EXPECT_FALSE(read->models[1].keep_loaded.has_value());
  EXPECT_EQ(read->local_models.idle_minutes, 90);
  EXPECT_EQ(read->labels[0].name_fr, "Ouvert");
  EXPECT_EQ(read->labels[0].name_en, "open");
  EXPECT_DOUBLE_EQ(read->budget_default.money.month.value(), 20);
  ASSERT_EQ(read->budgets.size(), 1U);
  EXPECT_EQ(read->budgets[0].owner.name, "finance");
}

struct Wrong {
  const char* toml;
  const char* line;
  const char* says;
};

class WrongConfigTest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongConfigTest, SaysWhereAndWhat) {
  const auto message = error_of(GetParam().toml);
  EXPECT_THAT(message, HasSubstr(std::string("bastide.toml:") + GetParam().line + ": "));
  EXPECT_THAT(message, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Each, WrongConfigTest,
    testing::Values(
        Wrong{"[server\n", "1", "expected ']'"}, Wrong{"[?erver]\n", "1", "saw '?'"},
        Wrong{"[[?x]]\n", "1", "saw '?'"}, Wrong{"[a.?x]\n", "1", "saw '?'"},
        Wrong{"a = 1\na = 2\n", "2", "cannot"},
        Wrong{"[sever]\nlisten = \"127.0.0.1:1\"\n", "1",
              "unknown section \"sever\"; did you mean \"server\"?"},
        Wrong{"[server]\n\nlissen = \"127.0.0.1:1\"\n", "3",
              "[server]: unknown key \"lissen\"; did you mean \"listen\"?"},
        Wrong{"[server]\nlisten = 8080\n", "2",
              "[server]: listen is an address and a port such as \"127.0.0.1:8080\", not a number."},
        Wrong{"[server]\nlisten = \"8080\"\n", "2", "not \"8080\""},
        Wrong{"[server]\nlisten = \"0.0.0.0:99999\"\n", "2", "an address and a port"},
        Wrong{"[server]\ntls_key_file = \"k.pem\"\n", "2", "needs tls_certificate_file"},
        Wrong{"server = 3\n", "1", "server is a section: write [server]"},
        Wrong{"[model]\nid = \"a\"\n", "1", "[[model]] with double brackets"},
        Wrong{"[[server]]\n", "1", "write [server], not [[server]]"},
        Wrong{"[[model]]\nid = \"fast\"\nprovider = \"local\"\ncapabilities = 3\n", "4",
              "[[model]] \"fast\": capabilities is a list of words such as [\"chat\", \"tools\"], not a "
              "number."},
        Wrong{"[[model]]\nid = \"fast\"\nprovider = \"local\"\ncapabilities = [\"chat\", 3]\n", "4",
              "one of its entries is a number"},
        Wrong{"[[model]]\nprovider = \"local\"\n", "1", "[[model]]: id is missing"},
        Wrong{"[[model]]\nid = \"a b\"\nprovider = \"local\"\n", "2", "without spaces"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\n[[model]]\nid = \"a\"\nprovider = \"local\"\n",
              "5", "given twice"},
        Wrong{"[[model]]\nid = \"auto\"\nprovider = \"local\"\n", "2", "lets Bastide choose"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"clod\"\n[[provider]]\nid = \"cloud\"\nbase_url = "
              "\"http://x\"\nzone = \"FR\"\n",
              "3", "names \"clod\", which no [[provider]] has; did you mean \"cloud\"?"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nprice = { input = -1, output = 2 }\n", "4",
              "price.input is a number from 0"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nprice = { input = 1 }\n", "4",
              "price.output is missing"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nprice = { input = 1, output = 2, cachd_input = 1 "
              "}\n",
              "4", "unknown key \"price.cachd_input\"; did you mean \"cached_input\"?"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nparameters_billion = [9, 3]\n", "4",
              "the lower one first"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nparameters_billion = { active = 9, total = 3 }\n",
              "4", "more active than total"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nparameters_billion = \"8\"\n", "4", "not text"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\ncontext_tokens = 1.5\n", "4", "not a fraction"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nfallback = [\"a\"]\n", "4",
              "names the model itself"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"FR\"\nkey = \"sk-abc\"\n", "5",
              "[[provider]] \"p\": key would put a secret into the file"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"FR\"\nkey_env = "
              "\"CONFIG_TEST_NOT_SET\"\n",
              "5", "environment variable CONFIG_TEST_NOT_SET, which is not set"},
        Wrong{
            "[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"FR\"\nkey_file = \"/nowhere/key\"\n",
            "5", "/nowhere/key"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"ftp://x\"\nzone = \"FR\"\n", "3",
              "begins with https:// or http://"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\n", "1", "zone is missing"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"eu\"\n", "4",
              "neither \"walls\", nor a country"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"wall\"\n", "4",
              "did you mean \"walls\"?"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"FR\"\ndialect = \"opena\"\n", "5",
              "one of openai, anthropic, gemini, mistral, not \"opena\"; did you mean \"openai\"?"},
        Wrong{"[[provider]]\nid = \"local\"\nbase_url = \"http://x\"\nzone = \"FR\"\n", "2",
              "models on this machine"},
        Wrong{"[[zone]]\nid = \"eu\"\ncountries = [\"fr\"]\n", "3", "names \"fr\""},
        Wrong{"[[zone]]\nid = \"walls\"\ncountries = [\"FR\"]\n", "2", "has a meaning already"},
        Wrong{"[[zone]]\nid = \"eu\"\n", "1", "countries is missing"},
        Wrong{"[policy]\ndefault_label = \"intern\"\n", "2", "did you mean \"internal\"?"},
        Wrong{"[[label]]\nid = \"open\"\n", "1", "default_label"},
        Wrong{"[[policy.allow]]\nlabel = \"internal\"\nzones = [\"mars\"]\n", "3",
              "[[policy.allow]] \"internal\": zones names the zone \"mars\""},
        Wrong{"[[policy.allow]]\nlabel = \"internal\"\n", "1", "zones is missing"},
        Wrong{"[[policy.allow]]\nlabel = \"internal\"\nzones = [\"walls\"]\nmodels = []\n", "4",
              "leave it out"},
        Wrong{"[budget.default]\nmonth = -1\n", "2", "month is a number from 0"},
        Wrong{"[[budget]]\nmonth = 3\n", "2", "needs an owner"},
        Wrong{"[limits]\nrequests_per_minute = 0\n", "2", "from 1 to"},
        Wrong{"[guard]\npseudonymise_outside = \"yes\"\n", "2", "true or false, without quotes"},
        Wrong{"[guard]\nblock_outside = [\"secrets\"]\n", "2", "did you mean \"secret\"?"},
        Wrong{"[footprint]\ncountry = \"FR\"\n", "2", "three capital letters"},
        Wrong{"[cache]\nmodels = [\"none\"]\n", "2", "names \"none\", which no [[model]] has"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\nhedge_after_ms = 0\n", "4", "from 1 to 600000"},
        Wrong{"[responses]\nkeep_days = 0\n", "2", "from 1 to 3650"},
        Wrong{"[mail]\nhost = \"smtp://x\"\nfrom = \"a@b\"\n", "2", "its port goes into `port`"},
        Wrong{"[mail]\nhost = \"x\"\nfrom = \"B <a@b>\"\n", "3", "is an address alone"},
        Wrong{"[mail]\nhost = \"x\"\nfrom = \"a@b\"\nuser = \"u\"\n", "4", "go together"},
        Wrong{"[observability]\notlp_url = \"collector:4318\"\n", "2", "begins with https:// or http://"},
        Wrong{"[[model]]\nid = \"a\"\nprovider = \"local\"\naliases = [\"a\"]\n", "4", "a model's own name"},
        Wrong{"[local_models]\nidle_minutes = 0\n", "2", "from 1 to 10080"},
        Wrong{"[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"FR\"\n[[model]]\nid = \"a\"\n"
              "provider = \"p\"\nkeep_loaded = true\n",
              "8", "models on this machine"},
        Wrong{"[knowledge]\nparse_seconds_max = 0\n", "2", "from 1 to 3600"}));

TEST_F(ConfigTest, TheFirstMistakeInTheFileIsTheOneThatIsShown) {
  EXPECT_THAT(error_of("[limits]\nrequests_per_minute = 0\n[server]\nlisten = 3\n"),
              HasSubstr("bastide.toml:2: "));
}

TEST_F(ConfigTest, ReadsTheVisionFileOfALocalModelThatHasAFile) {
  const auto read =
      parse_config("[[model]]\nid = \"a\"\nprovider = \"local\"\nfile = \"m.gguf\"\nvision = \"v.gguf\"\n",
                   "bastide.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->models[0].vision, "v.gguf");
  EXPECT_THAT(error_of("[[model]]\nid = \"a\"\nprovider = \"local\"\nvision = \"v.gguf\"\n"),
              HasSubstr("that have a file"));
}

TEST_F(ConfigTest, ReadsLettersResponsesAndHedges) {
  const auto read = parse_config(R"(
[[model]]
id = "a"
provider = "local"
hedge_after_ms = 800
[responses]
store = false
keep_days = 7
[mail]
host = "smtp.example.org"
tls = "from_start"
from = "bastide@example.org"
user = "bastide"
password_env = "CONFIG_TEST_KEY"
)",
                                 "bastide.toml");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->models[0].hedge_after_ms, 800);
  EXPECT_FALSE(read->responses.store);
  EXPECT_EQ(read->responses.keep_days, 7);
  EXPECT_TRUE(read->mail.is_on());
  EXPECT_EQ(read->mail.port, 465);
  EXPECT_EQ(read->mail.password.value, "sk-test-value");
  EXPECT_FALSE(default_config().mail.is_on()) << "nothing leaves unless it was asked for";
  EXPECT_THAT(error_of("[mail]\nhost = \"x\"\nfrom = \"a@b\"\ntls = \"none\"\nuser = \"u\"\n"
                       "password_env = \"CONFIG_TEST_KEY\"\n"),
              HasSubstr("is needed where a password is sent"));
}

TEST_F(ConfigTest, ReadsSecretsFromFilesBesideTheConfiguration) {
  const auto folder = std::filesystem::temp_directory_path() / "bastide_config_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "key") << "sk-from-file\n";
  std::ofstream(folder / "bastide.toml")
      << "[[provider]]\nid = \"p\"\nbase_url = \"http://x/v1/\"\nzone = \"FR\"\nkey_file = \"key\"\n";
  auto read = read_config((folder / "bastide.toml").string());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->providers[0].key->value, "sk-from-file");
  EXPECT_EQ(read->providers[0].base_url, "http://x/v1");
  EXPECT_FALSE(read_config(folder.string()));
  auto missing = read_config((folder / "none.toml").string());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("none.toml"));
  std::filesystem::remove_all(folder);
}

TEST_F(ConfigTest, AProviderMayHaveSeveralKeysWithWeights) {
  constexpr auto head = "[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"FR\"\n";
  auto read =
      parse_config(std::string(head) +
                       "keys = [{ env = \"CONFIG_TEST_KEY\", weight = 2 }, { env = \"CONFIG_TEST_KEY\" }]\n",
                   "x");
  ASSERT_TRUE(read) << read.error().message;
  const auto& keys = read->providers[0].keys;
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].weight, 2);
  EXPECT_EQ(keys[1].weight, 1);
  EXPECT_EQ(keys[1].secret.value, "sk-test-value");
  EXPECT_EQ(keys[1].name, "CONFIG_TEST_KEY");
  EXPECT_THAT(error_of(std::string(head) + "keys = [{ weight = 2 }]\n"), HasSubstr("env is missing"));
  EXPECT_THAT(error_of(std::string(head) + "keys = [{ env = \"CONFIG_TEST_KEY\", weight = 0 }]\n"),
              HasSubstr("from 1 to 100"));
  EXPECT_THAT(
      error_of(std::string(head) + "key_env = \"CONFIG_TEST_KEY\"\nkeys = [{ env = \"CONFIG_TEST_KEY\" }]\n"),
      HasSubstr("stands beside another key"));
}

TEST_F(ConfigTest, AnErrorNeverShowsASecret) {
  EXPECT_THAT(
      error_of("[[provider]]\nid = \"p\"\nbase_url = \"http://x\"\nzone = \"FR\"\nkey = \"sk-abc\"\n"),
      Not(HasSubstr("sk-abc")));
}

TEST_F(ConfigTest, LettersBeyondAsciiStandInQuotesAndComments) {
  auto read = parse_config(
      "\xef\xbb\xbf# été\n[server]\norganisation = \"Préfecture \\\"de\\\" l'Hérault\" # où\n", "x");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->server.organisation, "Préfecture \"de\" l'Hérault");
  read = parse_config("[server]\norganisation = 'C:\\é \"x\" €𝄞'\n", "x");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->server.organisation, "C:\\é \"x\" €𝄞");
  EXPECT_THAT(error_of("[server]\norganisation = \"a\\é\"\n"), HasSubstr("bastide.toml:2: a backslash"));
  EXPECT_THAT(error_of("[server]\norganisation = \"a\n"), HasSubstr("bastide.toml:2: "));
  EXPECT_THAT(error_of("a = 1\né = 1\n"), HasSubstr("bastide.toml:2: \"é"));
  EXPECT_THAT(error_of("[server]\norganisation = Hérault\n"), HasSubstr("bastide.toml:2: "));
  EXPECT_THAT(error_of("[server]\norganisation = \"\"\"a\nb\"\"\"\n"),
              HasSubstr("bastide.toml:2: text over several lines"));
}

TEST_F(ConfigTest, RefusesWhatIsNoText) {
  EXPECT_THAT(error_of("a = \"\xff\xfe\""), HasSubstr("UTF-8"));
  EXPECT_THAT(error_of(std::string(5 * 1024 * 1024, '#')), HasSubstr("larger than 4 MB"));
  EXPECT_THAT(error_of("a = " + std::string(2000, '[') + std::string(2000, ']')),
              HasSubstr("bastide.toml:1: "));
}

}  // namespace
}  // namespace bastide
