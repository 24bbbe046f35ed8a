#include "identity/password_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <vector>

#include "base/text.h"
#include "identity/normalise.h"

namespace bastide::identity {
namespace {
/// Stems that passwords of ten characters and more are commonly made of, in French and English, folded. A
/// password that is one or two of these with digits and signs around is guessed in the first thousand tries.
constexpr auto stems = std::to_array<std::string_view>(
    {"password",   "passw0rd", "p4ssword",   "motdepasse",  "monmotdepasse", "mdp",
     "pass",       "passe",    "azerty",     "azertyuiop",  "azertyui",      "qwerty",
     "qwertyuiop", "qwertz",   "qwertzuiop", "asdfgh",      "asdfghjkl",     "qsdfghjklm",
     "wxcvbn",     "zxcvbn",   "zxcvbnm",    "admin",       "administrator", "administrateur",
     "root",       "toor",     "user",       "utilisateur", "guest",         "invite",
     "test",       "tester",   "testing",    "demo",        "welcome",       "bienvenue",
     "bonjour",    "salut",    "coucou",     "hello",       "helloworld",    "letmein",
     "iloveyou",   "jetaime",  "loulou",     "doudou",      "chouchou",      "soleil",
     "sunshine",   "princess", "princesse",  "dragon",      "monkey",        "football",
     "baseball",   "superman", "batman",     "pokemon",     "starwars",      "master",
     "shadow",     "secret",   "changeme",   "changemoi",   "default",       "temporary",
     "temporaire", "bastide",  "company",    "entreprise",  "mairie",        "bureau",
     "office",     "login",    "connexion",  "computer",    "ordinateur",    "internet",
     "marseille",  "paris",    "france",     "bretagne",    "london",        "nicolas",
     "camille",    "thomas",   "julien",     "michael",     "jessica",       "charlie",
     "ashley",     "summer",   "winter",     "spring",      "autumn",        "printemps",
     "ete",        "automne",  "hiver",      "january",     "janvier",       "february",
     "fevrier",    "october",  "octobre",    "november",    "novembre",      "december",
     "decembre",   "monday",   "lundi",      "friday",      "vendredi",      "whatever",
     "trustno",    "freedom",  "liberte",    "qazwsx"});

/// Sequences along which fingers walk.
constexpr auto walks = std::to_array<std::string_view>(
    {"01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz",
     "azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm", "1q2w3e4r5t6y7u8i9o0p",
     "1a2z3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn"});

/// What is left when digits and signs at both ends are taken off.
std::string_view core(std::string_view text) {
  auto is_letter = [](unsigned char c) { return std::isalpha(c) || c >= 0x80; };
  while (!text.empty() && !is_letter(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && !is_letter(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

bool is_stem(std::string_view text) { return std::ranges::find(stems, text) != stems.end(); }

bool is_common(std::string_view folded) {
  for (auto walk : walks)
    if (walk.contains(folded)) return true;
  // A short piece over and over: aaaaaaaaaa, abcabcabcabc, passpass1212 is not, 1212121212 is.
  for (std::size_t period = 1; period <= 4 && period * 2 <= folded.size(); ++period)
    if (std::equal(folded.begin() + static_cast<std::ptrdiff_t>(period), folded.end(), folded.begin()))
      return true;
  auto middle = core(folded);
  if (middle.empty()) return folded.size() < 12;  // digits and signs only: dates, telephone numbers
  if (folded.size() - middle.size() > 8) return false;
  if (is_stem(middle)) return true;
  for (std::size_t cut = 3; cut + 3 <= middle.size(); ++cut)
    if (is_stem(middle.substr(0, cut)) && is_stem(middle.substr(cut))) return true;
  return false;
}

bool is_own(std::string_view folded, std::string_view email, std::string_view name) {
  std::vector<std::string> own{fold(email), fold(email.substr(0, email.find('@'))), fold(name)};
  for (auto word : split(search_words(std::string(email) + " " + std::string(name)), ' '))
    own.emplace_back(word);
  std::string joined;
  for (auto word : split(search_words(name), ' ')) joined.append(word);
  own.push_back(joined);
  auto middle = core(folded);
  return std::ranges::any_of(own, [&](const std::string& word) {
    return word.size() >= 4 &&
           (folded == word || (middle == core(word) && folded.size() - middle.size() <= 6));
  });
}
}  // namespace

Result<void> check_password(std::string_view password, std::string_view email, std::string_view name) {
  if (!is_utf8(password)) return fail(Code::invalid, "The password is not valid UTF-8.", "password_invalid");
  if (password.size() > password_bytes_max)
    return fail(Code::invalid, "The password is too long.", "password_long", "Use at most 1024 bytes.");
  if (count_code_points(password) < password_code_points_min)
    return fail(Code::invalid, "The password is too short.", "password_short",
                "Use at least 10 characters; a few words in a row are easy to remember.");
  auto folded = fold(password);
  if (is_own(folded, email, name))
    return fail(Code::invalid, "The password is made of the name or the e-mail.", "password_own",
                "Choose another one.");
  if (is_common(folded))
    return fail(Code::invalid, "The password is among those that are guessed first.", "password_common",
                "Choose another one; a few unrelated words are easy to remember.");
  return {};
}

}  // namespace bastide::identity
