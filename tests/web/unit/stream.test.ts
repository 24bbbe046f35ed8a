import { afterEach, describe, expect, it, vi } from "vitest";
import type { Problem } from "@/api/http";
import { followStream } from "@/api/stream";

const encoder = new TextEncoder();

function body(parts: string[], broken = false): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(encoder.encode(part));
      if (broken) controller.error(new TypeError("network"));
      else controller.close();
    },
  });
}

const delta = (id: number) => `id: ${id}\nevent: delta\ndata: {"text":"${id}"}\n\n`;

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

async function run(responses: (() => Response)[]) {
  vi.useFakeTimers();
  const asked: (string | null)[] = [];
  vi.stubGlobal("fetch", vi.fn(async (_: string, init: RequestInit) => {
    asked.push(new Headers(init.headers).get("last-event-id"));
    const next = responses.shift();
    if (!next) throw new TypeError("no more");
    return next();
  }));
  const events: string[] = [];
  const waits: (number | null)[] = [];
  let lost: Problem | null = null;
  const done = followStream("s1", 0, {
    onEvent: (event, data) => events.push(`${event}:${(data as { text?: string }).text ?? ""}`),
    onConnection: (ms) => waits.push(ms),
    onLost: (problem) => {
      lost = problem;
    },
  }, new AbortController().signal);
  await vi.advanceTimersByTimeAsync(120_000);
  await done;
  return { events, asked, waits, lost: lost as Problem | null };
}

describe("following a stream", () => {
  it("goes on after a cut from the last event, and gives none twice", async () => {
    const { events, asked } = await run([
      () => new Response(body([delta(1), delta(2)])),
      () => new Response(body([delta(2), delta(3), 'id: 4\nevent: done\ndata: {}\n\n'])),
    ]);
    expect(events).toEqual(["delta:1", "delta:2", "delta:3", "done:"]);
    expect(asked).toEqual([null, "2"]);
  });

  it("tries again while the server is away", async () => {
    const { events, waits } = await run([
      () => { throw new TypeError("refused"); },
      () => new Response(null, { status: 503 }),
      () => new Response(body(['id: 1\nevent: done\ndata: {}\n\n'])),
    ]);
    expect(events).toEqual(["done:"]);
    expect(waits.filter((ms) => ms !== null)).toHaveLength(2);
    expect(waits.at(-1)).toBeNull();
  });

  it("gives up on a stream that is gone", async () => {
    const { lost } = await run([() => new Response('{"code":"not_found"}', { status: 404 })]);
    expect(lost?.body.code).toBe("not_found");
  });

  it("passes over an event that is not JSON", async () => {
    const { events } = await run([() => new Response(body(["id: 1\nevent: delta\ndata: {oops\n\n", 'id: 2\nevent: done\ndata: {}\n\n']))]);
    expect(events).toEqual(["done:"]);
  });
});
