// Files on their way to a collection: a few at a time, each with its progress, each with its own fate.
import { useCallback, useSyncExternalStore } from "react";
import { Problem, requestHeaders } from "@/api/http";
import { client } from "@/api/queries";
import type { ProblemBody } from "@/api/types";

export interface Upload {
  readonly id: string;
  readonly collection: string;
  readonly file: File;
  readonly state: "waiting" | "sending" | "sent" | "failed";
  /** 0 to 1, of the bytes. */
  readonly progress: number;
  readonly problem: Problem | null;
  /** The document it became. */
  readonly document: string | null;
}

const atOnce = 3;
// Progress events come by the kilobyte; a screen needs ten a second.
const tellEveryMs = 100;

let uploads: readonly Upload[] = [];
const running = new Map<string, XMLHttpRequest>();
const listeners = new Set<() => void>();
const byCollection = new Map<string, readonly Upload[]>();

function set(next: readonly Upload[]): void {
  uploads = next;
  byCollection.clear();
  for (const listener of listeners) listener();
}

function change(id: string, part: Partial<Upload>): void {
  set(uploads.map((upload) => (upload.id === id ? { ...upload, ...part } : upload)));
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useUploads(collection: string): readonly Upload[] {
  return useSyncExternalStore(
    subscribe,
    useCallback(() => {
      let list = byCollection.get(collection);
      if (!list) {
        list = uploads.filter((upload) => upload.collection === collection);
        byCollection.set(collection, list);
      }
      return list;
    }, [collection]),
  );
}

export function upload(collection: string, files: readonly File[]): void {
  const fresh = files.map((file): Upload => ({
    id: crypto.randomUUID(), collection, file, state: "waiting", progress: 0, problem: null, document: null,
  }));
  set([...uploads, ...fresh]);
  next();
}

export function retryUpload(id: string): void {
  change(id, { state: "waiting", progress: 0, problem: null });
  next();
}

export function dropUpload(id: string): void {
  running.get(id)?.abort();
  running.delete(id);
  set(uploads.filter((one) => one.id !== id));
  next();
}

function next(): void {
  for (const one of uploads) {
    if (running.size >= atOnce) return;
    if (one.state === "waiting" && !running.has(one.id)) send(one);
  }
}

function send(one: Upload): void {
  const xhr = new XMLHttpRequest();
  running.set(one.id, xhr);
  change(one.id, { state: "sending" });
  let told = 0;
  xhr.upload.onprogress = (event) => {
    const now = Date.now();
    if (!event.lengthComputable || now - told < tellEveryMs) return;
    told = now;
    change(one.id, { progress: event.loaded / event.total });
  };
  const end = (part: Partial<Upload>) => {
    running.delete(one.id);
    change(one.id, part);
    next();
  };
  xhr.onload = () => {
    const body = parsed(xhr.responseText);
    if (xhr.status >= 200 && xhr.status < 300) {
      end({ state: "sent", progress: 1, document: typeof body.id === "string" ? body.id : null });
      // The list shows it from here on; this row goes when it does.
      void client.invalidateQueries({ queryKey: ["documents", one.collection] }).then(() => {
        set(uploads.filter((other) => other.id !== one.id));
      });
      void client.invalidateQueries({ queryKey: ["collection", one.collection] });
      void client.invalidateQueries({ queryKey: ["collections"] });
    } else {
      end({ state: "failed", problem: new Problem(xhr.status, { code: `http_${xhr.status}`, ...body } as ProblemBody) });
    }
  };
  xhr.onerror = () => end({ state: "failed", problem: null });
  xhr.onabort = () => running.delete(one.id);
  xhr.open("POST", `/api/collections/${one.collection}/documents`);
  for (const [name, value] of Object.entries(requestHeaders(true))) xhr.setRequestHeader(name, value);
  const form = new FormData();
  form.append("file", one.file, one.file.name);
  xhr.send(form);
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const filesMax = 5_000;

/** The files of a drop, folders opened. */
export async function filesOf(data: DataTransfer): Promise<File[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry !== null && entry !== undefined);
  if (entries.length === 0) return [...data.files];
  const files: File[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    if (files.length >= filesMax || entry.name.startsWith(".")) return;
    if (entry.isFile) {
      files.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      // A reader gives a hundred entries at a time, and none at the end.
      const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (batch.length === 0) return;
      for (const child of batch) await walk(child);
    }
  };
  for (const entry of entries) await walk(entry);
  return files;
}
