// Answers that are being written: what has come of each, and the clock that lets it appear by whole words.
import { Problem } from "@/api/http";
import { followStream } from "@/api/stream";
import type { Citation, MaskedItem, Message, ProblemBody, StageEvent } from "@/api/types";
import { wholeText } from "./reveal";

export interface Live {
  /** What may be on the screen. */
  readonly text: string;
  readonly citations: readonly Citation[];
  readonly stages: readonly StageEvent[];
  readonly masked: readonly MaskedItem[];
  readonly reasoning: string;
  /** When the connection is tried again, in milliseconds since the epoch; null while it is up. */
  readonly retryAt: number | null;
  readonly replaced: string | null;
}

export interface LiveEnd {
  message?: Message;
  error?: ProblemBody;
  /** The stream is gone: the conversation must be read again. */
  lost?: Problem;
  masked: readonly MaskedItem[];
  /** All that came, shown or not. */
  text: string;
  citations: readonly Citation[];
}

interface Follower {
  live: Live;
  received: string;
  sequence: number;
  timer: number;
  abort: AbortController;
  listeners: Set<() => void>;
}

const empty: Live = { text: "", citations: [], stages: [], masked: [], reasoning: "", retryAt: null, replaced: null };
const revealEveryMs = 50;
// A browser holds six connections to one host; the others are for what the person does.
const followersMax = 4;

const followers = new Map<string, Follower>();
// What an ended answer showed, until the stored message has taken its place on the screen.
const ended = new Map<string, Live>();
const endedMax = 16;
// Listeners may come before the follower does.
const waiting = new Map<string, Set<() => void>>();

export function liveOf(message: string): Live {
  return followers.get(message)?.live ?? ended.get(message) ?? empty;
}

export function isFollowed(message: string): boolean {
  return followers.has(message);
}

export function subscribeLive(message: string, listener: () => void): () => void {
  const set = followers.get(message)?.listeners ?? waiting.get(message) ?? new Set();
  if (!followers.has(message)) waiting.set(message, set);
  set.add(listener);
  return () => {
    set.delete(listener);
    if (set.size === 0) waiting.delete(message);
  };
}

export function follow(message: string, stream: string, onEnd: (end: LiveEnd) => void): void {
  if (followers.has(message)) return;
  while (followers.size >= followersMax) {
    const oldest = followers.keys().next().value;
    if (oldest === undefined) break;
    unfollow(oldest);
  }
  const follower: Follower = {
    live: empty,
    received: "",
    sequence: 0,
    timer: 0,
    abort: new AbortController(),
    listeners: waiting.get(message) ?? new Set(),
  };
  waiting.delete(message);
  ended.delete(message);
  followers.set(message, follower);

  const change = (part: Partial<Live>) => {
    follower.live = { ...follower.live, ...part };
    for (const listener of follower.listeners) listener();
  };
  const reveal = () => {
    follower.timer = 0;
    const text = wholeText(follower.received);
    if (text.length > follower.live.text.length) change({ text });
  };
  const schedule = () => {
    if (follower.timer === 0) follower.timer = window.setTimeout(reveal, revealEveryMs);
  };
  let over = false;
  const end = (result: Omit<LiveEnd, "masked" | "text" | "citations">) => {
    if (over) return;
    over = true;
    window.clearTimeout(follower.timer);
    const { masked, citations } = follower.live;
    if (followers.get(message) === follower) followers.delete(message);
    const [oldest] = ended.keys();
    if (ended.size >= endedMax && oldest !== undefined) ended.delete(oldest);
    ended.set(message, { ...follower.live, text: follower.received, retryAt: null });
    // Who listens stays: the same message may be gone on with.
    if (follower.listeners.size > 0) waiting.set(message, follower.listeners);
    onEnd({ ...result, masked, citations, text: follower.received });
    for (const listener of follower.listeners) listener();
  };

  const onEvent = (event: string, data: unknown) => {
    const fields = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
    switch (event) {
      case "delta":
        follower.received += typeof fields.text === "string" ? fields.text : "";
        schedule();
        break;
      case "reasoning":
        change({ reasoning: (follower.live.reasoning + (typeof fields.text === "string" ? fields.text : "")).slice(-20_000) });
        break;
      case "citation":
        change({ citations: [...follower.live.citations.filter((one) => one.marker !== fields.marker), data as Citation] });
        break;
      case "stage":
        change({ stages: [...follower.live.stages, data as StageEvent].slice(-40) });
        break;
      case "masked":
        if (Array.isArray(fields.items)) change({ masked: fields.items as MaskedItem[] });
        break;
      case "replace":
        follower.received = typeof fields.text === "string" ? fields.text : "";
        change({ text: wholeText(follower.received), replaced: typeof fields.reason === "string" ? fields.reason : "" });
        schedule();
        break;
      case "done":
        end({ message: data as Message });
        break;
      case "error":
        end({ error: data as ProblemBody });
        break;
      default:
        break;
    }
  };
  void followStream(
    stream,
    0,
    {
      onEvent,
      onConnection: (retryInMs) => change({ retryAt: retryInMs === null ? null : Date.now() + retryInMs }),
      onLost: (lost) => end({ lost }),
    },
    follower.abort.signal,
  );
}

export function unfollow(message: string): void {
  const follower = followers.get(message);
  if (!follower) return;
  followers.delete(message);
  window.clearTimeout(follower.timer);
  follower.abort.abort();
  if (follower.listeners.size > 0) waiting.set(message, follower.listeners);
}

export function unfollowAll(): void {
  ended.clear();
  for (const message of [...followers.keys()]) unfollow(message);
}
