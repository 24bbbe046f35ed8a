import type { Words } from "@/i18n";

/** Who may read, in one sentence. */
export function readersSentence(readers: readonly string[], { t, format }: Words): string {
  if (readers.includes("everyone")) return t("readers.everyone");
  if (readers.length === 0) return t("readers.you");
  const names = readers.map((reader) => reader.replace(/^(user|group):/, ""));
  const shown = names.slice(0, 2);
  const more = names.length - shown.length;
  return more > 0 ? t("readers.more", { n: more, names: shown.join(", ") }) : t("readers.list", { names: format.list(shown) });
}
