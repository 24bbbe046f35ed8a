import { Lexer } from "marked";
import { act } from "react";
import { createRoot } from "react-dom/client";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Citation } from "@/api/types";
import { richText } from "@/chat/copy";
import { mathExtensions } from "@/chat/math";
import type { MathToken } from "@/chat/math";
import { Prose } from "@/chat/markdown";
import { WordsProvider } from "@/i18n";
import french from "@/i18n/fr";

const cite = (marker: number): Citation => ({ marker, passage: `p${marker}`, document: "d", title: "Accord", page: 7, quote: "mot pour mot" });
let place: HTMLElement;
beforeAll(() => {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
});
afterEach(() => place.remove());

async function draw(text: string, markers: number[] = [1, 2], cited: number[] = []): Promise<HTMLElement> {
  place = document.createElement("div");
  document.body.append(place);
  await act(async () => {
    createRoot(place).render(
      <WordsProvider language="fr" catalogue={french}>
        <Prose text={text} citations={markers.map(cite)} current={null} onCite={(marker) => cited.push(marker)} />
      </WordsProvider>,
    );
  });
  return place.querySelector<HTMLElement>(".prose")!;
}

describe("answers as elements", () => {
  it("makes a button of a citation, held with its word and punctuation", async () => {
    const cited: number[] = [];
    const prose = await draw("Deux jours sur site [1]. Puis un avis [1][2] ;", [1, 2], cited);
    const held = [...prose.querySelectorAll(".held")].map((one) => one.textContent);
    expect(held).toEqual(["site 1.", "avis 12 ;"]);
    const button = prose.querySelector<HTMLButtonElement>("button.cite")!;
    expect(button.getAttribute("aria-label")).toBe("Source 1");
    button.click();
    expect(cited).toEqual([1]);
  });

  it("leaves numbers alone that are no citation of this answer", async () => {
    const prose = await draw("Voir l’article [12] et [1].");
    expect(prose.textContent).toBe("Voir l’article [12] et 1.");
    expect(prose.querySelectorAll("button")).toHaveLength(1);
  });

  it("shows HTML as the characters it is", async () => {
    const prose = await draw('<img src=x onerror="alert(1)"> et <script>alert(1)</script>\n\n<div onclick="x">bloc</div>');
    expect(prose.querySelector("img, script, div[onclick]")).toBeNull();
    expect(prose.textContent).toContain('<img src=x onerror="alert(1)">');
  });

  it("opens links safely and loads no image", async () => {
    const prose = await draw("[bon](https://exemple.fr) [mauvais](javascript:alert(1)) ![suivi](https://espion.example/x.png)");
    const links = [...prose.querySelectorAll("a")];
    expect(links.map((link) => link.getAttribute("href"))).toEqual(["https://exemple.fr"]);
    expect(links[0]?.rel).toContain("noopener");
    expect(prose.querySelector("img")).toBeNull();
  });

  it("draws tables, lists and headings", async () => {
    const prose = await draw("# Titre\n\n| a | b |\n|---|---:|\n| 1 [1] | 2 |\n\n1. un\n2. deux\n\n- x\n  - y");
    expect(prose.querySelector("h3")?.textContent).toBe("Titre");
    expect(prose.querySelectorAll("td")).toHaveLength(2);
    expect(prose.querySelector("td .cite")).not.toBeNull();
    expect(prose.querySelectorAll("ol > li")).toHaveLength(2);
    expect(prose.querySelector("ul ul")?.textContent).toBe("y");
  });

  it("takes single dollars for a formula only where they cannot be money", () => {
    const formulas = (text: string): string[] =>
      Lexer.lexInline(text, { gfm: true, extensions: mathExtensions }).filter((token) => token.type === "math").map((token) => (token as MathToken).text);
    expect(formulas("On a $E = mc^2$ et $x$ ; $$a+b$$ aussi.")).toEqual(["E = mc^2", "x", "a+b"]);
    expect(formulas("Pour 5 $ ou $10 et $20, soit $5-$10, ou $ 3 $.")).toEqual([]);
  });

  it("copies formatted, with its sources and without its buttons", async () => {
    const prose = await draw("Deux **jours** [1].");
    expect(richText(prose, ["[1] Accord, p. 7"])).toBe("<p>Deux <strong>jours</strong><span> [1].</span></p><p>[1] Accord, p. 7</p>");
  });
});
