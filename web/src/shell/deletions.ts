// Deleting with a way back: the row goes at once, the server is told when the moment to undo has passed.
import { useSyncExternalStore } from "react";
import { request } from "@/api/http";
import { toast } from "./status";

let hidden: ReadonlySet<string> = new Set();
const listeners = new Set<() => void>();

function set(next: Set<string>): void {
  hidden = next;
  for (const listener of listeners) listener();
}

export const useHidden = () =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => hidden,
  );

export function deleteLater(id: string, path: string, words: { done: string; undo: string; failed: string }, onDeleted: () => void): void {
  set(new Set([...hidden, id]));
  const back = () => set(new Set([...hidden].filter((one) => one !== id)));
  toast(words.done, {
    action: { name: words.undo, run: back },
    onGone: () => {
      request(path, { method: "DELETE", keepalive: true })
        .then(onDeleted)
        .catch(() => {
          back();
          toast(words.failed);
        });
    },
  });
}
