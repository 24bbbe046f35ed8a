import { describe, expect, it } from "vitest";
import type { Message } from "@/api/types";
import { leafBelow, pathTo, siblingsOf } from "@/chat/tree";

const message = (id: string, parent: string | null, speaker: "user" | "assistant"): Message => ({ id, parent, speaker, content: id, state: "complete", created_at: "" });

// q1 ─ a1 ─ q2 ─ a2
//    └ a1b      └ (q2 edited) q2b ─ a2b
const tree = [
  message("q1", null, "user"),
  message("a1", "q1", "assistant"),
  message("q2", "a1", "user"),
  message("a2", "q2", "assistant"),
  message("a1b", "q1", "assistant"),
  message("q2b", "a1", "user"),
  message("a2b", "q2b", "assistant"),
];
const at = (id: string) => tree.find((one) => one.id === id)!;
const ids = (messages: Message[]) => messages.map((one) => one.id);

describe("the tree of a conversation", () => {
  it("shows the path to the leaf", () => {
    expect(ids(pathTo(tree, "a2"))).toEqual(["q1", "a1", "q2", "a2"]);
    expect(ids(pathTo(tree, "a1b"))).toEqual(["q1", "a1b"]);
  });

  it("shows the newest message when there is no leaf", () => {
    expect(ids(pathTo(tree, null))).toEqual(["q1", "a1", "q2b", "a2b"]);
    expect(pathTo([], null)).toEqual([]);
  });

  it("knows the branches of a question and of an answer", () => {
    expect(ids(siblingsOf(tree, at("a1b")))).toEqual(["a1", "a1b"]);
    expect(ids(siblingsOf(tree, at("q2")))).toEqual(["q2", "q2b"]);
    expect(ids(siblingsOf(tree, at("q1")))).toEqual(["q1"]);
  });

  it("goes down to the newest leaf of a branch", () => {
    expect(leafBelow(tree, "a1")).toBe("a2b");
    expect(leafBelow(tree, "q2")).toBe("a2");
    expect(leafBelow(tree, "a1b")).toBe("a1b");
  });

  it("does not turn for ever on damaged parents", () => {
    const loop = [message("x", "y", "user"), message("y", "x", "assistant")];
    expect(pathTo(loop, "x").length).toBeLessThanOrEqual(3);
    expect(["x", "y"]).toContain(leafBelow(loop, "x"));
  });
});
