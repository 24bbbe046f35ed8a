import { act } from "react";
import { createRoot } from "react-dom/client";
import { describe, expect, it } from "vitest";
import type { DocumentContent } from "@/api/types";
import { QuoteText } from "@/chat/QuoteText";
import { firstWords, plainSnippet } from "@/chat/words";
import { citedPlace } from "@/documents/place";
import { TextBlock } from "@/documents/TextBlocks";
import { splitByCodePoints } from "@/documents/code-points";
import { WordsProvider } from "@/i18n";
import fr from "@/i18n/fr";

function shown(element: React.ReactNode): HTMLElement {
  const place = document.createElement("div");
  act(() => createRoot(place).render(<WordsProvider language="fr" catalogue={fr}>{element}</WordsProvider>));
  return place;
}

const row = "Gare | lundi | mardi";
const citation = { marker: 1, passage: "p 1", document: "d", title: "Collecte", quote: row, header: "Secteur | Ordures | Emballages" };

describe("a quote", () => {
  it("that is a row stands under the names of its columns", () => {
    const place = shown(<QuoteText citation={citation} />);
    expect([...place.querySelectorAll("th")].map((cell) => cell.textContent)).toEqual(["Secteur", "Ordures", "Emballages"]);
    expect([...place.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["Gare", "lundi", "mardi"]);
  });
  it("is a sentence otherwise", () => {
    expect(shown(<QuoteText citation={{ ...citation, quote: "Deux jours.", header: "" }} />).querySelector("p")?.textContent).toMatch(/^«.Deux jours\..»$/u);
  });
  it("opens its document at its own words", () => {
    expect(citedPlace(citation)).toBe("/d/d?passage=p+1&quote=Gare+%7C+lundi+%7C+mardi");
  });
  it("marks its row of a table and no other", () => {
    const text = `Secteur | Ordures | Emballages\nCentre | jeudi | \n${row}\nTilleuls | mardi | jeudi`;
    const block: DocumentContent["blocks"][number] = { kind: "table", text, start: 0 };
    const place = shown(<TextBlock block={block} marked={splitByCodePoints(text, text.indexOf(row), text.indexOf(row) + row.length)} />);
    expect([...place.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["Gare", "lundi", "mardi"]);
    expect(place.querySelectorAll("tr.sheet__row--hit").length).toBe(1);
  });
});

describe("words for a list", () => {
  it("end with a whole word", () => {
    const title = firstWords("Combien de jours de télétravail par semaine un agent à temps plein peut-il prendre ?\nMerci");
    expect(title).toBe("Combien de jours de télétravail par semaine un agent à temps plein peut-il…");
    expect(firstWords("Bonjour\nà tous")).toBe("Bonjour");
  });
  it("have no marks of Markdown", () => {
    expect(plainSnippet("Voici : | Jour | Lieu | |---|---| | lundi | **Mairie** |")).toBe("Voici : · Jour · Lieu · lundi · Mairie ·");
  });
});
