// A conversation is a tree of messages; what is shown is the path from its root to one leaf.
import type { Message } from "@/api/types";

export function pathTo(messages: readonly Message[], leaf: string | null): Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const path: Message[] = [];
  let at = leaf ? byId.get(leaf) : messages.at(-1);
  // A path is never longer than the tree: damaged parents cannot make this loop for ever.
  while (at && path.length <= messages.length) {
    path.push(at);
    at = at.parent ? byId.get(at.parent) : undefined;
  }
  return path.reverse();
}

/** The messages that stand in the same place, oldest first: the branches of ‹1/2›. */
export function siblingsOf(messages: readonly Message[], message: Message): Message[] {
  return messages.filter((other) => other.parent === message.parent && other.speaker === message.speaker);
}

/** The newest leaf below a message: where its branch goes on. */
export function leafBelow(messages: readonly Message[], id: string): string {
  let at = id;
  for (let steps = 0; steps < messages.length; steps += 1) {
    const child = messages.findLast((message) => message.parent === at);
    if (!child) return at;
    at = child.id;
  }
  return at;
}
