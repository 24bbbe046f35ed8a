// An error in the person's words: what happened, and what to do.
import { Problem } from "@/api/http";
import type { Words } from "@/i18n";

export function explain(error: unknown, { t }: Words): { title: string; action: string | null } {
  if (error instanceof Problem) {
    const { detail, title, action } = error.body;
    return { title: detail ?? title ?? t("error.unknown"), action: action ?? null };
  }
  return { title: t("error.unreachable"), action: null };
}
