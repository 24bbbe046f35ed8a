// What the mock server knows: an organisation, its documents, and answers to a few questions.

export const labels = {
  labels: [
    { id: "public", name_fr: "Public", name_en: "Public", rank: 0 },
    { id: "internal", name_fr: "Interne", name_en: "Internal", rank: 1 },
    { id: "confidential", name_fr: "Confidentiel", name_en: "Confidential", rank: 2 },
    { id: "secret", name_fr: "Secret", name_en: "Secret", rank: 3 },
  ],
  default: "internal",
  walls_only: ["confidential", "secret"],
};

export const models = [
  { id: "small", name: "Ministral 8B", place: { kind: "walls", zone: "walls" }, capabilities: ["chat"], answers_documents: true, labels: ["public", "internal", "confidential", "secret"], state: "ready", state_detail: "", context_tokens: 8192 },
  { id: "tiny", name: "Qwen3 0.6B", place: { kind: "walls", zone: "walls" }, capabilities: ["chat"], answers_documents: false, labels: ["public", "internal", "confidential", "secret"], state: "ready", state_detail: "", context_tokens: 4096 },
  { id: "cloud", name: "Mistral Large", place: { kind: "zone", zone: "eu" }, labels: ["public", "internal"], capabilities: ["chat"], answers_documents: true, state: "ready", state_detail: "", context_tokens: 128000 },
  { id: "far", name: "GPT-5 mini", place: { kind: "outside", zone: "US" }, capabilities: ["chat"], answers_documents: true, state: "ready", state_detail: "", context_tokens: 128000 },
];

const blocks = (parts) => {
  let start = 0;
  return parts.map(([kind, text, extra = {}]) => {
    const block = { kind, level: 0, page: 0, text, start, ...extra };
    start += [...text].length + 2;
    return block;
  });
};

export const cited = "L’agent à temps partiel peut exercer ses fonctions en télétravail dans la limite de deux jours par semaine, sous réserve d’une présence sur site de deux jours au moins.";
export const cited2 = "Le jour non travaillé au titre du temps partiel n’est pas assimilé à un jour de présence.";
export const cited3 = "Un jour fixe le mercredi ou le vendredi demande l’avis de la direction des ressources humaines.";

export const contents = {
  accord: {
    media_type: "application/pdf",
    pages: 24,
    blocks: blocks([
      ["heading", "Article 4. Nombre de jours", { level: 1, page: 7 }],
      ["heading", "4.1 Agents à temps plein", { level: 2, page: 7 }],
      ["paragraph", "Les agents à temps plein peuvent télétravailler jusqu’à trois jours par semaine.", { page: 7 }],
      ["heading", "4.2 Agents à temps partiel", { level: 2, page: 7 }],
      ["paragraph", `${cited} Cette présence s’apprécie par semaine civile.`, { page: 7 }],
      ["table", "Quotité | Télétravail | Présence\n90 % | 2 jours | 2 jours\n80 % | 2 jours | 2 jours\n50 % | 1 jour | 1 jour", { page: 7 }],
    ]),
  },
  temps: {
    media_type: "text/markdown",
    pages: 0,
    blocks: blocks([
      ["heading", "Règlement du temps de travail 🕑", { level: 1 }],
      ["paragraph", "Le présent règlement s’applique à tous les agents de la métropole."],
      ["heading", "Temps partiel", { level: 2 }],
      ["paragraph", `Les quotités vont de 50 % à 90 %. ${cited2} Les jours fériés restent acquis.`],
      ["list", "La demande se fait deux mois avant.", { level: 1 }],
      ["list", "La réponse est écrite.", { level: 1 }],
      ["table", "Quotité | Heures\n90 % | 31 h 30\n80 % | 28 h"],
      ["code", "quotite = heures / 35"],
      ["quote", "Toute modification est discutée avec l’agent."],
    ]),
  },
  faq: {
    media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    pages: 0,
    blocks: blocks([
      ["heading", "Questions fréquentes des ressources humaines", { level: 1 }],
      ["paragraph", "Cette page répond aux questions les plus courantes."],
      ["heading", "Télétravail", { level: 2 }],
      ["paragraph", `${cited3} La réponse est donnée sous quinze jours.`],
    ]),
  },
};

export const passages = {
  "accord-1": { document: "accord", title: "Accord télétravail 2026", page: 7, quote: cited },
  "temps-1": { document: "temps", title: "Règlement du temps de travail", page: 0, quote: cited2 },
  "faq-1": { document: "faq", title: "Questions fréquentes RH", page: 0, quote: cited3 },
};

export const citations = Object.entries(passages).map(([passage, one], index) => ({ marker: index + 1, passage, ...one, score: 0.91 - index * 0.07 }));

const doc = (id, title, name, extra = {}) => ({
  id, collection: "rh", title, name, media_type: "application/pdf", bytes: 482_113, state: "ready", progress: 1, pages: 24, chunks: 212,
  label: "internal", created_at: "2026-11-20T08:00:00Z", version: 1, ...extra,
});

export const documents = () => [
  doc("accord", "Accord télétravail 2026", "accord-teletravail-2026.pdf"),
  doc("cse", "Procès-verbal CSE du 14 octobre", "pv-cse-14-octobre.pdf", { state: "failed", label: "confidential", pages: 0, chunks: 0, error: { code: "unsupported", detail_code: "password_protected", title: "Demande refusée", detail: "Ce fichier est protégé par un mot de passe.", action: "Déposez une version sans protection." } }),
  doc("convention", "Convention collective, texte consolidé", "convention.pdf", { state: "parsing", progress: 0.65, label: "public", pages: 412, chunks: 0 }),
  doc("faq", "Questions fréquentes RH", "faq-rh.docx", { pages: 0, chunks: 64, bytes: 88_200 }),
  doc("temps", "Règlement du temps de travail", "temps-de-travail.md", { pages: 0, chunks: 391, bytes: 45_100 }),
  doc("accueil", "Journée d’accueil des nouveaux arrivants", "accueil.pptx", { label: "public", pages: 42, chunks: 118 }),
  doc("plan", "Plan de formation 2027", "plan-formation.pdf", { state: "queued", progress: 0, pages: 31, chunks: 0 }),
  doc("conges", "Arbitrage congés de fin d’année", "conges.eml", { label: "confidential", pages: 0, chunks: 6, bytes: 12_400 }),
  doc("effectifs", "Suivi des effectifs", "effectifs.xlsx", { label: "confidential", pages: 12, chunks: 88 }),
  doc("conflit", "Protocole de fin de conflit", "protocole.pdf", { label: "secret", pages: 14, chunks: 97 }),
];

export const questions = [
  { language: "fr", text: "Combien de jours de télétravail à 80 %, et qui doit donner son accord ?" },
  { language: "fr", text: "Comment se fait une demande de temps partiel ?" },
  { language: "fr", text: "Que faire si mon responsable refuse ?" },
  { language: "en", text: "How many days of remote work at 80 %, and who has to agree?" },
  { language: "en", text: "How do I ask for part-time work?" },
  { language: "en", text: "What if my manager says no?" },
];

export const answers = {
  cited:
    "À 80 %, un agent peut télétravailler **deux jours par semaine au plus**, avec deux jours au moins sur site [1]. Le jour non travaillé ne compte pas comme un jour sur site [2].\n\n" +
    "Deux accords sont nécessaires :\n\n" +
    "- celui du **responsable hiérarchique**, qui répond par écrit dans un délai de trente jours ; passé ce délai, son silence vaut accord [1] ;\n" +
    "- celui de **la direction des ressources humaines**, seulement pour un jour fixe le mercredi ou le vendredi [3].",
  rich:
    "Voici un tableau :\n\n| Quotité | Jours |\n|---|---:|\n| 90 % | 2 |\n| 50 % | 1 |\n\nPuis du code :\n\n```python\ndef jours(quotite: float) -> int:\n    # deux jours au plus\n    return 2 if quotite >= 0.8 else 1\n```\n\nEt une formule : $$\\frac{28}{35} = 0{,}8$$ pour finir, avec `du code` et <b>du HTML</b> qui reste du texte.",
  plain: "Bonjour. Je peux vous aider à écrire, résumer, comparer ou chercher dans vos documents. Que souhaitez-vous faire ?",
};
