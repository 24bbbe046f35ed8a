// What one conversation is doing: the question being sent, the answers being followed, the questions that wait.
// Lives outside React, so that leaving the screen loses nothing.
import type { QueryClient } from "@tanstack/react-query";
import { Problem, request, Unreachable } from "@/api/http";
import { conversationQuery } from "@/api/queries";
import { backoffMs } from "@/api/sse";
import type { Asked, Conversation, Message } from "@/api/types";
import { follow, isFollowed } from "./live";
import type { LiveEnd } from "./live";
import { leafBelow, pathTo } from "./tree";

export interface AskOptions {
  model: string;
  label: string | null;
  collections: string[];
  quoteOnly: boolean;
}

export interface Waiting {
  id: string;
  content: string;
  options: AskOptions;
}

export interface Failure {
  /** The text that was not sent; it goes back to the composer. */
  content: string | null;
  problem: Problem | null;
  /** When sending is tried again by itself, milliseconds since the epoch; null: only by hand. */
  retryAt: number | null;
}

export interface ControllerState {
  readonly sending: boolean;
  readonly queue: readonly Waiting[];
  readonly failure: Failure | null;
  /** What was just sent again by itself, after a failure. */
  readonly resent: { readonly content: string } | null;
}

export interface Ended {
  message: Message;
}

type AskBody =
  | { content: string; parent: string | null; options: AskOptions }
  | { retry: string; options: AskOptions }
  | { continue: string; options: AskOptions };

const queueMax = 20;
const retriesMax = 6;

export class Controller {
  readonly conversation: string;
  state: ControllerState = { sending: false, queue: [], failure: null, resent: null };
  onEnded: ((ended: Ended) => void) | null = null;
  readonly #client: QueryClient;
  readonly #listeners = new Set<() => void>();
  #retryTimer = 0;
  #attempt = 0;
  #pending: AskBody | null = null;

  constructor(client: QueryClient, conversation: string) {
    this.#client = client;
    this.conversation = conversation;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(part: Partial<ControllerState>): void {
    this.state = { ...this.state, ...part };
    for (const listener of this.#listeners) listener();
  }

  get cached(): Conversation | undefined {
    return this.#client.getQueryData(conversationQuery(this.conversation).queryKey);
  }

  #update(change: (conversation: Conversation) => Conversation): void {
    this.#client.setQueryData(conversationQuery(this.conversation).queryKey, (old: Conversation | undefined) => (old ? change(old) : old));
  }

  /** The answer that is being written on the branch that is shown. */
  get running(): Message | undefined {
    const conversation = this.cached;
    if (!conversation) return undefined;
    return pathTo(conversation.messages, conversation.leaf).findLast((message) => message.state === "streaming");
  }

  /** Sends now, or after the answer that is being written. */
  ask(content: string, options: AskOptions): void {
    if (this.running || this.state.sending) {
      if (this.state.queue.length >= queueMax) return;
      this.#set({ queue: [...this.state.queue, { id: crypto.randomUUID(), content, options }] });
      return;
    }
    const parent = this.cached?.leaf ?? null;
    void this.#send({ content, parent, options });
  }

  edit(question: Message, content: string, options: AskOptions): void {
    void this.#send({ content, parent: question.parent, options });
  }

  /** Answers the same question again, asked in this way. */
  retry(answer: Message, options: AskOptions): void {
    void this.#send({ retry: answer.id, options });
  }

  continue(answer: Message, options: AskOptions): void {
    void this.#send({ continue: answer.id, options });
  }

  removeFromQueue(id: string): void {
    this.#set({ queue: this.state.queue.filter((waiting) => waiting.id !== id) });
  }

  /** A queue that an interrupted answer held back goes on. */
  sendNext(): void {
    const [next, ...rest] = this.state.queue;
    if (!next || this.running || this.state.sending) return;
    this.#set({ queue: rest });
    this.ask(next.content, next.options);
  }

  dismissFailure(): void {
    window.clearTimeout(this.#retryTimer);
    this.#pending = null;
    this.#attempt = 0;
    this.#set({ failure: null });
  }

  retryNow(): void {
    const body = this.#pending;
    if (!body) return;
    window.clearTimeout(this.#retryTimer);
    void this.#resend(body);
  }

  async stop(): Promise<void> {
    const running = this.running;
    if (!running?.stream) return;
    try {
      await request(`/api/streams/${running.stream}/stop`, { method: "POST" });
    } catch (error) {
      // It ended in the meantime: its last event is on the way.
      if (!(error instanceof Problem && error.status === 404)) this.#set({ failure: { content: null, problem: error instanceof Problem ? error : null, retryAt: null } });
    }
  }

  show(leaf: string): void {
    this.#update((conversation) => ({ ...conversation, leaf: leafBelow(conversation.messages, leaf) }));
    const chosen = this.cached?.leaf;
    this.followShown();
    void request(`/api/conversations/${this.conversation}`, { method: "PATCH", body: { leaf: chosen } }).catch(() => {
      // Only which branch opens next time; the branches themselves are safe.
    });
  }

  /** Follows what is being written on the branch that is shown: after a reload, on another device. */
  followShown(): void {
    const running = this.running;
    if (running?.stream && !isFollowed(running.id)) {
      follow(running.id, running.stream, (end) => this.#ended(running.id, end));
    }
  }

  async #send(body: AskBody): Promise<void> {
    const before = this.cached;
    if (!before || this.state.sending) return;
    this.#set({ sending: true, failure: null });
    const optimistic = this.#showOptimistic(before, body);
    try {
      const asked = await request<Asked>(`/api/conversations/${this.conversation}/messages`, { body: wire(body) });
      const again = this.#pending !== null && "content" in body ? { content: body.content } : null;
      this.#attempt = 0;
      this.#pending = null;
      this.#adopt(optimistic, asked, body);
      this.#set({ sending: false, ...(again ? { resent: again } : {}) });
      this.followShown();
    } catch (error) {
      this.#update(() => before);
      this.#failed(body, error);
    }
  }

  #failed(body: AskBody, error: unknown): void {
    const content = "content" in body ? body.content : null;
    if (error instanceof Problem && error.status < 500) {
      this.#pending = null;
      this.#set({ sending: false, failure: { content, problem: error, retryAt: null } });
      return;
    }
    this.#pending = body;
    const wait = this.#attempt < retriesMax && error instanceof Unreachable ? Math.max(2_000, backoffMs(this.#attempt + 2)) : null;
    this.#attempt += 1;
    if (wait !== null) this.#retryTimer = window.setTimeout(() => this.retryNow(), wait);
    this.#set({
      sending: false,
      failure: { content, problem: error instanceof Problem ? error : null, retryAt: wait === null ? null : Date.now() + wait },
    });
  }

  /** Sends again, unless the first time did arrive and only its answer was lost. */
  async #resend(body: AskBody): Promise<void> {
    const known = new Set(this.cached?.messages.map((message) => message.id));
    try {
      const now = await request<Conversation>(`/api/conversations/${this.conversation}`);
      const arrived = "content" in body
        ? now.messages.findLast((message) => !known.has(message.id) && message.speaker === "user" && message.content === body.content)
        : undefined;
      this.#client.setQueryData(conversationQuery(this.conversation).queryKey, now);
      if (arrived) {
        this.dismissFailure();
        this.#set({ resent: { content: arrived.content } });
        this.#update((conversation) => ({ ...conversation, leaf: leafBelow(conversation.messages, arrived.id) }));
        this.followShown();
        return;
      }
    } catch (error) {
      this.#failed(body, error);
      return;
    }
    await this.#send(body);
  }

  #showOptimistic(before: Conversation, body: AskBody): { question: Message | null; answer: Message } {
    const now = new Date().toISOString();
    const key = crypto.randomUUID();
    let question: Message | null = null;
    let parent: string | null;
    let content = "";
    if ("content" in body) {
      question = { id: `new-q-${key}`, key: `q-${key}`, parent: body.parent, speaker: "user", content: body.content, state: "complete", created_at: now };
      parent = question.id;
    } else {
      const target = before.messages.find((message) => message.id === ("retry" in body ? body.retry : body.continue));
      parent = target?.parent ?? null;
      if ("continue" in body) content = target?.content ?? "";
    }
    const answer: Message = { id: `new-a-${key}`, key: `a-${key}`, parent, speaker: "assistant", content, state: "streaming", created_at: now, citations: [] };
    this.#update((conversation) => ({
      ...conversation,
      messages: [...conversation.messages, ...(question ? [question] : []), answer],
      leaf: answer.id,
    }));
    return { question, answer };
  }

  #adopt(optimistic: { question: Message | null; answer: Message }, asked: Asked, body: AskBody): void {
    const { question, answer } = optimistic;
    // Going on may write into the same message, or into a new one beside it.
    const same = "continue" in body && asked.message === body.continue;
    this.#update((conversation) => ({
      ...conversation,
      leaf: asked.message,
      messages: conversation.messages
        .filter((message) => !(same && message.id === asked.message))
        .map((message) => {
          if (question && message.id === question.id) return { ...message, id: asked.question ?? message.id };
          if (message.id === answer.id) {
            return { ...message, id: asked.message, parent: question ? (asked.question ?? question.id) : message.parent, stream: asked.stream };
          }
          return message;
        }),
    }));
  }

  #ended(id: string, end: LiveEnd): void {
    if (end.lost) {
      void this.#client.invalidateQueries({ queryKey: conversationQuery(this.conversation).queryKey });
      return;
    }
    if (end.message) {
      const final = end.message;
      this.#update((conversation) => ({
        ...conversation,
        messages: conversation.messages.map((message) =>
          message.id === id ? { ...message, ...final, masked: final.masked ?? [...end.masked], stream: null } : message,
        ),
      }));
      this.onEnded?.({ message: final });
    } else if (end.error) {
      const { error } = end;
      const state = error.code === "refused_by_policy" ? "refused" : end.text === "" && error.code !== "interrupted" ? "failed" : "interrupted";
      this.#update((conversation) => ({
        ...conversation,
        messages: conversation.messages.map((message) => 
          message.id === id
            ? { ...message, state, error, stream: null, content: end.text || message.content, citations: [...end.citations], masked: [...end.masked] }
            : message,
        ),
      }));
      const message = this.cached?.messages.find((one) => one.id === id);
      if (message) this.onEnded?.({ message });
    }
    if (end.message && (end.message.state === "complete" || end.message.state === "stopped")) this.sendNext();
    // The server may have given it a title, a higher label, the words that were stored.
    if (!this.state.sending) void this.#client.invalidateQueries({ queryKey: conversationQuery(this.conversation).queryKey });
    void this.#client.invalidateQueries({ queryKey: ["conversations"] });
  }
}

function wire(body: AskBody): unknown {
  const { model, label, collections, quoteOnly } = body.options;
  const how = { model, ...(label ? { label } : {}), collections, quote_only: quoteOnly };
  if ("continue" in body) return { continue: body.continue, ...how };
  return "retry" in body ? { retry: body.retry, ...how } : { content: body.content, parent: body.parent, ...how };
}

const controllers = new Map<string, Controller>();
const controllersMax = 32;

export function controllerOf(client: QueryClient, conversation: string): Controller {
  let controller = controllers.get(conversation);
  if (!controller) {
    if (controllers.size >= controllersMax) {
      const idle = [...controllers].find(([, one]) => one.state.queue.length === 0 && !one.state.sending && !one.running);
      if (idle) controllers.delete(idle[0]);
    }
    controller = new Controller(client, conversation);
    controllers.set(conversation, controller);
  }
  return controller;
}

export function forgetControllers(): void {
  controllers.clear();
}
