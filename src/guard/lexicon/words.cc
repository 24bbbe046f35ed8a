// Words that tell what stands beside them, in French and English.
#include "guard/lexicon/lists.h"

namespace bastide::guard::lists {

const std::string_view titles_m = "m mr mister monsieur sir lord messieurs herr senor signor mm";
const std::string_view titles_f =
    "mme mmes mlle mlles madame mademoiselle mesdames mrs ms miss lady frau senora signora";
const std::string_view titles_any =
    "dr dre drs docteur doctor pr prof professeur professor me maitre mx judge senator captain capitaine "
    "colonel general lieutenant sergent "
    "sergeant pere soeur rev reverend commandant";

// What follows a title without being a name.
const std::string_view roles =
    "le la les l' maire presidente president directeur directrice ministre prefet prefete juge depute "
    "deputee senateur senatrice "
    "procureur recteur rectrice premier premiere prime minister mayor chair chairman chairwoman chairperson "
    "speaker secretary secretaire "
    "ambassadeur ambassador commissaire inspecteur inspectrice chef cheffe responsable proviseur principal "
    "vice-president general "
    "manager director officer conseiller conseillere adjoint adjointe avocat avocate et and ou or";

const std::string_view particles =
    "de du des d da di del della dos van von der den le la ben bin el al ibn ter ten af zu y e st saint";

// Capitalised by their place in a sentence or as a matter of form, and never a name by themselves.
const std::string_view common_words =
    "a about above access accord account accounts action active add added address adresse after afin agence "
    "ai aide aider ainsi all "
    "allez alors also although am amount an analyse and annee annexe another answer any api app appel apres "
    "are article as ask assistance assurance at "
    "attention au aucun aucune aujourd'hui aussi autre autres aux avant avec avez avoir avons based be "
    "because been before being below "
    "best between bien bienvenue bill board body bon bonjour bonne bonsoir book both budget bureau business "
    "but buy by ca call called "
    "can cannot capital car card cas ce ceci cela celle celui center central centre certains ces cet cette "
    "chacun chaque change chapitre "
    "check cher chere chers chez choose chose ci city class click client clients close code colleagues "
    "collegue combien come comite comme "
    "comment commission common communaute commune company compte compute conclusion conditions conseil "
    "contact contrat contract copy "
    "corporate cost could council country create credit current customer customers d'abord dans data "
    "database date day days de dear debut "
    "december decembre decision declaration default definition delete demande dependant departement "
    "department depuis dernier des describe "
    "design details deux devant developer development devez did digital direction directive division do "
    "document documents does doing "
    "donc donnees dont down draft droit du durant during each east ecole economie education effect either "
    "elle elles email en encore "
    "end energy engineering ensemble ensuite entreprise entre equipe error es est et etat etats ete etes "
    "etre etude eu euro europe european "
    "eux even event ever every exact example exemple explain explique facture faire fait family faq faut "
    "february federal feel few fichier "
    "field file fin final finally find first five fois following for force form formation found four free "
    "french from front full function "
    "further future general generally get getting give given global go goal good government grand grande "
    "great green groupe group guide "
    "had half hand happy has have having he head health hello help hence her here hers hi high him his "
    "histoire history home hot house "
    "how however human i ici id idea if il ils image immediately important in inc include including indeed "
    "index info information input inside "
    "instead institut international internet into introduction introduire is issue it its itself je jour "
    "journal jours juste justice keep key kind know "
    "knowledge l'annee la labor lac laboratoire language large last later law le lead learn learning least "
    "les lettre lettres let level "
    "leur leurs license life like limited line link lire list liste listen little live local loi long look "
    "looking lors lorsque lot love low lui "
    "ma machine madame main mainly mais maintenant maison major make making malgre man management manager "
    "manual many map march market "
    "marketing master may maybe me mean measure meanwhile meeting member memo merci mes message method might "
    "mine ministere mise mission "
    "mobile mode model module moi moins mois mon monde monsieur month more moreover most mot move much multi "
    "my name nation national nations "
    "ne near need network never new news next ni no nom non none nord normal north nos not note nothing "
    "notice notre nous nouveau "
    "nouvelle nouvelles now number numero objet of off office official often oh ok old on once one online "
    "only open operation option or "
    "orange order ordinateur organisation original other others ou oui our out output over overall own page "
    "paper par parfois parmi part "
    "partie partout party pas passe past pay pendant people per perhaps person personne personnes petit "
    "petite peut phase place plan "
    "platform please plus point police policy politique port post pour pourquoi pouvez premier premiere "
    "prenom presentation press previous "
    "prime print private prix pro probably problem process produit product program programme project projet "
    "protection provide public "
    "puis puisque purchase purpose put qu'il quand quant que quel quelle quelles quelque quels question "
    "questions qui quick quoi quite "
    "quite rapport re read ready real really recent red ref reference region registre reglement regarding "
    "related release remarque "
    "remember report republique request required research reseau resources response ressources result "
    "results resume return revenue "
    "review right risk role room rue run sa safe salut same sans save say schedule science sciences scope "
    "score search second section secteur securite "
    "security see select selon send sensible series serveur server service services ses set settings several "
    "shall share she shift "
    "should show sign simple simply since single site situation six small so social societe software soit "
    "some somebody someone something sometimes "
    "son sont soon source sources sous south special specific staff standard start state statement states "
    "status step still stop store "
    "strategie strategy street strong student students study subject such sud suite suivi support sur sure "
    "sustainable syndicat system systeme ta "
    "table take talk target task tax te team tech technical technology tel tell ten term terms tes test text "
    "texte than thank thanks "
    "that the their them then there therefore these they thing things think third this those though three "
    "through thus time titre title to "
    "today together tome ton too top total tour tous tout toute toutefois toutes toward town track trade "
    "train training travail treat tres trois try tu "
    "turn two type type un under une union unit united universite university until up update upon us use "
    "used user users using usually "
    "value various version very via vice view ville visit voici voir vos votre vous vue wait want war "
    "warning was water way we web website "
    "week weekly welcome well were west what whatever when where whether which while white who whole why "
    "wide will windows with within without "
    "women word work working world would write writing year years yes yet you your yours yourself zone "
    "cordialement sincerement regards "
    "sincerely best salutations bien amicalement cheers directeur directrice president presidente ministre "
    "responsable chef charge "
    "ceo cto cfo coo hr rh pdg dg ok pdf html json xml http https sql iban bic siret siren tva nir svp sas "
    "sarl "
    "lundi mardi mercredi jeudi vendredi samedi dimanche janvier fevrier juin juillet aout septembre octobre "
    "novembre "
    "monday tuesday wednesday thursday friday saturday sunday january july august september october november "
    "english french german spanish italian american british francais francaise anglais anglaise allemand "
    "allemande espagnol "
    "italien europeen europeenne americain americaine chinese japanese russian indian dutch canadian "
    "australian african asian latin greek "
    "christmas noel easter paques internet google microsoft windows linux apple amazon facebook twitter "
    "youtube python java";

const std::string_view months =
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre january february "
    "march april may june july august "
    "september october november december jan feb mar apr jun jul aug sep sept oct nov dec janv fevr avr juil";
const std::string_view weekdays =
    "lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday friday saturday "
    "sunday";

const std::string_view ways_fr =
    "rue avenue av ave boulevard bd bld blvd place pl chemin che impasse imp allee allees all route rte quai "
    "cours square sq passage "
    "sentier faubourg fbg residence res lotissement lot lieu-dit lieudit hameau rond-point esplanade "
    "promenade villa cite montee venelle "
    "voie ruelle traverse clos parvis galerie domaine mail sente coteau cote corniche chaussee zac zone";
const std::string_view ways_en =
    "street st str road rd avenue ave av lane ln drive dr court ct boulevard blvd way place pl square sq "
    "terrace ter terr crescent cres "
    "close gardens gdns grove gr parkway pkwy pky highway hwy row hill mews circle cir trail trl walk alley "
    "plaza loop path turnpike pike "
    "crossing esplanade parade rise quay bypass broadway point run ridge view heights manor commons "
    "expressway freeway";
// Before the name (via, calle) or at its end (-strasse, -gatan): streets elsewhere.
const std::string_view ways_abroad =
    "via viale piazza corso calle avenida rua carrer plaza paseo ul ulica strada largo travessa strasse "
    "platz allee ring gasse weg "
    "utca laan straat plein vej gade gatan vagen katu tie gata veien cesta trg namesti prospekt";
const std::string_view units_en =
    "apt apartment suite ste unit floor fl room rm building bldg apartement appartement appt bat batiment "
    "etage escalier porte lot";

const std::string_view company_forms =
    "sa sas sasu sarl eurl sci snc scop selarl gie gmbh ag kg ohg ug ltd limited llc llp inc incorporated "
    "corp corporation plc bv nv "
    "spa srl sl ab oy oyj asa aps a/s sprl sca pty pvt se kgaa sicav lp co company";
const std::string_view organisation_heads =
    "societe entreprise banque universite ministere hopital clinique mairie association fondation federation "
    "institut lycee college "
    "laboratoire laboratoires cabinet groupe compagnie agence prefecture rectorat tribunal chambre syndicat "
    "mutuelle caisse comite conseil "
    "university bank ministry hospital foundation institute company group agency school club church "
    "restaurant hotel ecole";
const std::string_view organisations =
    "google microsoft amazon facebook meta apple netflix airbus renault peugeot citroen stellantis michelin "
    "danone carrefour auchan leclerc "
    "total totalenergies engie edf sncf ratp bouygues vinci orange sfr thales safran dassault capgemini atos "
    "sopra accenture deloitte kpmg pwc ibm oracle "
    "sap siemens bosch volkswagen bmw mercedes-benz audi toyota honda sony samsung huawei intel nvidia amd "
    "cisco dell hewlett-packard hp xerox "
    "twitter linkedin youtube instagram whatsapp tiktok uber airbnb spotify paypal visa mastercard bnp "
    "natixis axa allianz generali groupama "
    "maif macif lcl hsbc barclays citigroup unesco unicef onu otan nato fbi cia nasa esa cnrs inserm inria "
    "cea afp reuters bbc cnn urssaf "
    "cpam insee cnil anssi openai anthropic mistral huggingface ikea nestle novartis roche sanofi pfizer "
    "bayer basf l'oreal lvmh hermes kering chanel "
    "coca-cola pepsico walmart tesco boeing lockheed ford tesla exxonmobil shell bp";

const std::string_view about_phone =
    "tel telephone telephones phone phones mobile portable fixe fax call appel appeler appelez rappeler "
    "joindre joignable cell cellphone telefon whatsapp sms "
    "standard hotline contact reach text numero ligne dial ring handy office desk answering";
const std::string_view about_card =
    "card carte cb visa mastercard amex credit debit bancaire paiement payment pan discover maestro cards "
    "cartes cc diners jcb";
const std::string_view about_company =
    "siren siret rcs insee company entreprise societe sirene immatriculee immatricule etablissement naf ape";
const std::string_view about_nir =
    "nir secu securite sociale insee ss assure immatriculation vitale nss matricule assuree";
const std::string_view about_birth =
    "ne nee naissance naissances dob born birth birthday birthdate anniversaire naquit geboren geburtsdatum "
    "nes nees ddn";
const std::string_view about_passport = "passeport passport passports passeports";
const std::string_view about_plate =
    "plaque immatriculation immatricule immatriculee vehicule voiture plate licence license registration car "
    "camion moto vehicle "
    "camionnette fourgon plaques";
const std::string_view about_vat = "tva vat intracommunautaire ust-idnr btw iva uid mwst ust ustid";
const std::string_view about_identity =
    "cni identite identity ssn social national nino insurance tax fiscal fiscale nif nie dni pesel bsn cnp "
    "personnummer codice impots impot "
    "licence license driver permis spi steuer-id steuernummer idnr ppsn ppn cpr hetu ahv avs rijksregister "
    "nhs nn";
const std::string_view about_bic = "bic swift";
const std::string_view about_home =
    "habite habitant habitons domicilie domiciliee reside residant residence demeurant demeure domicile vit "
    "lives live living resides located "
    "moved demenage originaire adresse address";
const std::string_view about_secret =
    "key token secret secrets password credential credentials bearer authorization apikey passwd pwd mdp cle "
    "jeton passphrase";

// A name after these is a person's: "mon collegue Untel".
const std::string_view person_nouns =
    "ami amie collegue patron patronne directeur directrice mari femme epouse epoux frere soeur fils fille "
    "pere mere cousin cousine "
    "voisin voisine medecin avocat avocate president presidente ministre senateur senatrice depute deputee "
    "chanteur chanteuse acteur actrice "
    "ecrivain auteur autrice artiste peintre poete philosophe roi reine empereur prince princesse pape "
    "general maire patient patiente client "
    "cliente salarie salariee employe employee candidat candidate eleve etudiant etudiante locataire "
    "proprietaire temoin victime infirmier infirmiere "
    "docteur professeur ingenieur entraineur joueur friend colleague boss manager husband wife brother "
    "sister son daughter father mother "
    "neighbor neighbour doctor lawyer ceo author singer actor actress writer senator minister king queen "
    "prince princess patient client customer "
    "employee candidate student tenant owner witness nurse engineer coach player named nomme nommee prenomme "
    "prenommee denomme appele appelee "
    "signe realisateur realisatrice producteur compositeur romancier historien journaliste ancien";
const std::string_view person_verbs =
    "said says told asked wrote writes lives lived born works worked joined resigned married died speaks "
    "thinks believes replied answered added "
    "explained declared habite travaille declare deplore affirme explique repond raconte ajoute precise "
    "indique souligne estime annonce "
    "confirme pense croit demissionne epouse meurt naquit listed bought sent gave wants needs called likes";
const std::string_view greetings =
    "bonjour bonsoir salut cher chere chers hello hi hey dear coucou thanks merci";
const std::string_view closings =
    "cordialement sincerement amicalement salutations regards sincerely cheers respectfully best bises "
    "signed signature yours";
// Labels of a form, "Nom : ...".
const std::string_view fields =
    "nom prenom prenoms name surname firstname lastname patient patiente contact client cliente salarie "
    "employe candidat interlocuteur "
    "destinataire expediteur beneficiaire titulaire signataire de from to attn cc recipient customer "
    "employee owner assure author auteur "
    "redacteur holder demandeur locataire proprietaire applicant";

// The last word of what introduces a name: "je m'appelle", "my name is", "une personne nommee".
const std::string_view introductions =
    "appelle appelles prenomme nomme nommee named appele appelee is est suis am i'm";
// Words that begin, or end before the number, an address without a street.
const std::string_view post_boxes = "bp psc cmr unit box";

}  // namespace bastide::guard::lists
