// Follows one answer's stream to its end, over as many connections as it takes.
import { problemOf, Problem, requestHeaders } from "./http";
import { backoffMs, readEvents } from "./sse";
import type { ServerEvent } from "./sse";

export interface StreamHandlers {
  /** Events in order, none twice. */
  onEvent: (event: string, data: unknown) => void;
  /** The connection is up (null) or tried again after so many milliseconds. */
  onConnection: (retryInMs: number | null) => void;
  /** The stream cannot be followed: it is gone, or this person may no longer read it. */
  onLost: (problem: Problem) => void;
}

// A stream says something each 15 s; silence for three times that is a dead connection.
const silenceMs = 45_000;

export async function followStream(stream: string, after: number, handlers: StreamHandlers, signal: AbortSignal): Promise<void> {
  let last = after;
  let attempt = 0;
  while (!signal.aborted) {
    const connection = new AbortController();
    const stop = () => connection.abort();
    signal.addEventListener("abort", stop, { once: true });
    let watchdog = 0;
    const alive = () => {
      window.clearTimeout(watchdog);
      watchdog = window.setTimeout(stop, silenceMs);
    };
    try {
      alive();
      const headers = requestHeaders(false);
      if (last > 0) headers["Last-Event-ID"] = String(last);
      const response = await fetch(`/api/streams/${stream}`, {
        headers: { ...headers, Accept: "text/event-stream" },
        credentials: "same-origin",
        cache: "no-store",
        signal: connection.signal,
      });
      if (!response.ok || !response.body) {
        const problem = await problemOf(response);
        if (problem.status < 500 && problem.status !== 429 && problem.status !== 408) {
          handlers.onLost(problem);
          return;
        }
        throw problem;
      }
      handlers.onConnection(null);
      for await (const event of readEvents(observed(response.body, alive))) {
        attempt = 0;
        const sequence = event.id === null ? Number.NaN : Number(event.id);
        if (sequence <= last) continue;
        if (!Number.isNaN(sequence)) last = sequence;
        const data = parsed(event);
        if (data === undefined) continue;
        handlers.onEvent(event.event, data);
        if (event.event === "done" || event.event === "error") return;
      }
      // Closed without an end: the server stopped, or a proxy lost patience.
    } catch {
      if (signal.aborted) return;
    } finally {
      window.clearTimeout(watchdog);
      signal.removeEventListener("abort", stop);
    }
    if (signal.aborted) return;
    const wait = backoffMs(attempt);
    attempt += 1;
    handlers.onConnection(wait);
    await pause(wait, signal);
  }
}

function parsed(event: ServerEvent): unknown {
  try {
    return JSON.parse(event.data) as unknown;
  } catch {
    return undefined;
  }
}

function observed(body: ReadableStream<Uint8Array>, seen: () => void): ReadableStream<Uint8Array> {
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        seen();
        controller.enqueue(chunk);
      },
    }),
  );
}

/** Ends early when the network comes back, or the stream is no longer wanted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      window.clearTimeout(timer);
      window.removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = window.setTimeout(end, ms);
    window.addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
