#include "knowledge/index/stop_words.h"

#include <string>
#include <unordered_set>

#include "knowledge/index/analyzer.h"

namespace bastide::knowledge::index {
namespace {
using Set = std::unordered_set<std::string_view>;

Set split_words(std::string_view list) {
  Set set;
  while (!list.empty()) {
    const auto end = list.find(' ');
    if (const auto word = list.substr(0, end); !word.empty()) set.insert(word);
    if (end == std::string_view::npos) break;
    list.remove_prefix(end + 1);
  }
  return set;
}

const Set& french() {
  static const Set set = split_words(
      "a ai aie aient ait alors an apres as au aucun aucune auquel aura aurait aux auxquelles auxquels "
      "avaient avais "
      "avait avant avec avez aviez avions avoir avons ayant c ca car ce ceci cela celle celles celui "
      "cependant ces cet "
      "cette ceux chaque chez ci comme comment contre d dans de dedans depuis des desquels devant donc dont "
      "du duquel "
      "durant elle elles en encore entre es est et etaient etais etait etant ete etes etre eu eux eut fait "
      "faire fois "
      "font furent fut hors il ils j je jusqu l la laquelle le lequel les lesquelles lesquels leur leurs "
      "lors lorsque "
      "lui m ma mais me meme memes mes moi moins mon n ne ni non nos notre nous on ont or ou par parce parmi "
      "pas "
      "pendant peu peut peuvent plus plusieurs point pour pourquoi puis puisque qu quand que quel quelle "
      "quelles quels "
      "qui quoi quoique s sa sans sauf se selon sera serait seront ses si sinon soi soient soit sommes son "
      "sont sous "
      "suis sur t ta tandis tant te tel telle telles tels tes toi ton toujours tous tout toute toutefois "
      "toutes tres tu "
      "un une vers voici voila vos votre vous y");
  return set;
}

const Set& english() {
  static const Set set = split_words(
      "a about after again all also am an and any are as at be because been before being between both but by "
      "can could "
      "did do does doing down during each few for from further had has have having he her here hers herself "
      "him himself "
      "his how i if in into is it its itself just may me might more most must my myself no nor not of off on "
      "once only "
      "or other our ours ourselves out over own same she should so some such than that the their theirs them "
      "themselves "
      "then there these they this those through to too under until up very was we were what when where which "
      "while who "
      "whom why will with would you your yours yourself yourselves");
  return set;
}

/// Function words of one language that are words of content in the other: they stay in the index.
const Set& ambiguous() {
  static const Set set = split_words(
      "an car est fait font fois fut me may might on or our plus point sans son sous sur "
      "tant ton tout vers chez ete hors peu do ma mon pour sera but can does main pendant "
      "down off own under");
  return set;
}

const Set& asking() {
  static const Set set = split_words(
      "combien comment quel quelle quels quelles qui quoi ou quand pourquoi est-ce lequel laquelle lesquels "
      "lesquelles "
      "what which who whom whose where when why how many much please svp stp merci thanks tell dis dites "
      "explique "
      "expliquer explain peux pouvez puis-je dois faut");
  return set;
}

/// Removes `ending` when at least `keep_min` letters stay.
bool cut(std::string& word, std::string_view ending, std::size_t keep_min) {
  if (word.size() < ending.size() + keep_min || !word.ends_with(ending)) return false;
  word.resize(word.size() - ending.size());
  return true;
}

bool all_ascii_letters(std::string_view word) {
  for (char c : word)
    if (c < 'a' || c > 'z') return false;
  return true;
}
}  // namespace

bool is_french_function_word(std::string_view word) { return french().contains(word); }
bool is_english_function_word(std::string_view word) { return english().contains(word); }
bool is_question_word(std::string_view word) { return asking().contains(word); }

bool is_stop_word(std::string_view word) {
  return (french().contains(word) || english().contains(word)) && !ambiguous().contains(word);
}

bool is_elision(std::string_view word) {
  static const Set set = split_words("l d j m n s t c qu jusqu lorsqu puisqu quoiqu presqu quelqu");
  return set.contains(word);
}

bool is_negation(std::string_view word) {
  static const Set set = split_words(
      "ne n pas non jamais aucun aucune sans ni rien nul nulle interdit interdite interdits interdites not "
      "no never none "
      "without neither nor cannot nobody nothing forbidden prohibited");
  return set.contains(word);
}

// After J. Savoy's "minimal" French stemmer (JASIST 50(10), 1999) with the English plurals and participles
// that do not clash with it.
std::string stem(std::string_view folded_word) {
  std::string word(folded_word);
  if (word.size() < 4 || !all_ascii_letters(word)) return word;
  if (word.size() >= 6 && word.ends_with("aux")) {
    word.replace(word.size() - 2, 2, "l");  // journaux: journal
    return word;
  }
  if (word.size() >= 6 && word.ends_with("ies"))
    word.resize(word.size() - 2);
  else if (word.back() == 's' || word.back() == 'x')
    word.pop_back();
  if (!cut(word, "ing", 4)) cut(word, "ed", 4);
  cut(word, "r", 4);
  while (word.size() > 3 && word.back() == 'e') word.pop_back();
  if (word.size() > 4 && word.back() == 'y') word.back() = 'i';
  if (word.size() > 3 && word[word.size() - 1] == word[word.size() - 2]) word.pop_back();
  return word;
}

}  // namespace bastide::knowledge::index
