// Formulas, as tokens of the Markdown lexer: $$ … $$, \[ … \], \( … \), and $ … $ where it cannot be money.
import type { MarkedOptions, Tokens } from "marked";

export interface MathToken extends Tokens.Generic {
  type: "math";
  text: string;
  display: boolean;
}

function token(match: RegExpExecArray | null, display: boolean): MathToken | undefined {
  const text = match ? (match[1] ?? match[2] ?? "").trim() : "";
  return match && text ? { type: "math", raw: match[0], text, display } : undefined;
}

const block = (source: string) => token(/^(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n|$)/.exec(source), true);
const inline = (source: string) => token(/^(?:\$\$([^$\n]+?)\$\$|\\\(([^\n]+?)\\\))/.exec(source) ?? single(source), false);

// As Pandoc has it: no space within the signs, no digit after them; and something that no price holds.
function single(source: string): RegExpExecArray | null {
  const match = /^\$(?![\s$])([^$\n]+?)(?<!\s)\$(?![\d$])/.exec(source);
  return match && /[\\^_={}<>]|^[A-Za-z]$/.test(match[1] ?? "") ? match : null;
}

function starts(pattern: RegExp) {
  return (source: string): number => source.search(pattern);
}

export const mathExtensions = {
  block: [block],
  inline: [inline],
  // Only where a line begins: elsewhere marked would cut the paragraph there.
  startBlock: [starts(/(?<=\n)(?:\$\$|\\\[)/)],
  startInline: [starts(/\$|\\\(/)],
  childTokens: {},
  renderers: {},
} as unknown as NonNullable<MarkedOptions["extensions"]>;
