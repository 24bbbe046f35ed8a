// What is said once to the person: to screen readers politely, and on the screen for a moment with a way back.
import { useSyncExternalStore } from "react";

export interface Toast {
  id: number;
  text: string;
  action?: { name: string; run: () => void };
  /** Runs when the toast goes without its action having been taken. */
  onGone?: () => void;
}

let said = "";
let toasts: readonly Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();
const timers = new Map<number, number>();
const shownMs = 6_000;

function changed(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function announce(text: string): void {
  // The same words twice are said twice: a change of white space is a change.
  said = said === text ? `${text}\u00a0` : text;
  changed();
}

export function toast(text: string, options: Pick<Toast, "action" | "onGone"> = {}): void {
  const one: Toast = { id: nextId++, text, ...options };
  // One at a time: an older one has had its moment.
  for (const old of toasts) settle(old.id, true);
  toasts = [one];
  timers.set(one.id, window.setTimeout(() => settle(one.id, true), shownMs));
  changed();
}

export function settle(id: number, gone: boolean): void {
  const one = toasts.find((toastOf) => toastOf.id === id);
  if (!one) return;
  window.clearTimeout(timers.get(id));
  timers.delete(id);
  toasts = toasts.filter((toastOf) => toastOf.id !== id);
  changed();
  if (gone) one.onGone?.();
  else one.action?.run();
}

// A page that is closed while something can still be undone does what was asked.
if (typeof window !== "undefined") window.addEventListener("pagehide", () => toasts.forEach((one) => settle(one.id, true)));

export const useSaid = () => useSyncExternalStore(subscribe, () => said);
export const useToasts = () => useSyncExternalStore(subscribe, () => toasts);
