import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import english from "@/i18n/en";
import { ageOf, Formats } from "@/i18n/format";
import french from "@/i18n/fr";
import { makeWords } from "@/i18n";
import { frenchTypography } from "@/i18n/typography";

const fr = french as Record<string, string>;
const en = english as Record<string, string>;
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe("the two catalogues", () => {
  it("have the same keys, none empty, with the same places for values", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(fr).sort());
    for (const key of Object.keys(fr)) {
      expect(fr[key], key).not.toBe("");
      expect(en[key], key).not.toBe("");
      expect(holes(en[key] ?? ""), key).toEqual(holes(fr[key] ?? ""));
    }
  });

  it("have both forms of each plural", () => {
    for (const key of Object.keys(fr)) {
      if (key.endsWith("_one")) expect(fr, key).toHaveProperty([key.replace(/_one$/, "_other")]);
      if (key.endsWith("_other")) expect(fr, key).toHaveProperty([key.replace(/_other$/, "_one")]);
    }
  });

  it("hold no words that the code does not use", () => {
    const source = (function read(folder: string): string {
      return readdirSync(folder, { withFileTypes: true })
        .map((entry) => (entry.isDirectory() ? read(join(folder, entry.name)) : /i18n.(fr|en)\.ts$/.test(join(folder, entry.name)) ? "" : readFileSync(join(folder, entry.name), "utf8")))
        .join("\n");
    })(join(import.meta.dirname, "../../../web/src"));
    const unused = [...new Set(Object.keys(fr).map((key) => key.replace(/_(one|other)$/, "")))].filter(
      (key) => !source.includes(`"${key}"`) && !source.includes(`\`${key.slice(0, key.lastIndexOf(".") + 1)}\${`),
    );
    expect(unused).toEqual([]);
  });

  it("never shout, never say oops", () => {
    for (const [key, text] of [...Object.entries(fr), ...Object.entries(en)]) {
      expect(text, key).not.toMatch(/!|\b(oops|oups)\b/i);
    }
  });
});

describe("French typography", () => {
  it("puts the spaces that do not break", () => {
    expect(frenchTypography("D'où vient cette réponse ?")).toBe("D’où vient cette réponse\u202f?");
    expect(frenchTypography("Non envoyé : la règle « A » ; fin")).toBe("Non envoyé\u00a0: la règle «\u00a0A\u00a0»\u202f; fin");
    expect(frenchTypography("dans {n} s.")).toBe("dans {n}\u00a0s.");
    expect(frenchTypography("80 % de 1 234 €")).toBe("80\u00a0% de 1\u202f234\u00a0€");
  });

  it("is respected by every French text", () => {
    for (const [key, text] of Object.entries(fr)) {
      expect(text, key).not.toMatch(/ [;:!?»]|« |'|[^\u202f\s][;!?](?!\w)/);
    }
  });
});

describe("words with values", () => {
  it("choose the plural of the language", () => {
    const words = makeWords("fr", french);
    expect(words.t("slip.passages", { n: 0 })).toBe("0 passage");
    expect(words.t("slip.passages", { n: 1 })).toBe("1 passage");
    expect(words.t("slip.passages", { n: 1500 })).toBe("1\u202f500 passages");
    expect(makeWords("en", english).t("slip.passages", { n: 0 })).toBe("0 passages");
  });

  it("keep a value as it is, whatever is in it", () => {
    expect(makeWords("en", english).t("action.moreFor", { name: "$& {name}" })).toBe("Actions for $& {name}");
  });
});

describe("numbers for people", () => {
  const format = new Formats("fr");
  it("give energy as a range, or one figure when both ends agree", () => {
    expect(format.wattHours(0.21, 0.34)).toBe("0,21 à 0,34\u00a0Wh");
    expect(format.wattHours(0.3101, 0.3104)).toBe("0,31\u00a0Wh");
    expect(format.wattHours(0.01, 0.02)).toBe("10 à 20\u00a0mWh");
  });
  it("give times and sizes in units one reads", () => {
    expect(format.duration(200)).toBe("0,2\u00a0ms");
    expect(format.duration(2_360_000)).toBe("2,4\u00a0s");
    expect(format.bytes(2_100_000_000)).toBe("2,1\u00a0Go");
    expect(new Formats("en").bytes(482_113)).toBe("482\u00a0KB");
  });
  it("put a conversation under its day", () => {
    const now = new Date(2026, 10, 22, 9, 41);
    expect(ageOf(new Date(2026, 10, 22, 0, 1).toISOString(), now)).toBe("today");
    expect(ageOf(new Date(2026, 10, 21, 23, 59).toISOString(), now)).toBe("yesterday");
    expect(ageOf(new Date(2026, 10, 16).toISOString(), now)).toBe("week");
    expect(ageOf(new Date(2026, 5, 1).toISOString(), now)).toBe("older");
  });
});
