// Speed and accuracy of detection, one line of JSON a figure. Data: $BASTIDE_TEST_DATA (default
// ../shared/data).
// `--errors FILE` writes what was missed or wrongly found, for work on the rules with development data.
#include <fmt/format.h>
#include <time.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>

#include "base/text.h"
#include "base/time.h"
#include "guard/detector.h"
#include "guard/masking.h"
#include "guard/restorer.h"

namespace bastide::guard {
namespace {

std::string data_root() {
  const char* set = std::getenv("BASTIDE_TEST_DATA");
  return set ? set : "../shared/data";
}
std::string data_folder() { return data_root() + "/guard/pii/"; }

// Of this thread's CPU: other programs on the machine do not count.
double cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

// 2 KB of French administrative prose with a few identifiers.
std::string sample() {
  std::string text =
      "Madame, Monsieur,\nNous accusons réception de votre demande du 12 mars 2024 relative au "
      "renouvellement de la convention. "
      "Le dossier de Mme Hélène Garnier (née le 03/04/1981), domiciliée 14 bis rue des Lilas, 35000 Rennes, "
      "a été transmis au "
      "service compétent. Vous pouvez la joindre au 06 12 34 56 78 ou à l'adresse helene.garnier@exemple.fr. "
      "Le virement sera "
      "effectué sur le compte FR76 3000 6000 0112 3456 7890 189 dans un délai de trente jours. ";
  std::string prose =
      "Le comité a examiné les propositions présentées par les services, en tenant compte du calendrier "
      "budgétaire et des observations "
      "formulées lors de la réunion précédente ; il retient un montant de 12 450,00 euros pour l'exercice "
      "2025. ";
  while (text.size() + prose.size() < 2048) text += prose;
  return text;
}

// One inspection of 2 KB at a time, over different parts of `text`.
void inspect(const Detector& detector, std::string_view name, std::string_view text) {
  constexpr std::size_t part_bytes = 2048;
  constexpr std::size_t parts_max = 200;
  std::vector<std::string> parts;
  while (text.size() >= part_bytes && parts.size() < parts_max) {
    parts.push_back(to_valid_utf8(text.substr(0, part_bytes)));
    text.remove_prefix(part_bytes);
  }
  if (parts.empty()) return;
  std::vector<double> took;
  std::size_t found = 0;
  for (int round = 0; round < 11; ++round)
    for (const auto& part : parts) {
      auto start = Steady::now();
      found += detector.find(part)->size();
      if (round > 0) took.push_back(1e6 * seconds_since(start));
    }
  std::ranges::sort(took);
  fmt::print(
      "{{\"figure\":\"guard_inspect_2kb_{}\",\"us_p50\":{:.1f},\"us_p99\":{:.1f},\"found_each\":{:.1f}}}\n",
      name, took[took.size() / 2], took[took.size() * 99 / 100],
      static_cast<double>(found) / (11.0 * static_cast<double>(parts.size())));
}

void append_texts(const nlohmann::json& json, std::string& out) {
  if (json.is_string()) out += json.get<std::string>() + "\n";
  if (json.is_structured())
    for (const auto& item : json) append_texts(item, out);
}

// Plain words as load drivers send them; English documentation; French encyclopaedia; names, addresses and
// numbers in every line.
void inspect_all(const Detector& detector) {
  std::string words;
  constexpr std::array<std::string_view, 12> list{"the ",    "report ", "of ",     "quarter ",
                                                  "shows ",  "that ",   "budget ", "and ",
                                                  "people ", "agree, ", "mostly ", "now. "};
  for (unsigned seed = 7; words.size() < 400'000;) {
    seed = seed * 1103515245 + 12345;
    words += list[(seed >> 16U) % list.size()];
  }
  inspect(detector, "words", words);
  for (auto [name, path] : {std::pair{"english", "/knowledge/docs_qa/anthropic_docs.json"},
                            {"french", "/knowledge/piaf/piaf-v1.1.json"},
                            {"personal", "/guard/pii/presidio_synth_en_dev.json"}}) {
    std::ifstream file(data_root() + path);
    if (!file) continue;
    std::string text;
    auto json = nlohmann::json::parse(file);
    if (std::string_view(name) == "personal")
      for (const auto& row : json) text += row["full_text"].get<std::string>() + "\n";
    else
      append_texts(json, text);
    inspect(detector, name, text);
  }
}

void speed(const Detector& detector) {
  auto start = Steady::now();
  detector.warm();
  fmt::print("{{\"figure\":\"guard_patterns_compiled\",\"ms\":{:.1f}}}\n", 1e3 * seconds_since(start));
  auto text = sample();
  std::size_t found = 0;
  for (int i = 0; i < 50; ++i) found += detector.find(text)->size();
  std::vector<double> took;
  for (int i = 0; i < 1000; ++i) {
    auto one = Steady::now();
    found += detector.find(text)->size();
    took.push_back(1e6 * seconds_since(one));
  }
  std::ranges::sort(took);
  fmt::print(
      "{{\"figure\":\"guard_inspect_2kb\",\"bytes\":{},\"us_p50\":{:.0f},\"us_p99\":{:.0f},\"found\":{}}}\n",
      text.size(), took[500], took[990], found / 1050);
  std::string large;
  while (large.size() < 8'000'000) large += text;
  auto cpu = cpu_s();
  auto matches = detector.find(large);
  auto s = cpu_s() - cpu;
  fmt::print("{{\"figure\":\"guard_scan_large\",\"mb\":{:.1f},\"mb_per_cpu_s\":{:.1f},\"findings\":{}}}\n",
             static_cast<double>(large.size()) / 1e6, static_cast<double>(large.size()) / 1e6 / s,
             matches->size());

  auto map = std::make_shared<PseudonymMap>();
  Masker masker(detector, *map, {});
  auto masked = masker.text(text);
  start = Steady::now();
  constexpr int rounds = 200;
  std::size_t tokens = 0;
  for (int i = 0; i < rounds; ++i) {
    TextRestorer restorer(map, Writing::plain);
    for (std::size_t at = 0; at < masked->size(); at += 4, ++tokens)
      (void)restorer.feed(std::string_view(*masked).substr(at, 4));
    (void)restorer.finish();
  }
  fmt::print("{{\"figure\":\"guard_restore\",\"ns_per_token\":{:.0f}}}\n",
             1e9 * seconds_since(start) / static_cast<double>(tokens));
}

struct Gold {
  std::size_t start, end;
  std::string type, label;
};

// Characters of any of the types, so that "who wrote the label" matters less than what stays readable.
class Score {
 public:
  explicit Score(std::string name) : name_(std::move(name)) {}
  void add(const std::string& text, const std::vector<Gold>& gold, const std::vector<Match>& found,
           std::ostream* errors) {
    std::set<std::size_t> is, was;
    auto words = [&](std::size_t from, std::size_t to, std::set<std::size_t>& into) {
      for (auto [start, end] : tokens_)
        if (start < to && from < end) into.insert(start);
    };
    tokenise(text);
    for (const auto& g : gold) words(g.start, g.end, is);
    for (const auto& m : found) words(m.first, m.last, was);
    for (auto w : was) is.contains(w) ? ++true_ : ++wrong_;
    for (auto w : is) missed_ += !was.contains(w);
    for (const auto& g : gold) {
      bool exact = false, touched = false;
      for (const auto& m : found) {
        bool same = type_name(m.type) == g.type;
        exact = exact || (same && m.first == g.start && m.last == g.end);
        touched = touched || (same && m.first < g.end && g.start < m.last);
      }
      auto& row = types_[g.type];
      ++row.gold;
      row.exact += exact;
      row.touched += touched;
      if (errors && !touched)
        *errors << "MISS " << g.type << " [" << cut(text, g.start, g.end) << "] in " << text << "\n";
    }
    for (const auto& m : found) {
      bool right = false;
      for (const auto& g : gold)
        right = right || (type_name(m.type) == g.type && m.first < g.end && g.start < m.last);
      ++types_[std::string(type_name(m.type))].found;
      types_[std::string(type_name(m.type))].right += right;
      if (errors && !right)
        *errors << "WRONG " << type_name(m.type) << " " << m.rule << " [" << cut(text, m.first, m.last)
                << "]\n";
    }
  }
  void print() const {
    auto f1 = [](double t, double w, double m) { return t == 0 ? 0 : 2 * t / (2 * t + w + m); };
    fmt::print("{{\"figure\":\"guard_{}\",\"token_f1\":{:.3f},\"precision\":{:.3f},\"recall\":{:.3f}}}\n",
               name_, f1(true_, wrong_, missed_), true_ / std::max(1.0, true_ + wrong_),
               true_ / std::max(1.0, true_ + missed_));
    for (const auto& [type, row] : types_)
      fmt::print(
          "{{\"figure\":\"guard_{}_{}\",\"gold\":{},\"touched\":{},\"exact\":{},\"found\":{},\"right\":{}}}"
          "\n",
          name_, type, row.gold, row.touched, row.exact, row.found, row.right);
  }

 private:
  struct Row {
    int gold = 0, exact = 0, touched = 0, found = 0, right = 0;
  };
  static std::string cut(const std::string& text, std::size_t from, std::size_t to) {
    auto a = byte_of_code_point(text, from), b = byte_of_code_point(text, to);
    return text.substr(a, b - a);
  }
  void tokenise(const std::string& text) {
    tokens_.clear();
    std::size_t point = 0, start = 0;
    bool inside = false;
    for (char c : text) {
      if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;
      bool blank = c == ' ' || c == '\n' || c == ',' || c == '.' || c == '\t';
      if (!blank && !inside) start = point;
      if (blank && inside) tokens_.emplace_back(start, point);
      inside = !blank;
      ++point;
    }
    if (inside) tokens_.emplace_back(start, point);
  }
  std::string name_;
  std::vector<std::pair<std::size_t, std::size_t>> tokens_;
  double true_ = 0, wrong_ = 0, missed_ = 0;
  std::map<std::string, Row> types_;
};

std::vector<Match> of_types(const std::vector<Match>& all, const std::set<std::string>& types) {
  std::vector<Match> out;
  for (const auto& m : all)
    if (types.contains(std::string(type_name(m.type)))) out.push_back(m);
  return out;
}

void english(const Detector& detector, std::ostream* errors) {
  std::ifstream file(data_folder() + "presidio_synth_en_dev.json");
  if (!file) return;
  const std::map<std::string, std::string> types{{"PERSON", "person"},
                                                 {"STREET_ADDRESS", "address"},
                                                 {"GPE", "location"},
                                                 {"ORGANIZATION", "organisation"},
                                                 {"CREDIT_CARD", "card"},
                                                 {"PHONE_NUMBER", "phone"},
                                                 {"EMAIL_ADDRESS", "email"},
                                                 {"IBAN_CODE", "iban"},
                                                 {"IP_ADDRESS", "ip"},
                                                 {"US_SSN", "national_id"},
                                                 {"US_DRIVER_LICENSE", "national_id"}};
  Score score("presidio_en"), direct("presidio_en_direct");
  for (const auto& row : nlohmann::json::parse(file)) {
    auto text = row["full_text"].get<std::string>();
    std::vector<Gold> gold, personal;
    for (const auto& span : row["spans"]) {
      auto type = types.find(span["entity_type"].get<std::string>());
      if (type == types.end()) continue;
      gold.push_back({span["start_position"], span["end_position"], type->second, type->first});
      if (type->second != "location" && type->second != "organisation") personal.push_back(gold.back());
    }
    auto found = detector.find(text);
    std::set<std::string> wanted;
    for (const auto& [from, to] : types) wanted.insert(to);
    score.add(text, gold, of_types(*found, wanted), errors);
    wanted.erase("location");
    wanted.erase("organisation");
    direct.add(text, personal, of_types(*found, wanted), nullptr);
  }
  score.print();
  direct.print();
}

void french(const Detector& detector, std::ostream* errors) {
  std::ifstream file(data_folder() + "fenec_fr_dev.jsonl");
  if (!file) return;
  Score score("fenec_fr"), persons("fenec_fr_persons");
  for (std::string line; std::getline(file, line);) {
    auto row = nlohmann::json::parse(line);
    auto text = row["text"].get<std::string>();
    std::vector<Gold> gold, people;
    for (const auto& span : row["spans"]) {
      auto label = span["label"].get<std::string>();
      std::string type = label == "pers.ind"            ? "person"
                         : label.starts_with("loc.adm") ? "location"
                         : label.starts_with("org.")    ? "organisation"
                                                        : "";
      if (label == "loc.add.phys") type = "address";
      if (type.empty()) continue;
      gold.push_back({span["start"], span["end"], type, label});
      if (type == "person") people.push_back(gold.back());
    }
    auto found = detector.find(text);
    score.add(text, gold, of_types(*found, {"person", "location", "organisation", "address"}), errors);
    persons.add(text, people, of_types(*found, {"person"}), nullptr);
  }
  score.print();
  persons.print();
}

}  // namespace
}  // namespace bastide::guard

int main(int argc, char** argv) {
  std::optional<std::ofstream> errors;
  if (argc == 3 && std::string_view(argv[1]) == "--errors") errors.emplace(argv[2]);
  bastide::guard::Detector detector;
  bastide::guard::speed(detector);
  bastide::guard::inspect_all(detector);
  bastide::guard::english(detector, errors ? &*errors : nullptr);
  bastide::guard::french(detector, errors ? &*errors : nullptr);
}
