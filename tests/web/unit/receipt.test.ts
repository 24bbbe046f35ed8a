import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { makeWords } from "@/i18n";
import fr from "@/i18n/fr";
import { assumption } from "@/receipt/assumed";

const words = makeWords("fr", fr);
const source = readFileSync(resolve("../src/footprint/footprint.cc"), "utf8").replace(/"\s*\n\s*"/g, "");

// What footprint.cc formats, with figures in place of {...}.
const templates = [...source.matchAll(/"([A-Z][^"]*\.)"/g)].map((match) => match[1] ?? "").filter((text) => !text.includes("ecologits"));

describe("what the estimate assumed", () => {
  it("is said in French, every sentence that the server has", () => {
    expect(templates.length).toBeGreaterThanOrEqual(5);
    for (const template of templates) {
      const sentence = template.replace(/\{:\.0f\}/g, "700").replace(/\{:[^}]*\}/g, "1.2").replace(/\{\}/g, "XX");
      expect(assumption(sentence, words), sentence).not.toBe(sentence);
    }
  });
  it("keeps its figures", () => {
    expect(assumption("A data centre that is not known: PUE 1.10 to 1.56.", words)).toContain("PUE de 1,10 à 1,56.");
    expect(assumption("Something new.", words)).toBe("Something new.");
  });
});
