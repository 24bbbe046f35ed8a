#include "http_api/problem.h"

#include <algorithm>

#include "base/json.h"
#include "http_api/french.h"

namespace bastide::http_api {
namespace {

struct Title {
  std::string_view detail;
  std::string_view fr;
  std::string_view en;
};

// Details that deserve a title of their own: a document's fate is read in a list.
constexpr Title titles[] = {
    {"password_protected", "Protégé par un mot de passe", "Password-protected"},
    {"corrupt", "Fichier endommagé", "Damaged file"},
    {"zip_bomb", "Archive refusée", "Archive refused"},
    {"type_mismatch", "Type trompeur", "Misleading type"},
    {"unsupported_type", "Type non lu", "Type not read"},
    {"empty_document", "Fichier vide", "Empty file"},
    {"no_text", "Images sans texte", "Images without text"},
    {"timeout", "Lecture trop longue", "Took too long to read"},
    {"out_of_memory", "Fichier trop lourd à lire", "Too heavy to read"},
    {"parser_crashed", "Lecture impossible", "Could not be read"},
    {"server_restarted", "Réponse interrompue", "Answer interrupted"},
};

std::string_view title_of(Code code, bool in_french) {
  switch (code) {
    case Code::refused_by_policy:
      return in_french ? "Non envoyé : la règle l’interdit" : "Not sent: the rule forbids it";
    case Code::unauthenticated:
      return in_french ? "Connexion nécessaire" : "Sign-in needed";
    case Code::forbidden:
      return in_french ? "Non permis" : "Not allowed";
    case Code::not_found:
      return in_french ? "Introuvable" : "Not found";
    case Code::rate_limited:
      return in_french ? "Trop de demandes" : "Too many requests";
    case Code::budget_exhausted:
      return in_french ? "Budget épuisé" : "Budget used up";
    case Code::too_large:
      return in_french ? "Trop grand" : "Too large";
    case Code::storage_full:
      return in_french ? "Disque plein" : "Disk full";
    case Code::upstream:
    case Code::timeout:
      return in_french ? "Le modèle n’a pas répondu" : "The model did not answer";
    case Code::overloaded:
    case Code::unavailable:
      return in_french ? "Indisponible pour l’instant" : "Not available just now";
    case Code::internal:
      return in_french ? "Erreur interne" : "Internal error";
    default:
      return in_french ? "Demande refusée" : "Request refused";
  }
}
}  // namespace

std::string retry_after(const Error& error) {
  constexpr auto seconds_otherwise = 5;
  return std::to_string(error.retry_after_s > 0 ? error.retry_after_s : seconds_otherwise);
}

Error in_language(const Error& error, std::string_view language) {
  if (language != "fr") return error;
  auto told = in_french(error);
  if (!told) return error;
  Error out = error;
  out.message = std::move(told->message);
  out.action = std::move(told->action);
  return out;
}

std::string state_text(const policy::ModelCard& model, std::string_view language) {
  if (!model.state_error) return model.state_detail;
  const auto error = in_language(*model.state_error, language);
  return error.action.empty() ? error.message : error.message + " " + error.action;
}

namespace {
std::string_view title_of(const Error& error, bool in_french) {
  const auto* own = std::ranges::find(titles, error.detail, &Title::detail);
  if (own != std::end(titles)) return in_french ? own->fr : own->en;
  return title_of(error.code, in_french);
}
}  // namespace

std::string problem_json(const Error& error, std::string_view language, std::string_view extra) {
  auto told = in_language(error, language);
  JsonWriter json;
  json.object()
      .field("type", "about:blank")
      .field("status", http_status(error.code))
      .field("code", code_name(error.code))
      .field("detail_code", error.detail)
      .field("title", title_of(error, language == "fr"))
      .field("detail", told.message)
      .field("action", told.action);
  if (!extra.empty()) json.fields(extra);
  return json.end().take();
}

}  // namespace bastide::http_api
