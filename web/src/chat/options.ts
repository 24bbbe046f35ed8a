// How a question is asked: model, label, documents, quotes only. Each conversation keeps its own.
import type { AskOptions } from "./controller";

const remembered = new Map<string, AskOptions>();
const rememberedMax = 200;

export const defaultOptions: AskOptions = { model: "auto", label: null, collections: [], quoteOnly: false };

export function rememberOptions(conversation: string, options: AskOptions): void {
  if (remembered.size >= rememberedMax) {
    const [oldest] = remembered.keys();
    if (oldest !== undefined) remembered.delete(oldest);
  }
  remembered.set(conversation, options);
}

export function rememberedOptions(conversation: string): AskOptions | undefined {
  return remembered.get(conversation);
}
