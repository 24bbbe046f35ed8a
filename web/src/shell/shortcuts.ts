// Keys that work everywhere. Single letters only where nobody types, and only if the person wants them (WCAG 2.1.4).
import { useEffect, useRef } from "react";
import { letters } from "./preferences";

export interface Keys {
  key: string;
  ctrl?: boolean;
  shift?: boolean;
  alt?: boolean;
}

const mac = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);

export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function matches(event: KeyboardEvent, keys: Keys): boolean {
  const control = mac ? event.metaKey || event.ctrlKey : event.ctrlKey;
  return (
    event.key.toLowerCase() === keys.key.toLowerCase() &&
    control === Boolean(keys.ctrl) &&
    event.altKey === Boolean(keys.alt) &&
    // ? and the like need Shift on some keyboards.
    (keys.shift === undefined ? !/[a-z]/i.test(keys.key) || !event.shiftKey : event.shiftKey === keys.shift)
  );
}

export function useShortcut(keys: Keys, run: (event: KeyboardEvent) => void, enabled = true): void {
  const latest = useRef(run);
  latest.current = run;
  const { key, ctrl, shift, alt } = keys;
  useEffect(() => {
    if (!enabled) return;
    const listener = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const single = !ctrl && !alt && key.length === 1;
      if (single && (typing(event.target) || !letters())) return;
      if (!matches(event, { key, ...(ctrl ? { ctrl } : {}), ...(alt ? { alt } : {}), ...(shift === undefined ? {} : { shift }) })) return;
      event.preventDefault();
      latest.current(event);
    };
    window.addEventListener("keydown", listener);
    return () => window.removeEventListener("keydown", listener);
  }, [key, ctrl, shift, alt, enabled]);
}

export const controlName = mac ? "⌘" : "Ctrl";
