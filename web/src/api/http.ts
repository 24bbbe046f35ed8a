// One way to the server: JSON in and out, the session's CSRF token on what changes something, problems as errors.
import type { ProblemBody } from "./types";

/** An answer of the server that says no. */
export class Problem extends Error {
  readonly status: number;
  readonly body: ProblemBody;
  readonly retryAfterSeconds: number | null;

  constructor(status: number, body: ProblemBody, retryAfterSeconds: number | null = null) {
    super(body.detail ?? body.title ?? body.code);
    this.name = "Problem";
    this.status = status;
    this.body = body;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The server was not reached, or the connection broke: what was asked may or may not have happened. */
export class Unreachable extends Error {
  constructor() {
    super("The server is not answering.");
    this.name = "Unreachable";
  }
}

let csrf = "";
let language = "en";
let onSignedOut: () => void = () => {};

export function setCsrf(token: string): void {
  csrf = token;
}

export function setRequestLanguage(value: string): void {
  language = value;
}

/** Called when the server no longer knows this session. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler;
}

export function requestHeaders(unsafe: boolean): Record<string, string> {
  const headers: Record<string, string> = { "Accept-Language": language };
  if (unsafe && csrf) headers["x-csrf-token"] = csrf;
  return headers;
}

export async function problemOf(response: Response): Promise<Problem> {
  const after = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  let body: ProblemBody = { code: `http_${response.status}` };
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === "object" && parsed !== null) body = { ...body, ...parsed };
  } catch {
    // A proxy's page, not the server's problem: the status is all there is.
  }
  return new Problem(response.status, body, Number.isNaN(after) ? null : after);
}

export interface RequestOptions {
  method?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** The sign-in page asks for the session itself and must not be sent to the sign-in page. */
  mayBeSignedOut?: boolean;
  keepalive?: boolean;
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const method = options.method ?? (options.body === undefined ? "GET" : "POST");
  const headers = requestHeaders(method !== "GET");
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.keepalive ? { keepalive: true } : {}),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Unreachable();
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && !options.mayBeSignedOut) onSignedOut();
    throw problem;
  }
  return response;
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  // Some say only that it was done.
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** The answer as it came: for what is hashed. */
export async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await send(path, {})).arrayBuffer());
}

export function withQuery(path: string, values: Record<string, string | number | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
