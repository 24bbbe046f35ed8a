// Numbers, sizes and times, in the person's language.
import type { Language } from "@/api/types";

const locales: Record<Language, string> = { fr: "fr-FR", en: "en-GB" };
const nbsp = "\u00a0";

export class Formats {
  readonly language: Language;
  readonly #locale: string;

  constructor(language: Language) {
    this.language = language;
    this.#locale = locales[language];
  }

  number(value: number, digits = 0): string {
    return new Intl.NumberFormat(this.#locale, { maximumFractionDigits: digits }).format(value);
  }

  /** Two significant figures: what an estimate can carry. */
  #rough(value: number): string {
    return new Intl.NumberFormat(this.#locale, { maximumSignificantDigits: 2 }).format(value);
  }

  #between(low: number, high: number, unit: string): string {
    const a = this.#rough(low);
    const b = this.#rough(high);
    const to = this.language === "fr" ? " à " : " to ";
    return (a === b ? a : `${a}${to}${b}`) + nbsp + unit;
  }

  wattHours(low: number, high: number): string {
    if (high < 0.1) return this.#between(low * 1000, high * 1000, "mWh");
    return high < 1000 ? this.#between(low, high, "Wh") : this.#between(low / 1000, high / 1000, "kWh");
  }

  carbon(low: number, high: number): string {
    return high < 0.1 ? this.#between(low * 1000, high * 1000, "mg CO₂e") : this.#between(low, high, "g CO₂e");
  }

  /** Tokens a second: a tenth counts only where they are few. */
  rate(value: number): string {
    return this.number(value, value < 10 ? 1 : 0);
  }

  percent(fraction: number): string {
    return new Intl.NumberFormat(this.#locale, { style: "percent", maximumFractionDigits: 0 }).format(fraction);
  }

  euros(value: number): string {
    const digits = value > 0 && value < 0.01 ? 5 : 2;
    return new Intl.NumberFormat(this.#locale, { style: "currency", currency: "EUR", maximumFractionDigits: digits }).format(value);
  }

  /** Large counts with three figures: 1,46 M. */
  compact(value: number): string {
    if (value < 10_000) return this.number(value);
    return new Intl.NumberFormat(this.#locale, { notation: "compact", maximumSignificantDigits: 3 }).format(value);
  }

  /** Of a budget, in its unit. */
  amount(unit: "money" | "tokens" | "requests" | "energy", value: number): string {
    if (unit === "money") return this.euros(value);
    return unit === "energy" ? this.wattHours(value, value) : this.compact(value);
  }

  bytes(value: number): string {
    const units = this.language === "fr" ? ["octets", "Ko", "Mo", "Go"] : ["bytes", "KB", "MB", "GB"];
    let unit = 0;
    let amount = value;
    while (amount >= 1000 && unit < 3) {
      amount /= 1000;
      unit += 1;
    }
    return this.number(amount, amount < 10 && unit > 1 ? 1 : 0) + nbsp + (units[unit] ?? "");
  }

  duration(micros: number): string {
    if (micros < 1000) return `${this.number(micros / 1000, 2)}${nbsp}ms`;
    if (micros < 1_000_000) return `${this.number(micros / 1000, micros < 10_000 ? 1 : 0)}${nbsp}ms`;
    if (micros < 60_000_000) return `${this.number(micros / 1_000_000, 1)}${nbsp}s`;
    const seconds = Math.round(micros / 1_000_000);
    return `${Math.floor(seconds / 60)}${nbsp}min ${String(seconds % 60).padStart(2, "0")}${nbsp}s`;
  }

  date(iso: string): string {
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: "long" }).format(new Date(iso));
  }

  dateTime(iso: string): string {
    return new Intl.DateTimeFormat(this.#locale, { dateStyle: "long", timeStyle: "short" }).format(new Date(iso));
  }

  day(iso: string): string {
    return new Intl.DateTimeFormat(this.#locale, { day: "numeric", month: "short", year: "numeric" }).format(new Date(iso));
  }

  /** "novembre 2026", of a day such as 2026-11-01. */
  month(day: string): string {
    return new Intl.DateTimeFormat(this.#locale, { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(day));
  }

  dayMonth(iso: string): string {
    return new Intl.DateTimeFormat(this.#locale, { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(iso));
  }

  /** Codes such as "fr" by their names. */
  languages(codes: string[]): string {
    const names = new Intl.DisplayNames(this.#locale, { type: "language" });
    return this.list(codes.map((code) => names.of(code) ?? code));
  }

  list(items: string[]): string {
    return new Intl.ListFormat(this.#locale, { type: "conjunction" }).format(items);
  }
}

/** Which heading a conversation stands under. */
export function ageOf(iso: string, now: Date = new Date()): "today" | "yesterday" | "week" | "month" | "older" {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const then = new Date(iso).getTime();
  const day = 86_400_000;
  if (then >= midnight) return "today";
  if (then >= midnight - day) return "yesterday";
  if (then >= midnight - 7 * day) return "week";
  if (then >= midnight - 30 * day) return "month";
  return "older";
}
