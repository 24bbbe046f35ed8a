import { describe, expect, it } from "vitest";
import type { Live } from "@/chat/live";
import { doing } from "@/chat/words";
import { makeWords } from "@/i18n";
import english from "@/i18n/en";
import french from "@/i18n/fr";

const live = (...stages: { name: string; decision: string; reasons: string[] }[]): Live => ({
  text: "", citations: [], stages, masked: [], reasoning: "", retryAt: null, replaced: null,
});
const retrieved = { name: "retrieve", decision: "none", reasons: [] };
const queued = (place: number, sentence: string) => ({ name: "queue", decision: String(place), reasons: [sentence] });

describe("what is being done now", () => {
  it("says where one stands in the queue of a model, and about how long", () => {
    const known = live(retrieved, queued(3, "Waiting for the model: place 3 in the queue, about 12 s."));
    expect(doing(known, makeWords("en", english))).toBe("waiting for the model, place 3 in the queue, about 12 s");
    expect(doing(known, makeWords("fr", french))).toContain("place 3 dans la file, environ 12");
    const unknown = live(retrieved, queued(3, "Waiting for the model: place 3 in the queue."));
    expect(doing(unknown, makeWords("en", english))).toBe("waiting for the model, place 3 in the queue");
  });

  it("thinks once its turn has come", () => {
    const words = makeWords("en", english);
    const begun = live(retrieved, queued(1, "Waiting for the model: place 1 in the queue."), queued(0, "The model begins now."));
    expect(doing(begun, words)).toBe("thinking");
    expect(doing({ ...begun, text: "Yes" }, words)).toBe("writing");
  });
});
