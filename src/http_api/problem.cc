#include "http_api/problem.h"

#include <algorithm>

#include "base/json.h"

namespace bastide::http_api {
namespace {

struct French {
  std::string_view key;  // a detail, else a code
  std::string_view message;
  std::string_view action;
};

// By detail where there is one, else by code. English sentences come with the errors themselves.
constexpr French french[] = {
    // knowledge
    {"password_protected", "Ce fichier est protégé par un mot de passe.",
     "Déposez une version sans protection."},
    {"corrupt", "Ce fichier est endommagé et ne peut pas être lu.",
     "Ouvrez-le et enregistrez-le de nouveau, puis déposez-le."},
    {"zip_bomb", "Ce fichier se déplie au-delà de toute limite ; il n’a pas été ouvert.",
     "Déposez les documents qu’il contient un par un."},
    {"type_mismatch", "Le contenu du fichier n’est pas du type que son nom annonce.",
     "Renommez-le, ou exportez-le de nouveau."},
    {"unsupported_type", "Ce type de fichier n’est pas lu.",
     "Convertissez-le en PDF, DOCX, PPTX, XLSX, HTML, Markdown ou texte."},
    {"empty_document", "Ce fichier ne contient aucun texte.", "Vérifiez que c’est le bon fichier."},
    {"no_text", "Ce PDF ne contient que des images : il n’a pas de texte à chercher.",
     "Déposez une version dont le texte a été reconnu."},
    {"timeout", "La lecture de ce fichier a pris trop de temps.", "Divisez-le en fichiers plus petits."},
    {"out_of_memory", "La lecture de ce fichier demande trop de mémoire.",
     "Divisez-le en fichiers plus petits."},
    {"parser_crashed", "Ce fichier a fait échouer le lecteur ; rien d’autre n’a été touché.",
     "Exportez-le de nouveau, ou dans un autre format."},
    {"no_such_collection", "Cette collection n’existe pas, ou elle ne vous est pas ouverte.",
     "Vérifiez l’adresse, ou demandez à son propriétaire de vous l’ouvrir."},
    {"no_such_document", "Ce document n’existe pas, ou il ne vous est pas ouvert.",
     "Vérifiez l’adresse, ou demandez à son propriétaire de vous l’ouvrir."},
    {"read_only", "Vous pouvez lire ceci, mais pas le modifier.",
     "Demandez à son propriétaire ou à l’administration."},
    {"empty_name", "Le nom est vide.", "Donnez un nom."},
    {"name_too_long", "Le nom est trop long.", "Raccourcissez-le."},
    {"too_many_readers", "Les lecteurs sont trop nombreux.", "Réunissez-les en un groupe."},
    {"bad_reader", "Un lecteur n’est ni tout le monde, ni une personne, ni un groupe.",
     "Écrivez une adresse e-mail ou le nom d’un groupe."},
    {"too_many_collections", "Trop de collections à la fois.", "Choisissez-en cent au plus."},
    {"not_ready", "Ce document n’est pas encore prêt à être lu.", "Réessayez dans un instant."},
    {"not_failed", "Ce document n’est pas en échec.", "Attendez qu’il soit prêt."},
    {"passage_gone", "Ce passage n’est plus dans le document.",
     "Ouvrez le document sans lui : une version plus récente l’a remplacé."},
    {"not_a_pdf", "Seules les pages d’un PDF sont dessinées.", "Affichez le texte du document."},
    {"no_such_page", "Ce document n’a pas cette page.", "Demandez une page à partir de 1."},
    {"empty_query", "La question est vide.", "Écrivez une question."},
    {"blob_gone", "Le fichier n’est plus là.", "Déposez-le de nouveau."},
    {"file_gone", "Le fichier n’est plus là.", "Déposez-le de nouveau."},
    {"content_corrupt", "Le texte conservé de ce document est endommagé.", "Déposez-le de nouveau."},
    {"index_block_corrupt", "Une partie de l’index de recherche est endommagée.",
     "Déposez le document de nouveau."},
    {"refused_call", "En lisant ce fichier, le lecteur a tenté un geste interdit ; il a été arrêté.",
     "Tenez ce fichier pour suspect, ou enregistrez-le de nouveau dans son application."},
    {"sandbox_unavailable", "Cette machine ne peut pas isoler le lecteur de documents.",
     "Demandez à l’administration : « bastide doctor » dit ce qui manque."},
    {"worker_unavailable", "Le lecteur de documents n’a pas pu démarrer.",
     "Réessayez ; si cela dure, « bastide doctor » dit ce qui manque."},
    {"pdf_unavailable", "La partie qui lit les PDF n’est pas installée.",
     "Demandez à l’administration : « bastide doctor » dit ce qui manque."},
    {"upload_too_large", "Ce fichier dépasse la taille permise.",
     "Divisez-le, ou demandez à l’administration de relever la limite."},
    {"no_file", "Aucun fichier n’a été envoyé.", "Envoyez un champ « file » en multipart/form-data."},
    // responses
    {"no_response", "Cette réponse n’existe pas.", ""},
    {"previous_response_not_found",
     "La réponse précédente n’existe pas, ou une de celles qu’elle prolonge a été supprimée.",
     "Envoyez les éléments de la conversation."},
    {"conversation_too_long", "La conversation est devenue trop longue.",
     "Commencez-en une nouvelle avec les éléments qui comptent."},
    {"previous_response_running", "La réponse précédente n’est pas terminée.",
     "Attendez sa fin, ou annulez-la."},
    {"previous_response_in_conversation", "La réponse précédente appartient à une conversation.",
     "Nommez la conversation à sa place."},
    {"duplicate_item", "Un élément de cet identifiant est déjà dans la conversation.", "Retirez-le."},
    {"invalid_items", "« items » doit être une liste d’éléments.", ""},
    {"invalid_store", "Une conversation garde ce qui s’y dit : « store » ne peut pas être false.",
     "Retirez « store » ou « conversation »."},
    {"nothing_is_kept", "Les conversations et les réponses ne sont pas conservées ici.",
     "Envoyez toute la conversation à chaque appel."},
    {"too_many_in_background", "Trop de réponses s’écrivent ou attendent en arrière-plan.",
     "Attendez que certaines se terminent, ou annulez-en."},
    {"not_in_background", "Seule une réponse en arrière-plan peut être annulée.",
     "Fermez la connexion pour arrêter une réponse que vous attendez."},
    {"not_streamed", "Aucun événement de cette réponse n’est conservé.",
     "Demandez-la avec background et stream pour la suivre."},
    {"no_person", "Ce compte n’existe plus.", ""},
    {"invalid_n", "« n » doit être un nombre de 1 à 16, et 1 là où une seule réponse est gardée.",
     "Redemandez pour une autre réponse."},
    {"invalid_after", "« after » ne désigne aucun élément de cette réponse.", ""},
    // files
    {"no_file_of_id", "Ce fichier n’existe pas.", ""},
    {"too_many_files", "Vous gardez déjà trop de fichiers.",
     "Supprimez ceux qui ne servent plus, ou laissez-les expirer."},
    {"file_too_long", "Un fichier est trop long pour un appel.",
     "Divisez-le, ou déposez-le dans une collection."},
    {"file_damaged", "Ce fichier est endommagé.", "Envoyez-le de nouveau."},
    {"file_too_large", "Ce fichier dépasse la taille permise.", "Divisez-le, ou compressez-le."},
    {"form_too_large", "Les champs du formulaire dépassent 1 Mo.", ""},
    {"form_truncated", "Le formulaire s’arrête avant sa fin.", "Envoyez-le de nouveau."},
    {"not_multipart", "Le corps doit être du multipart/form-data.",
     "Envoyez le fichier dans un formulaire, comme le font les SDK officiels."},
    {"invalid_file_id", "Aucun fichier n’a cet identifiant.",
     "Envoyez d’abord le fichier à /v1/files, avec une clé de la même personne."},
    {"invalid_file", "Un seul fichier est attendu, dans le champ « file ».", ""},
    {"invalid_purpose",
     "« purpose » doit être assistants, batch, evals, fine-tune, ocr, user_data ou vision.", ""},
    {"invalid_expires_after", "« expires_after » veut l’ancre created_at et de 3600 à 2592000 secondes.", ""},
    {"invalid_order", "« order » doit être asc ou desc.", ""},
    // batches
    {"no_item", "Cet élément n’existe dans aucune des réponses conservées.",
     "Les éléments sont conservés avec leur réponse, si elle l’est. Envoyez l’élément lui-même."},
    {"no_notice", "Cet avis n’existe pas.", ""},
    {"no_batch", "Ce lot n’existe pas.", ""},
    {"too_many_batches", "Trop de vos lots sont en cours ou attendent.",
     "Attendez que certains se terminent, ou annulez-en."},
    {"batch_ended", "Ce lot est déjà terminé.", ""},
    {"batch_running", "Ce lot n’est pas terminé.", "Annulez-le d’abord."},
    {"invalid_input_file_id", "Ce fichier n’a pas été envoyé avec « purpose » batch.",
     "Envoyez-le de nouveau ainsi."},
    {"invalid_endpoint",
     "« endpoint » doit être /v1/chat/completions, /v1/embeddings, /v1/moderations ou /v1/responses.", ""},
    {"invalid_completion_window", "« completion_window » doit être 24h.", ""},
    {"invalid_metadata",
     "« metadata » doit être au plus 16 textes de 512 octets, sous des noms de 64 au plus.", ""},
    {"invalid_output_expires_after",
     "« output_expires_after » veut l’ancre created_at et de 3600 à 2592000 secondes.", ""},
    {"invalid_job_endpoint", "« endpoint » n’est pas une adresse dont les tâches par lots soient prises.",
     ""},
    {"invalid_timeout_hours", "« timeout_hours » doit être un nombre de 1 à 168.", ""},
    {"invalid_input_files", "« input_files » doit être une liste d’un seul identifiant de fichier.",
     "Laissez une tâche par fichier."},
    {"invalid_requests", "Une demande du lot n’est pas valable ; rien n’a été lancé.", ""},
    {"no_answer", "L’appel s’est terminé sans réponse.", "Redemandez."},
    {"input_file_gone", "Le fichier d’entrée n’est plus là.", ""},
    {"input_too_large", "Le fichier d’entrée dépasse 200 Mo.", "Divisez-le en plusieurs lots."},
    {"empty_file", "Le fichier d’entrée ne contient aucune demande.", ""},
    {"too_many_tasks", "Un lot a au plus 50 000 demandes.", ""},
    {"line_too_long", "Cette ligne est trop longue.", ""},
    {"invalid_json_line", "Cette ligne n’est pas du JSON valable.", ""},
    {"missing_required_parameter", "Il manque un champ à cette ligne, ou il est d’un autre type.", ""},
    {"invalid_custom_id", "« custom_id » dépasse 512 octets.", ""},
    {"duplicate_custom_id", "Ce custom_id est déjà celui d’une autre ligne.", ""},
    {"invalid_method", "« method » doit être POST.", ""},
    {"url_mismatch", "« url » n’est pas l’adresse du lot.", ""},
    {"batch_streams", "Les lignes d’un lot reçoivent une réponse entière, sans flux ni arrière-plan.", ""},
    // chat
    {"no_conversation", "Cette conversation n’existe pas.", ""},
    {"idempotency_key_reused", "Cette Idempotency-Key a déjà servi pour une autre demande.",
     "Prenez une nouvelle clé pour chaque question."},
    {"no_message", "Ce message n’existe pas dans cette conversation.", ""},
    {"no_stream", "Cette réponse n’existe pas ou est terminée.", ""},
    {"empty_message", "Le message est vide.", ""},
    {"message_too_long", "Le message dépasse 1 Mo.",
     "Mettez le texte dans un fichier et ajoutez-le à une collection."},
    {"answer_running", "Cette réponse est encore en cours.", "Arrêtez-la d’abord."},
    {"too_many_answers", "Seize de vos réponses sont encore en cours.",
     "Attendez la fin de l’une d’elles, ou arrêtez-en une."},
    {"server_restarted", "Le serveur a redémarré pendant cette réponse. Ce qui est écrit est gardé.",
     "Continuez la réponse, ou posez de nouveau la question."},
    // models
    {"worker_died", "Le modèle s’est arrêté ; il redémarre.", "Réessayez dans un instant."},
    {"restarting", "Le modèle redémarre.", "Réessayez dans un instant."},
    {"missing", "Ce modèle n’est pas sur cette machine.", "Installez-le : bastide model pull."},
    {"corrupt_file", "Le fichier de ce modèle est endommagé ou incomplet.",
     "Installez-le de nouveau : bastide model pull."},
    {"draft_vocabulary", "Le modèle d’ébauche a un autre vocabulaire que le modèle pour lequel il devine.",
     "Choisissez comme ébauche un modèle plus petit de la même famille."},
    {"not_enough_memory", "La mémoire libre ne suffit pas pour ce modèle.",
     "Fermez d’autres programmes, ou choisissez un modèle plus petit."},
    {"load_failed", "Ce modèle n’a pas pu être chargé.", "Installez-le de nouveau : bastide model pull."},
    {"image_by_address", "Un modèle local lit les images jointes, pas celles d’une adresse.",
     "Envoyez l’image elle-même : « data:image/png;base64,... »."},
    {"image_failed", "Le modèle n’a pas pu regarder une image.",
     "Réessayez, ou envoyez-la dans une autre taille."},
    {"truncated", "Le fournisseur a coupé sa réponse avant la fin. Ce qui est écrit est gardé.",
     "Réessayez."},
    {"connect_refused", "Le serveur du fournisseur ne répond pas.",
     "Réessayez, ou choisissez un autre modèle."},
    {"connect_failed", "Le serveur du fournisseur ne répond pas.",
     "Réessayez, ou choisissez un autre modèle."},
    {"dns", "L’adresse du fournisseur est introuvable.", "Vérifiez base_url dans la configuration."},
    {"tls", "La connexion chiffrée au fournisseur a échoué.", "Vérifiez son certificat."},
    {"reset", "Le fournisseur a fermé la connexion.", "Réessayez."},
    {"first_byte", "Le fournisseur n’a pas répondu à temps.", "Réessayez, ou choisissez un autre modèle."},
    {"idle", "Le fournisseur a cessé de répondre. Ce qui est écrit est gardé.", "Réessayez."},
    {"context_too_long", "La question est trop longue pour ce modèle.",
     "Raccourcissez-la, ou choisissez un modèle qui lit davantage."},
    {"unknown_state", "L’état de ce modèle ne peut pas être gardé.", ""},
    {"damaged_state", "Un état gardé est abîmé.", ""},
    {"provider_busy", "Le fournisseur reçoit trop de demandes en ce moment.", "Réessayez plus tard."},
    {"person_queue_full", "Trop de vos questions attendent déjà ce modèle.",
     "Attendez que certaines aient leur réponse."},
    {"queue_full", "Trop de demandes attendent ce modèle.", "Réessayez plus tard."},
    {"queue_timeout", "Ce modèle n’a pas eu de place à temps.", "Réessayez plus tard."},
    {"key_over", "La clé de cet appel n’est plus valable.", "Prenez une autre clé."},
    {"provider_key", "Le fournisseur refuse notre clé.",
     "Demandez à l’administration de vérifier la clé du fournisseur."},
    {"no_model", "Aucun modèle ne peut faire cela.",
     "L’administration peut en ajouter un : bastide model pull NOM, ou un fournisseur dans bastide.toml."},
    {"admins_only", "Seule l’administration voit et récupère les modèles.", "Demandez à l’administration."},
    {"pull_running", "Ce modèle est en train d’être récupéré.", "Attendez qu’il soit là."},
    {"too_many_pulls", "Deux modèles sont déjà en train d’être récupérés.",
     "Attendez que l’un d’eux soit là."},
    {"pull_died", "Le processus qui récupérait ce modèle s’est arrêté.",
     "Réessayez ; voyez le journal et la mémoire du serveur."},
    {"no_pull", "Ce modèle n’est pas en train d’être récupéré.", "Il n’y a plus rien à faire."},
    {"no_process", "Un processus n’a pas pu démarrer.",
     "Vérifiez les limites de processus et de mémoire du serveur."},
    {"wrong_hash", "Ce qui est arrivé n’est pas ce qui était promis : l’empreinte diffère.",
     "Réessayez. Si cela se répète, la source a changé : ne l’utilisez pas."},
    {"package_client", "Le paquet qui contient ce modèle n’a pas pu être récupéré.",
     "Vérifiez que pip atteint un index de paquets (pip config list), puis réessayez."},
    {"no_pip", "Python avec pip est nécessaire pour récupérer ce modèle.",
     "Installez python3-venv, ou réglez BASTIDE_PYTHON."},
    {"gated", "La source demande un compte qui a accepté la licence de ce modèle.",
     "Acceptez-la là-bas, puis réglez HF_TOKEN."},
    {"server", "La source a répondu par une erreur.", "Réessayez plus tard, ou ajoutez une autre source."},
    {"redirection", "La source renvoie vers une adresse qui n’est pas suivie.",
     "Vérifiez l’adresse de la source."},
    {"range", "La source n’a pas envoyé la suite demandée.", "Réessayez."},
    {"changed", "Le fichier a changé à la source pendant qu’il arrivait.", "Réessayez."},
    {"damaged_archive", "Le paquet est endommagé, ou ne contient pas ce modèle.", "Réessayez."},
    {"projector_alone", "Ce fichier (mmproj) est la part d’un modèle qui lit les images, pas un modèle.",
     "Importez le modèle avec lui : bastide model import MODÈLE --vision FICHIER"},
    {"no_projector", "Ce fichier n’est pas la part d’un modèle qui lit les images.",
     "Donnez le second fichier publié avec le modèle : son nom contient « mmproj »."},
    {"no_secret", "Un secret de cette source n’est pas réglé.",
     "Donnez-le par la variable d’environnement ou le fichier que catalogue.json nomme."},
    {"bad_catalogue", "La liste catalogue.json, à côté des modèles, est fausse.",
     "Corrigez-la ; docs/inference.md en donne la forme."},
    {"unknown_model", "Ce modèle n’existe pas.", "Choisissez-en un de la liste."},
    {"no_tag", "Aucun modèle ne porte cette étiquette.",
     "Choisissez un modèle, ou une étiquette de la configuration."},
    {"no_capability", "Ce modèle ne sait pas faire cela.", "Choisissez-en un autre."},
    {"adapter_failed", "Cet adaptateur ne va pas avec ce modèle.",
     "Installez-le de nouveau pour le modèle dont il vient."},
    {"no_infill", "Ce modèle ne sait pas compléter un texte en son milieu.", "Choisissez un modèle de code."},
    {"cut_short", "Le fichier de ce modèle est incomplet.", "Installez-le de nouveau : bastide model pull."},
    {"load_timeout", "Ce modèle met trop de temps à se charger.",
     "Faites vérifier le disque et la mémoire du serveur."},
    {"unknown_image", "Cette image n’est ni en PNG, ni en JPEG, ni en WebP.",
     "Enregistrez-la dans l’un de ces formats."},
    {"damaged_image", "Cette image est endommagée et ne peut pas être lue.",
     "Ouvrez-la et enregistrez-la de nouveau."},
    {"image_too_large", "Cette image est trop grande.",
     "Réduisez-la : 16 384 pixels de côté, 40 millions en tout et 32 Mo au plus."},
    {"decode_failed", "Le modèle n’a pas pu calculer la réponse.", "Réessayez."},
    {"grammar_dead_end", "La grammaire ne laisse rien à dire au modèle.",
     "Vérifiez la grammaire ou le schéma."},
    {"provider_failed", "Le fournisseur a échoué au milieu de sa réponse. Ce qui est écrit est gardé.",
     "Réessayez."},
    {"wrong_content_type", "Le fournisseur a envoyé une page au lieu d’une réponse.",
     "Demandez à l’administration de vérifier base_url."},
    {"invalid_json", "Le fournisseur a envoyé autre chose qu’une réponse.",
     "Demandez à l’administration de vérifier son adresse et son dialecte."},
    {"answer_too_long", "La réponse dépassait 4 Mo ; elle a été arrêtée.", ""},
    // policy, guard
    {"label_not_allowed", "Non envoyé : la règle l’interdit. Rien n’a été transmis.",
     "Choisissez un modèle permis pour cette étiquette."},
    {"unknown_label", "Cette étiquette n’existe pas.", ""},
    {"secret_outside", "Non envoyé : la question contient un secret, qui ne doit pas sortir des murs.",
     "Retirez le secret, ou choisissez un modèle dans les murs."},
    {"guard_blocked", "La question a été refusée par une règle du garde.",
     "Retirez ce que la règle nomme, ou demandez à l’administration de revoir la règle."},
    {"not_pseudonymised", "Non envoyé : la question n’a pas été préparée à sortir des murs.", ""},
    {"too_many_pseudonyms",
     "Cette conversation contient plus de données personnelles qu’il ne peut en être masqué.",
     "Commencez une autre conversation, ou choisissez un modèle dans les murs."},
    {"pseudonyms_damaged", "Les noms d’emprunt de cette conversation sont endommagés.",
     "Commencez une autre conversation."},
    {"pseudonyms_changed", "Les noms d’emprunt de cette conversation ont changé entre-temps.", "Réessayez."},
    {"too_deep", "Un message est trop profondément imbriqué pour être contrôlé.", ""},
    {"usage_full", "Ce qui est dépensé ne peut pas être noté en ce moment : rien n’est donc dépensé.",
     "Réessayez dans un instant ; si cela dure, prévenez l’administration."},
    {"usage_span", "Ces jours ne se lisent pas.",
     "Donnez le premier et le dernier comme 2026-11-22, à 400 jours l’un de l’autre au plus."},
    {"usage_by", "L’usage n’est pas compté ainsi.",
     "Choisissez organisation, person, group, key, assistant ou model."},
    {"reservations_full", "Trop de questions sont en cours.", "Réessayez dans un instant."},
    {"unknown_exchange", "Cet échange n’existe pas.", "Vérifiez l’adresse."},
    {"receipt_erased", "Ce reçu a été effacé. Son empreinte est encore au journal.", ""},
    {"receipt_damaged", "Ce reçu est endommagé.",
     "Prévenez l’administration : « bastide audit verify » dira ce qui a changé."},
    {"payload_too_large", "Ce qui devait être consigné est trop grand.", ""},
    // identity
    {"csrf", "La session a changé. Rien n’a été fait.", "Rechargez la page."},
    {"key_scope", "Cette clé n’a pas ce droit.", "Créez une clé avec le droit nécessaire."},
    {"key_assistant", "Cette clé ne peut interroger que son propre assistant.",
     "Nommez l’assistant pour lequel la clé a été créée."},
    {"key_model", "Cette clé ne peut pas appeler ce modèle.",
     "Choisissez un modèle que la clé permet, ou créez une clé pour celui-ci."},
    {"key_expiry", "L’échéance de la clé est passée ou n’est pas une date.",
     "Donnez une date à venir : 2027-01-31."},
    {"key_settings", "Un réglage de la clé n’est pas valable.",
     "Donnez des noms simples d’au plus 100 caractères, et au plus 100 modèles."},
    {"key_overlap", "L’ancien secret peut rester valable 90 jours au plus.", "Donnez une durée plus courte."},
    {"address_range", "Une plage d’adresses n’est pas valable, ou elles sont trop nombreuses.",
     "Écrivez-les ainsi : 192.0.2.0/24 ou 2001:db8::/32, et au plus 100."},
    {"key_address", "Cette clé ne peut pas servir depuis cette adresse.",
     "Utilisez-la depuis le réseau pour lequel elle a été créée."},
    {"admin_only", "Seule l’administration peut supprimer une personne.", ""},
    {"turn_exists", "Cette question a déjà été posée.", ""},
    {"key_destroyed", "Cette personne a été supprimée, et ce qui était à elle a été effacé.", ""},
    {"streams_only", "Le fournisseur ne répond que par flux.", ""},
    {"provider_open", "Le fournisseur ne répond pas en ce moment.", "Réessayez dans un instant."},
    {"ledger_full", "Les dépenses ne peuvent pas être enregistrées en ce moment.",
     "Réessayez dans un instant. Si cela dure, l’administration doit regarder le disque."},
    {"content_encoding", "Le fournisseur a compressé sa réponse, ce qui n’était pas demandé.",
     "Prévenez l’administration."},
    {"pool_full", "Trop de demandes à la fois.", "Réessayez dans un instant."},
    {"bad_credentials", "L’adresse e-mail ou le mot de passe est faux.",
     "Vérifiez les deux ; l’administration peut créer un lien pour un nouveau mot de passe."},
    {"locked", "Trop d’essais.", "Attendez un peu, puis réessayez."},
    {"sign_in_queue", "Trop de personnes se connectent à la fois.", "Réessayez dans un instant."},
    {"bad_link", "Ce lien a servi, a été remplacé ou a expiré.",
     "Demandez-en un autre ; celui du premier administrateur s’affiche à chaque démarrage du serveur."},
    {"no_session", "Vous n’êtes pas connecté.", "Connectez-vous."},
    {"session_expired", "Votre session a expiré.", "Connectez-vous de nouveau."},
    {"bad_key", "Cette clé est inconnue ou révoquée.", "Créez-en une autre dans les réglages."},
    {"disabled", "Ce compte est désactivé.", "Demandez à l’administration de le réactiver."},
    {"role", "Il faut pour cela des droits que vous n’avez pas.", "Demandez à l’administration."},
    {"no_person", "Ceci est réservé aux personnes.", ""},
    {"via_key", "Un mot de passe se change dans une session, pas avec une clé.", ""},
    {"bad_old_password", "Le mot de passe actuel est faux.", "Tapez celui d’aujourd’hui."},
    {"password_short", "Le mot de passe est trop court.",
     "Prenez quelques mots à la suite : ils se retiennent bien."},
    {"password_long", "Le mot de passe est trop long.", "Prenez 1024 octets au plus."},
    {"password_invalid", "Le mot de passe n’est pas de l’UTF-8 valable.", ""},
    {"password_own", "Le mot de passe est fait de votre nom ou de votre adresse.", "Choisissez-en un autre."},
    {"password_common", "Ce mot de passe est parmi les premiers que l’on essaie.",
     "Choisissez quelques mots sans lien entre eux."},
    {"email", "Ce n’est pas une adresse e-mail.", "Écrivez-la comme nom@exemple.fr."},
    {"name_taken", "Ce nom est déjà pris.", "Choisissez-en un autre."},
    {"email_taken", "Un compte a déjà cette adresse e-mail.", "Prenez-en une autre."},
    {"name", "Ce nom ne convient pas.", "Écrivez un nom d’une ligne, avec des lettres."},
    {"language", "Cette langue n’est pas disponible.", "Choisissez fr ou en."},
    {"people_exist", "Le premier administrateur existe déjà.", "Connectez-vous."},
    {"last_admin", "C’est le dernier administrateur.", "Nommez-en d’abord un autre."},
    {"unknown_reader", "Un nom n’est ni une personne ni un groupe d’ici.",
     "Vérifiez l’adresse ou le nom du groupe."},
    {"cycle", "Le groupe se contiendrait lui-même.", "Retirez le groupe qui le contient."},
    {"too_many_keys", "Vous avez trop de clés.", "Révoquez celle qui ne sert plus."},
    {"scopes", "Les droits de la clé ne sont pas des mots.",
     "Prenez au plus 32 mots de a-z, 0-9, _ : . et -."},
    {"scoped_key", "Une clé aux droits limités ne peut pas en créer d’autres.", ""},
    {"read_pool_full", "Trop de demandes à la fois.", "Réessayez dans un instant."},
    {"write_queue_full", "Trop de changements attendent d’être gardés.", "Réessayez dans un instant."},
    // http
    {"json_malformed", "Le corps n’est pas un objet JSON valable.", ""},
    {"json_too_deep", "Le JSON est trop profondément imbriqué.", ""},
    {"wrong_field", "Un champ n’a pas la forme attendue.", ""},
    {"no_route", "Cette adresse n’existe pas.", ""},
    {"method", "Cette adresse n’accepte pas cette méthode.", ""},
    {"multipart_malformed", "L’envoi du fichier est mal formé ou a été coupé.", "Envoyez-le de nouveau."},
    // codes
    {"invalid", "La demande est mal formée.", ""},
    {"unauthenticated", "Vous n’êtes pas connecté.", "Connectez-vous."},
    {"forbidden", "Vous n’avez pas le droit de faire cela.", ""},
    {"not_found", "Cela n’existe pas.", ""},
    {"conflict", "Cela existe déjà ou a changé entre-temps.", "Rechargez, puis réessayez."},
    {"too_large", "C’est trop grand.", ""},
    {"unsupported", "Ce type n’est pas pris en charge.", ""},
    {"refused_by_policy", "Non envoyé : la règle l’interdit. Rien n’a été transmis.",
     "Choisissez un modèle permis pour cette étiquette."},
    {"budget_exhausted", "Le budget de la période est épuisé.", "Demandez à l’administration de le relever."},
    {"rate_limited", "Trop de demandes en peu de temps.", "Réessayez dans un instant."},
    {"cancelled", "La demande a été arrêtée.", ""},
    {"overloaded", "Le serveur est trop occupé.", "Réessayez dans un instant."},
    {"unavailable", "Ce service n’est pas disponible en ce moment.", "Réessayez dans un instant."},
    {"upstream", "Le fournisseur a renvoyé une erreur.", "Réessayez, ou choisissez un autre modèle."},
    {"storage_full", "Le disque est plein : rien n’a été perdu, mais rien de nouveau ne peut être gardé.",
     "Demandez à l’administration de libérer de la place."},
    {"internal", "Une erreur interne s’est produite ; elle est notée.",
     "Réessayez ; si cela recommence, prévenez l’administration."},
};

const French* find_french(std::string_view key) {
  const auto* found = std::ranges::find(french, key, &French::key);
  return found == std::end(french) ? nullptr : found;
}

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
  const auto* row = error.detail.empty() ? nullptr : find_french(error.detail);
  if (!row) row = find_french(code_name(error.code));
  if (!row) return error;
  Error out = error;
  out.message = row->message;
  out.action = row->action;
  return out;
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
