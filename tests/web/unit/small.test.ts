import { describe, expect, it } from "vitest";
import { hashWord } from "@/chat/HashPicker";
import { parseReaders } from "@/documents/CollectionForm";
import { splitByCodePoints } from "@/documents/code-points";
import { matches } from "@/shell/shortcuts";

describe("a passage in a text counted in code points", () => {
  it("is found behind an emoji", () => {
    expect(splitByCodePoints("🕑 temps partiel", 2, 7)).toEqual(["🕑 ", "temps", " partiel"]);
  });
  it("may begin before the block or end after it", () => {
    expect(splitByCodePoints("abc", -5, 2)).toEqual(["", "ab", "c"]);
    expect(splitByCodePoints("abc", 1, 99)).toEqual(["a", "bc", ""]);
  });
  it("is none where it does not touch", () => {
    expect(splitByCodePoints("abc", 3, 9)).toBeNull();
    expect(splitByCodePoints("abc", -9, 0)).toBeNull();
  });
});

describe("# in the composer", () => {
  it("begins a word at the caret", () => {
    expect(hashWord("#re", 3)).toBe("re");
    expect(hashWord("avec #", 6)).toBe("");
    expect(hashWord("C# et", 5)).toBeNull();
    expect(hashWord("#re suite", 9)).toBeNull();
  });
});

describe("readers of a collection", () => {
  it("are people by address, groups by name", () => {
    expect(parseReaders("camille@valmont.fr, Ressources humaines\nuser:x@y.fr;")).toEqual(["user:camille@valmont.fr", "group:Ressources humaines", "user:x@y.fr"]);
  });
});

describe("shortcuts", () => {
  const press = (key: string, init: KeyboardEventInit = {}) => new KeyboardEvent("keydown", { key, ...init });
  it("need exactly their keys", () => {
    expect(matches(press("k", { ctrlKey: true }), { key: "k", ctrl: true })).toBe(true);
    expect(matches(press("k", { ctrlKey: true, altKey: true }), { key: "k", ctrl: true })).toBe(false);
    expect(matches(press("O", { ctrlKey: true, shiftKey: true }), { key: "o", ctrl: true, shift: true })).toBe(true);
    expect(matches(press("o", { ctrlKey: true }), { key: "o", ctrl: true, shift: true })).toBe(false);
    expect(matches(press("?", { shiftKey: true }), { key: "?" })).toBe(true);
  });
});
