import { describe, expect, it } from "vitest";
import { closeOpenMarks, wholeText } from "@/chat/reveal";

describe("what of a growing answer is shown", () => {
  it("shows whole words", () => {
    expect(wholeText("deux jours par sem")).toBe("deux jours par ");
    expect(wholeText("deux jours par semaine ")).toBe("deux jours par semaine ");
  });

  it("keeps a word until its citation is whole", () => {
    expect(wholeText("sur site [")).toBe("sur ");
    expect(wholeText("sur site [1")).toBe("sur ");
    expect(wholeText("sur site [1]. ")).toBe("sur site [1]. ");
  });

  it("shows a table with its line of dashes, row by row", () => {
    expect(wholeText("Voici :\n\n| a | b |\n")).toBe("Voici :\n\n");
    expect(wholeText("Voici :\n\n| a | b |\n|---|---|\n")).toBe("Voici :\n\n| a | b |\n|---|---|\n");
    expect(wholeText("| a | b |\n|---|---|\n| 1 | ")).toBe("| a | b |\n|---|---|\n");
  });

  it("shows code once the line that opens it is complete", () => {
    expect(wholeText("Ainsi :\n\n```py")).toBe("Ainsi :\n\n");
    expect(wholeText("Ainsi :\n\n```python\nx = 1\n")).toBe("Ainsi :\n\n```python\nx = 1\n");
  });

  it("does not stop for a very long word", () => {
    expect(wholeText("x".repeat(100))).toHaveLength(100);
  });

  it("never shows less later", () => {
    const text = "À 80 %, **deux jours** sur site [1], puis `code`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nlet a = 1;\n```\n\nFin [2].";
    let before = "";
    for (let end = 0; end <= text.length; end += 1) {
      const shown = wholeText(text.slice(0, end));
      if (shown.length > before.length) {
        expect(shown.startsWith(before), `${end}`).toBe(true);
        before = shown;
      }
    }
  });
});

describe("marks left open at the end", () => {
  it("closes emphasis and code", () => {
    expect(closeOpenMarks("avec **deux jours ")).toBe("avec **deux jours**");
    expect(closeOpenMarks("avec `let a ")).toBe("avec `let a`");
    expect(closeOpenMarks("avec **")).toBe("avec ");
    expect(closeOpenMarks("**clos** ")).toBe("**clos** ");
  });

  it("leaves a block of code alone", () => {
    expect(closeOpenMarks("```js\nlet a = `x")).toBe("```js\nlet a = `x");
  });
});
