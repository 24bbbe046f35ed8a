// Choices of this person on this device: theme, single-letter shortcuts.
import { useSyncExternalStore } from "react";
import { readStored, writeStored } from "@/ui/stored";

export type Theme = "auto" | "light" | "dark";

const listeners = new Set<() => void>();
const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};
const changed = () => listeners.forEach((listener) => listener());

export function theme(): Theme {
  const stored = readStored("theme");
  return stored === "light" || stored === "dark" ? stored : "auto";
}

export function setTheme(value: Theme): void {
  writeStored("theme", value === "auto" ? null : value);
  if (value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
  changed();
}

export function shownTheme(): "light" | "dark" {
  const chosen = theme();
  if (chosen !== "auto") return chosen;
  return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

export function letters(): boolean {
  return readStored("letters") !== "off";
}

export function setLetters(on: boolean): void {
  writeStored("letters", on ? null : "off");
  changed();
}

export const useTheme = () => useSyncExternalStore(subscribe, theme);
export const useLetters = () => useSyncExternalStore(subscribe, letters);
