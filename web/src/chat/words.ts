// The names that answers and stages carry, in the person's words.
import type { Live } from "./live";
import type { Message, Model, Place } from "@/api/types";
import { placeWord } from "@/ui/Label";
import type { Words } from "@/i18n";

/** The first number of a stage's sentence: how many passages were kept. */
function countIn(reasons: readonly string[] | undefined): number | null {
  const match = /\d+/.exec(reasons?.[0] ?? "");
  return match ? Number(match[0]) : null;
}

/** The seconds at the end of "place 3 in the queue, about 12 s." */
function secondsIn(reasons: readonly string[] | undefined): number | null {
  const match = /(\d+) s\.$/.exec(reasons?.[0] ?? "");
  return match ? Number(match[1]) : null;
}

/** What is being done now, from what has been decided so far. */
export function doing(live: Live, { t }: Words): string {
  const done = new Set(live.stages.map((stage) => stage.name));
  const retrieve = live.stages.findLast((stage) => stage.name === "retrieve");
  if (live.text !== "") return t("stage.writing");
  const queue = live.stages.findLast((stage) => stage.name === "queue");
  const place = Number(queue?.decision ?? 0);
  if (place > 0 && !done.has("call")) {
    const seconds = secondsIn(queue?.reasons);
    return seconds === null ? t("stage.queued", { place }) : t("stage.queuedFor", { place, seconds });
  }
  const found = retrieve && retrieve.decision !== "none" ? countIn(retrieve.reasons) : null;
  if (found !== null && found > 0) return t("stage.reading", { n: found });
  if (done.has("retrieve")) return t("stage.thinking");
  if (done.has("guard_in")) return t("stage.searching");
  return t("stage.preparing");
}

/** As much of the first line as a title takes, in whole words. */
export function firstWords(content: string, lengthMax = 80): string {
  const line = content.trim().split("\n", 1)[0] ?? "";
  if (line.length <= lengthMax) return line;
  const cut = line.slice(0, lengthMax);
  const blank = cut.lastIndexOf(" ");
  return `${blank > lengthMax / 2 ? cut.slice(0, blank) : cut}…`;
}

/** Where words were found, without the marks of Markdown. */
export function plainSnippet(text: string): string {
  return text
    .replace(/\|[\s|:-]*\|/g, " · ")
    .replace(/(\*\*|__|`+|^#+\s|^>\s)/gm, "")
    .replace(/\s*\|\s*/g, " · ")
    .replace(/\s+/g, " ")
    .trim();
}

export function modelName(message: Pick<Message, "model" | "model_name">, models: readonly Model[] | undefined): string {
  return message.model_name || models?.find((model) => model.id === message.model)?.name || message.model || "";
}

export function modelAndPlace(name: string, place: Place | null | undefined, words: Words): string {
  if (!place) return name;
  const word = placeWord(place, words);
  // In mid-sentence; the name of a country or a union keeps its capital.
  const inSentence = place.kind === "zone" ? word : word.charAt(0).toLocaleLowerCase(words.language) + word.slice(1);
  return words.t("slip.modelPlace", { model: name, place: inSentence });
}

const kinds = [
  "person", "location", "organisation", "email", "phone", "iban", "card", "nir", "siren", "siret", "vat", "passport",
  "licence_plate", "ip", "date_of_birth", "address", "secret",
] as const;
type Kind = (typeof kinds)[number];

export function kindName(type: string, { t }: Words): string {
  return (kinds as readonly string[]).includes(type) ? t(`kind.${type as Kind}`) : type;
}
