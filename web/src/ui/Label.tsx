// A label of data is a word, a colour and a number of walls; a place is a square dot and words.
import { useQuery } from "@tanstack/react-query";
import { labelsQuery } from "@/api/queries";
import type { Label as LabelOfData, Labels, Place } from "@/api/types";
import { useWords } from "@/i18n";
import type { Words } from "@/i18n";

export type Level = "public" | "internal" | "confidential" | "secret";
const levels: readonly Level[] = ["public", "internal", "confidential", "secret"];

/** Four drawings for however many labels the organisation has: the lowest is open, the highest is the keep. */
export function levelOf(labels: Labels | undefined, id: string): Level {
  if ((levels as readonly string[]).includes(id)) return id as Level;
  const list = labels?.labels ?? [];
  const label = list.find((one) => one.id === id);
  if (!label || list.length < 2) return "secret";
  const top = Math.max(...list.map((one) => one.rank));
  return levels[Math.round((label.rank / Math.max(1, top)) * 3)] ?? "secret";
}

export function labelName(label: LabelOfData | undefined, id: string, words: Words): string {
  const own = words.language === "fr" ? label?.name_fr : label?.name_en;
  if (own) return own;
  if ((levels as readonly string[]).includes(id)) return words.t(`label.${id as Level}`);
  return id;
}

export function Walls({ level }: { level: Level }) {
  return (
    <svg viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.75" aria-hidden="true">
      {level === "public" ? <path d="M2 5.5V2h3.5M10.5 2H14v3.5M14 10.5V14h-3.5M5.5 14H2v-3.5" /> : null}
      {level === "internal" ? <rect x="2" y="2" width="12" height="12" rx="1" /> : null}
      {level === "confidential" || level === "secret" ? <rect x="1.5" y="1.5" width="13" height="13" rx="1" /> : null}
      {level === "confidential" ? <rect x="5.25" y="5.25" width="5.5" height="5.5" rx=".5" /> : null}
      {level === "secret" ? <rect x="4.5" y="4.5" width="7" height="7" rx=".5" fill="currentColor" /> : null}
    </svg>
  );
}

export function useLabel(id: string): { level: Level; name: string } {
  const words = useWords();
  const { data } = useQuery(labelsQuery);
  return { level: levelOf(data, id), name: labelName(data?.labels.find((one) => one.id === id), id, words) };
}

export function Label({ id, plain = false }: { id: string; plain?: boolean }) {
  const { level, name } = useLabel(id);
  return (
    <span className={plain ? "label label--plain" : "label"} data-level={level}>
      <Walls level={level} />
      {name}
    </span>
  );
}

export function placeWord(place: Place, { t, language }: Words): string {
  if (place.kind === "walls") return t("place.walls");
  if (place.kind === "outside") return t("place.outside");
  const zone = place.zone ?? "";
  if (zone.toLowerCase() === "eu") return t("place.eu");
  if (/^[A-Z]{2}$/.test(zone)) return new Intl.DisplayNames([language], { type: "region" }).of(zone) ?? zone;
  return zone || t("place.zone");
}

export function zoneClass(place: Place): string {
  return place.kind === "walls" ? "zone" : place.kind === "zone" ? "zone zone--union" : "zone zone--outside";
}

export function PlaceDot({ place, children }: { place: Place; children?: React.ReactNode }) {
  const words = useWords();
  return <span className={zoneClass(place)}>{children ?? placeWord(place, words)}</span>;
}
