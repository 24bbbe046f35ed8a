// What is remembered on this device. A full or forbidden storage loses comfort, never work in progress.

export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(`bastide.${name}`);
  } catch {
    return null;
  }
}

export function writeStored(name: string, value: string | null): void {
  try {
    if (value === null || value === "") localStorage.removeItem(`bastide.${name}`);
    else localStorage.setItem(`bastide.${name}`, value);
  } catch {
    // Private windows refuse: the value lives until the page is closed.
  }
}
