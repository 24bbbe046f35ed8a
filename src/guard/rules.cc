#include "guard/rules.h"

#include <array>

namespace bastide::guard {
namespace {
constexpr auto exact = Letters::exact;
constexpr auto any = Letters::any_case;
constexpr auto alone = Edges::alone;
constexpr auto open = Edges::free;

constexpr bool digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
constexpr bool hex(char c) { return digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }
constexpr bool base64(char c) { return digit(c) || letter(c) || c == '/' || c == '+'; }

namespace leads {
// Of the groups of an address, the first ends within four bytes.
bool ipv4(const char* at) { return at[1] == '.' || at[2] == '.' || at[3] == '.'; }
bool ipv6(const char* at) { return at[1] == ':' || at[2] == ':' || at[3] == ':' || at[4] == ':'; }
// Two letters, perhaps a separator, a digit.
bool letters_digit(const char* at) { return digit(at[2]) || digit(at[3]); }
bool fiscal_code(const char* at) { return letter(at[5]) && letter(at[8]) && letter(at[15]); }
bool hetu(const char* at) { return digit(at[5]) && !digit(at[6]) && digit(at[7]); }
bool ssn(const char* at) { return (at[3] == '-' || at[3] == ' ') && digit(at[2]) && digit(at[4]); }
bool spanish(const char* at) { return digit(at[2]) && digit(at[7]); }
bool hex_32(const char* at) { return hex(at[0]) && hex(at[15]) && hex(at[31]); }
bool twilio(const char* at) { return at[0] == 'S' && at[1] == 'K' && hex(at[33]); }
bool telegram(const char* at) { return digit(at[7]) && (at[8] == ':' || at[9] == ':' || at[10] == ':'); }
bool discord(const char* at) { return at[0] >= 'M' && at[0] <= 'O' && at[1] > ' ' && at[36] > ' '; }
bool base64_40(const char* at) { return base64(at[15]) && base64(at[31]) && base64(at[39]); }
constexpr bool is(char c, char wanted) { return (c | 32) == wanted; }
std::size_t letters(const char* at) {
  std::size_t count = 0;
  while (count < 8 && letter(at[count])) ++count;
  return count;
}
// reveal, print, show, repeat, output, leak: the whole word.
bool reveal(const char* at) {
  const auto size = letters(at);
  return is(at[0], 's') || is(at[0], 'l') ? size == 4 : is(at[0], 'p') ? size == 5 : size == 6;
}
// Of "access", "account", "private" and "client", only those before "key" or "secret".
bool assignment(const char* at) {
  if (is(at[0], 'a') && is(at[1], 'c')) return is(at[6], 'k') || is(at[7], 'k') || is(at[8], 'k');
  if (is(at[0], 'p') && is(at[1], 'r')) return is(at[7], 'k') || is(at[8], 'k');
  if (is(at[0], 'c') && is(at[1], 'l') && letter(at[2])) return is(at[6], 's') || is(at[7], 's');
  return true;
}
}  // namespace leads

// Prefixes of secrets are those that their issuers publish for secret scanning.
constexpr std::array table{
    // --- addresses on networks
    Rule{"email.address", Type::email, Start::anchor, "@",
         R"(@[a-z0-9\-\x80-\xff]+(?:\.[a-z0-9\-\x80-\xff]+)+)", any, open, .95, 0, 0, checks::email},
    Rule{"email.spelled", Type::email, Start::anchor,
         "[at]~(at)~[arobase]~(arobase)~[ at ]~( at )~[ arobase ]~( arobase )",
         R"([\[(] ?(?:at|arobase) ?[\])] ?[a-z0-9\-]{2,64} ?(?:\.|[\[(] ?(?:dot|point) ?[\])]) ?[a-z]{2,12})",
         any, open, .8, 0, 0, checks::email_spelled},
    Rule{"ip.v4", Type::ip, Start::number, "", R"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})", exact, alone, .9, 0,
         0, checks::ipv4, leads::ipv4},
    Rule{"ip.v6", Type::ip, Start::number, "", R"([0-9a-f]{1,4}:[0-9a-f]{0,4}:)", any, open, .9, 0, 0,
         checks::ipv6, leads::ipv6},
    // --- dates: birth only
    Rule{"birth.numeric", Type::date_of_birth, Start::number, "",
         R"(\d{1,4}[ ]?[/.\- ][ ]?\d{1,2}[ ]?[/.\- ][ ]?\d{2,4})", exact, alone, 0, word::birth, .9,
         checks::birth_date},
    Rule{
        "birth.day_first", Type::date_of_birth, Start::number, "",
        R"(\d{1,2}(?:er|st|nd|rd|th)?(?: of| de)?[ \-](?:janv|jan|fev|f\xc3\xa9v|feb|mars|mar|avr|apr|mai|may|juin|juil|jun|jul|ao\xc3\xbb|aou|aug|sep|oct|nov|dec|d\xc3\xa9c)[a-z\x80-\xff]*\.?,?[ \-]\d{4})",
        any, alone, 0, word::birth, .9, checks::birth_date},
    Rule{
        "birth.month_first", Type::date_of_birth, Start::month, "",
        R"((?:january|jan|february|feb|march|mar|april|apr|may|june|jun|july|jul|august|aug|september|sept|sep|october|oct|november|nov|december|dec)\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})",
        any, alone, 0, word::birth, .9, checks::birth_date},
    // --- papers and vehicles
    Rule{"plate.fr_siv", Type::licence_plate, Start::two_letters, "",
         R"([A-HJ-NP-TV-Z]{2}[ \-]?\d{3}[ \-]?[A-HJ-NP-TV-Z]{2})", any, alone, .8, word::plate, .95,
         checks::plate_siv, leads::letters_digit},
    Rule{"plate.fr_old", Type::licence_plate, Start::number, "",
         R"(\d{1,4}[ \-]?[A-HJ-NP-Z]{2,3}[ \-]?(?:\d{2}|2[AB]|97\d))", exact, alone, 0, word::plate, .85,
         checks::plate_old},
    Rule{"passport.fr", Type::passport, Start::number, "", R"(\d{2}[A-Z]{2}\d{5})", exact, alone, 0,
         word::passport, .95},
    Rule{"passport.any", Type::passport, Start::code, "", R"([A-Z]{0,3} ?\d{6,9}[A-Z]?)", exact, alone, 0,
         word::passport, .85, checks::passport},
    Rule{"passport.code", Type::passport, Start::code, "", R"([A-Z0-9]{8,9})", exact, alone, 0,
         word::passport, .8, checks::passport},
    Rule{"passport.mrz", Type::passport, Start::anchor, "p<", R"(P<[A-Z]{3}[A-Z<]{20,39})", exact, open, .95},
    Rule{"id.it_codice_fiscale", Type::national_id, Start::code, "",
         R"([A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z])", any, alone, .95, 0, 0,
         checks::codice_fiscale, leads::fiscal_code},
    Rule{"id.fi_hetu", Type::national_id, Start::number, "", R"(\d{6}[\-+A-FUVWXY]\d{3}[0-9A-FHJ-NPR-Y])",
         exact, alone, .9, 0, 0, checks::hetu, leads::hetu},
    Rule{"id.ch_ahv", Type::national_id, Start::anchor, "756", R"(756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2})", exact,
         alone, .9, 0, 0, checks::ahv},
    Rule{"id.us_ssn", Type::national_id, Start::number, "", R"(\d{3}[\- ]\d{2}[\- ]\d{4})", exact, alone, .8,
         word::identity, .95, checks::ssn, leads::ssn},
    Rule{"id.gb_nino", Type::national_id, Start::two_letters, "",
         R"([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D])", exact, alone, .7,
         word::identity, .95, checks::nino, leads::letters_digit},
    Rule{"id.es", Type::national_id, Start::code, "", R"([XYZKLM\d][\- ]?\d{7}[\- ]?[A-Z])", exact, alone, .8,
         word::identity, .95, checks::spanish, leads::spanish},
    Rule{"id.driver", Type::national_id, Start::code, "", R"([A-Z]{1,3}[A-Z0-9\-]{5,16})", exact, alone, 0,
         word::identity, .6, checks::after_keyword},
    Rule{"bank.bic", Type::bic, Start::code, "", R"([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)", exact, alone, 0,
         word::bic, .9, checks::bic_code},
    // --- secrets by their issuer's prefix
    Rule{"secret.aws_key_id", Type::secret, Start::anchor, "akia~asia~abia~acca",
         R"((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})", exact, alone, .98},
    Rule{"secret.github", Type::secret, Start::anchor, "ghp_~gho_~ghu_~ghs_~ghr_",
         R"(gh[pousr]_[A-Za-z0-9]{36,})", exact, alone, .99},
    Rule{"secret.github_pat", Type::secret, Start::anchor, "github_pat_", R"(github_pat_[A-Za-z0-9_]{22,})",
         exact, alone, .99},
    Rule{"secret.gitlab", Type::secret, Start::anchor, "glpat-~gldt-~glrt-~glft-~glsoat-~glptt-",
         R"(gl(?:pat|dt|rt|ft|soat|ptt)-[A-Za-z0-9_\-]{20,})", exact, alone, .98},
    Rule{"secret.slack", Type::secret, Start::anchor, "xoxa-~xoxb-~xoxe-~xoxo-~xoxp-~xoxr-~xoxs-",
         R"(xox[abeoprs]-[A-Za-z0-9\-]{10,})", exact, alone, .98},
    Rule{"secret.slack_app", Type::secret, Start::anchor, "xapp-", R"(xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+)",
         exact, alone, .98},
    Rule{"secret.slack_webhook", Type::secret, Start::anchor, "hooks.slack.com/services/",
         R"(hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{16,})", exact, open, .95},
    Rule{"secret.llm_key", Type::secret, Start::anchor, "sk-",
         R"(sk-(?:proj-|svcacct-|admin-|ant-|or-v1-|lf-)?[A-Za-z0-9_\-]{20,})", exact, alone, .95, 0, 0,
         checks::random_text},
    Rule{"secret.google_api", Type::secret, Start::anchor, "aiza", R"(AIza[0-9A-Za-z_\-]{35})", exact, alone,
         .97},
    Rule{"secret.google_oauth", Type::secret, Start::anchor, "ya29.", R"(ya29\.[0-9A-Za-z_\-]{20,})", exact,
         alone, .95},
    Rule{"secret.google_client", Type::secret, Start::anchor, "gocspx-", R"(GOCSPX-[0-9A-Za-z_\-]{24,})",
         exact, alone, .97},
    Rule{"secret.stripe", Type::secret, Start::anchor, "sk_live_~sk_test_~rk_live_~rk_test_",
         R"((?:sk|rk)_(?:live|test)_[0-9a-zA-Z]{16,})", exact, alone, .98},
    Rule{"secret.webhook", Type::secret, Start::anchor, "whsec_", R"(whsec_[0-9A-Za-z+/=]{24,})", exact,
         alone, .95},
    Rule{"secret.sendgrid", Type::secret, Start::anchor, "sg.", R"(SG\.[\w\-]{16,32}\.[\w\-]{16,64})", exact,
         alone, .97},
    Rule{"secret.mailgun", Type::secret, Start::anchor, "key-", R"(key-[0-9a-f]{32})", exact, alone, .9},
    Rule{"secret.mailchimp", Type::secret, Start::code, "", R"([0-9a-f]{32}-us\d{1,2})", exact, alone, .95, 0,
         0, nullptr, leads::hex_32},
    Rule{"secret.twilio", Type::secret, Start::code, "", R"(SK[0-9a-f]{32})", exact, alone, .9, 0, 0, nullptr,
         leads::twilio},
    Rule{"secret.npm", Type::secret, Start::anchor, "npm_", R"(npm_[A-Za-z0-9]{36})", exact, alone, .98},
    Rule{"secret.pypi", Type::secret, Start::anchor, "pypi-", R"(pypi-AgE[A-Za-z0-9_\-]{40,})", exact, alone,
         .98},
    Rule{"secret.rubygems", Type::secret, Start::anchor, "rubygems_", R"(rubygems_[0-9a-f]{48})", exact,
         alone, .98},
    Rule{"secret.huggingface", Type::secret, Start::anchor, "hf_", R"(hf_[A-Za-z0-9]{30,})", exact, alone,
         .95},
    Rule{"secret.digitalocean", Type::secret, Start::anchor, "doo_v1_~dop_v1_~dor_v1_",
         R"(do[opr]_v1_[a-f0-9]{64})", exact, alone, .98},
    Rule{"secret.shopify", Type::secret, Start::anchor, "shpat_~shpca_~shppa_~shpss_",
         R"(shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32})", exact, alone, .98},
    Rule{"secret.databricks", Type::secret, Start::anchor, "dapi", R"(dapi[a-f0-9]{32})", exact, alone, .95},
    Rule{"secret.vault", Type::secret, Start::anchor, "hvs.~hvb.~hvr.", R"(hv[sbr]\.[A-Za-z0-9_\-]{24,})",
         exact, alone, .95},
    Rule{"secret.docker", Type::secret, Start::anchor, "dckr_pat_", R"(dckr_pat_[A-Za-z0-9_\-]{20,})", exact,
         alone, .98},
    Rule{"secret.atlassian", Type::secret, Start::anchor, "atatt3", R"(ATATT3[A-Za-z0-9_\-=]{40,})", exact,
         alone, .97},
    Rule{"secret.linear", Type::secret, Start::anchor, "lin_api_~lin_oauth_",
         R"(lin_(?:api|oauth)_[A-Za-z0-9]{32,})", exact, alone, .97},
    Rule{"secret.grafana", Type::secret, Start::anchor, "glsa_~glc_", R"(gl(?:sa|c)_[A-Za-z0-9_+/=]{32,})",
         exact, alone, .95},
    Rule{"secret.postman", Type::secret, Start::anchor, "pmak-", R"(PMAK-[a-f0-9]{24}-[a-f0-9]{34})", exact,
         alone, .97},
    Rule{"secret.telegram", Type::secret, Start::number, "", R"(\d{8,10}:AA[A-Za-z0-9_\-]{32,34})", exact,
         alone, .95, 0, 0, nullptr, leads::telegram},
    Rule{"secret.discord", Type::secret, Start::code, "",
         R"([MNO][A-Za-z0-9_\-]+\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,})", exact, alone, .9, 0, 0, nullptr,
         leads::discord},
    Rule{"secret.azure_storage", Type::secret, Start::anchor,
         "accountkey=", R"(AccountKey=[A-Za-z0-9+/]{86}==)", exact, open, .98},
    Rule{"secret.age", Type::secret, Start::anchor, "age-secret-key-", R"(AGE-SECRET-KEY-1[0-9A-Z]{58})",
         exact, alone, .99},
    Rule{"secret.bastide", Type::secret, Start::anchor, "bst_", R"(bst_[A-Za-z0-9_\-]{24,})", exact, alone,
         .95},
    Rule{"secret.private_key", Type::secret, Start::anchor, "-----begin ",
         R"(-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----)", exact, open, .99, 0, 0,
         checks::private_key},
    Rule{"secret.jwt", Type::secret, Start::anchor, "eyj",
         R"(eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]*)", exact, alone, .95, 0, 0,
         checks::jwt},
    Rule{"secret.url_password", Type::secret, Start::anchor, "://", R"(://[^\s:/@"'<>]*:[^\s/@"'<>]+@)", any,
         open, .9, 0, 0, checks::url_password},
    Rule{"secret.bearer", Type::secret, Start::anchor, "bearer ~basic ",
         R"((?:bearer|basic) [A-Za-z0-9_\-.=+/~]{16,})", any, alone, .85, 0, 0, checks::random_text},
    Rule{
        "secret.assignment", Type::secret, Start::anchor,
        "passw~passphrase~pwd~mot de passe~mots de passe~mdp~code "
        "secret~secret~token~jeton~credential~api_~api-~api k~api "
        "s~apik~apis~access~account~private~client~cl\xc3\xa9",
        R"((?:passwords?|passwd|passphrase|pwd|mot de passe|mots de passe|mdp|code secret|secret|token|jeton|credentials?|api[_\- ]?key|apikey|api[_\- ]?secret|access[_\- ]?key|account[_\- ]?key|private[_\- ]?key|client[_\- ]?secret|secret[_\- ]?key|cl\xc3\xa9 (?:d'api|api|secr\xc3\xa8te|priv\xc3\xa9e))["'`*\])]{0,3}(?: ?(?:[:=]|=>|:=|->) ?| (?:est|is|was)(?: ?:)? )["'`*]{0,3}[^\s"'`,;<>{}])",
        any, open, .85, 0, 0, checks::assignment, leads::assignment},
    Rule{"secret.aws_secret", Type::secret, Start::any, "", R"([A-Za-z0-9/+]{40})", exact, alone, 0,
         word::secret, .85, checks::random_text, leads::base64_40},
    Rule{"secret.hex", Type::secret, Start::any, "", R"([0-9a-f]{32,128})", any, alone, 0, word::secret, .7,
         checks::random_text, leads::hex_32},
    // --- attacks, reported but not refused: few and precise, because trigger words alone are innocent
    Rule{
        "injection.ignore_en", Type::injection, Start::anchor, "ignore~disregard~forget~override~bypass",
        R"((?:ignore|disregard|forget|override|bypass)\s+(?:(?:all|any|every|the|your|of|my|these|those|previous|prior|above|earlier|preceding|other|system|initial|original)\s+){1,6}(?:instructions?|prompts?|rules|directives|guidelines|commands))",
        any, alone, .7},
    Rule{
        "injection.ignore_fr", Type::injection, Start::anchor, "ignore~oublie~ne tien",
        R"((?:ignore[zr]?|oublie[zr]?|ne tiens? (?:pas|plus) compte de)\s+(?:(?:toutes?|tous|les|tes|vos|des|de|ces|mes|autres|pr\xc3\xa9c\xc3\xa9dentes|anciennes)\s+){1,5}(?:instructions?|consignes|r\xc3\xa8gles|directives)(?:\s+(?:pr\xc3\xa9c\xc3\xa9dentes|ci-dessus|ant\xc3\xa9rieures|syst\xc3\xa8me|initiales|donn\xc3\xa9es))?)",
        any, alone, .7},
    Rule{
        "injection.reveal", Type::injection, Start::anchor, "reveal~print~show~repeat~output~leak",
        R"((?:reveal|print|show|repeat|output|leak)\s+(?:(?:me|your|the|entire|full|exact|whole|all|of|hidden|secret)\s+){1,5}(?:system|initial|hidden)\s+(?:prompt|instructions|message))",
        any, alone, .65, 0, 0, nullptr, leads::reveal},
    Rule{"injection.chat_markup", Type::injection, Start::anchor, "<|~[inst]~[/inst]~<<sys>>",
         R"(<\|(?:im_start|im_end|start_header_id|eot_id|system|endoftext)\|>|\[/?INST\]|<<SYS>>)", exact,
         open, .8},
    Rule{
        "jailbreak.dan", Type::jailbreak, Start::anchor,
        "do anything now~you are now~developer mode~without any~without ethical~without moral~tu es ",
        R"(do anything now|you are now (?:dan|in developer mode|jailbroken)|developer mode (?:enabled|output)|without (?:any )?(?:ethical|moral) (?:guidelines|restrictions|constraints)|tu es (?:maintenant|d\xc3\xa9sormais) (?:dan|sans (?:aucune )?(?:limite|restriction|filtre)))",
        any, alone, .7},
};
}  // namespace

std::span<const Rule> pattern_rules() { return table; }

}  // namespace bastide::guard
