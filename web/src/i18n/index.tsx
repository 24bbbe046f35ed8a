// The interface's words. fr.ts is the list of keys; en.ts has the same ones, which the compiler and a test both check.
import { createContext, createElement, Fragment, use, useMemo } from "react";
import type { ReactNode } from "react";
import type { Language } from "@/api/types";
import { setRequestLanguage } from "@/api/http";
import { Formats } from "./format";
import type { Catalogue, MessageKey } from "./fr";

export type Values = Record<string, string | number>;
export type Translate = (key: MessageKey, values?: Values) => string;

export interface Words {
  language: Language;
  t: Translate;
  /** As `t`, with elements in the places of some values. */
  rich: (key: MessageKey, values: Record<string, ReactNode>) => ReactNode;
  format: Formats;
}

export async function loadCatalogue(language: Language): Promise<Catalogue> {
  return language === "fr" ? (await import("./fr")).default : (await import("./en")).default;
}

export function preferredLanguage(): Language {
  const stored = localStorage.getItem("bastide.language");
  if (stored === "fr" || stored === "en") return stored;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith("fr")) &&
    (navigator.languages[0] ?? "").toLowerCase().startsWith("fr")
    ? "fr"
    : "en";
}

export function makeWords(language: Language, catalogue: Catalogue): Words {
  const format = new Formats(language);
  const plural = new Intl.PluralRules(language);
  const all = catalogue as Record<string, string | undefined>;
  const pick = (key: string, n: unknown): string => {
    const form = typeof n === "number" ? all[`${key}_${plural.select(n) === "one" ? "one" : "other"}`] : undefined;
    return form ?? all[key] ?? all[`${key}_other`] ?? key;
  };
  const t: Translate = (key, values = {}) =>
    pick(key, values.n).replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = values[name];
      return typeof value === "number" ? format.number(value) : (value ?? "");
    });
  const rich: Words["rich"] = (key, values) => {
    const parts = pick(key, values.n)
      .split(/(\{\w+\})/)
      .map((part) => {
        const value = /^\{\w+\}$/.test(part) ? values[part.slice(1, -1)] : part;
        return typeof value === "number" ? format.number(value) : value;
      });
    return createElement(Fragment, null, ...parts);
  };
  return { language, t, rich, format };
}

const Context = createContext<Words | null>(null);

export function WordsProvider({ language, catalogue, children }: { language: Language; catalogue: Catalogue; children: ReactNode }) {
  const words = useMemo(() => {
    setRequestLanguage(language);
    document.documentElement.lang = language;
    return makeWords(language, catalogue);
  }, [language, catalogue]);
  return <Context value={words}>{children}</Context>;
}

export function useWords(): Words {
  const words = use(Context);
  if (!words) throw new Error("WordsProvider is missing");
  return words;
}
