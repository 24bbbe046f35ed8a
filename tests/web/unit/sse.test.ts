import { describe, expect, it } from "vitest";
import { backoffMs, EventParser, readEvents } from "@/api/sse";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("server-sent events", () => {
  it("gives id, name and data of each event", () => {
    expect(new EventParser().feed(bytes('id: 7\nevent: delta\ndata: {"text":"é"}\n\n'))).toEqual([{ id: "7", event: "delta", data: '{"text":"é"}' }]);
  });

  it("does not mind where the network cuts", () => {
    const whole = ": alive\r\nid: 1\r\nevent: delta\r\ndata: première\r\n\r\nid: 2\ndata: a\ndata: b\n\n";
    const expected = [{ id: "1", event: "delta", data: "première" }, { id: "2", event: "message", data: "a\nb" }];
    const all = bytes(whole);
    for (let cut = 0; cut <= all.length; cut += 1) {
      const parser = new EventParser();
      expect([...parser.feed(all.slice(0, cut)), ...parser.feed(all.slice(cut))], `cut at ${cut}`).toEqual(expected);
    }
  });

  it("says nothing for a comment or an event without data", () => {
    expect(new EventParser().feed(bytes(": ping\n\nevent: empty\n\n"))).toEqual([]);
  });

  it("closes the connection when the reader leaves", async () => {
    let cancelled = false;
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes("data: x\n\n")),
      cancel: () => {
        cancelled = true;
      },
    });
    for await (const event of readEvents(stream)) {
      expect(event.data).toBe("x");
      break;
    }
    expect(cancelled).toBe(true);
  });

  it("waits longer each time, never beyond 19 s, never all at once", () => {
    expect(backoffMs(0, () => 0.5)).toBe(500);
    expect(backoffMs(3, () => 0.5)).toBe(4000);
    expect(backoffMs(50, () => 1)).toBe(18750);
    expect(backoffMs(3, () => 0)).not.toBe(backoffMs(3, () => 1));
  });
});
