// Server-sent events over fetch: EventSource cannot send a language or be told why a stream was refused.

export interface ServerEvent {
  id: string | null;
  event: string;
  data: string;
}

/** Splits a byte stream into events, wherever the network cut it. One parser a connection. */
export class EventParser {
  #decoder = new TextDecoder();
  #rest = "";
  #data: string[] = [];
  #event = "";
  #id: string | null = null;
  #sawReturn = false;

  feed(bytes: Uint8Array): ServerEvent[] {
    const out: ServerEvent[] = [];
    let text = this.#decoder.decode(bytes, { stream: true });
    // A line may end with \r\n cut between two reads.
    if (this.#sawReturn && text.startsWith("\n")) text = text.slice(1);
    this.#sawReturn = text.endsWith("\r");
    this.#rest += text;
    const lines = this.#rest.split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const event = this.#line(line);
      if (event) out.push(event);
    }
    return out;
  }

  #line(line: string): ServerEvent | null {
    if (line === "") {
      const done = this.#data.length > 0 ? { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") } : null;
      this.#data = [];
      this.#event = "";
      return done;
    }
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const parser = new EventParser();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield* parser.feed(value);
    }
  } finally {
    // Leaving early must close the connection; a browser holds only six to one host.
    await reader.cancel().catch(() => {});
  }
}

/** 0.5 s, 1, 2, 4 … at most 15 s, with a spread so that a restarted server is not met by everyone at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const base = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.75 + random() * 0.5));
}
