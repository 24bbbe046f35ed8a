// Answers are Markdown; this turns marked's tokens into React elements. No HTML passes: what a model writes is text.
import { Lexer } from "marked";
import type { Token, Tokens } from "marked";
import { Fragment, lazy, memo, Suspense } from "react";
import type { ReactNode } from "react";
import type { Citation } from "@/api/types";
import { Cite } from "./Cite";
import { decodeEntities } from "./entities";
import { mathExtensions } from "./math";
import type { MathToken } from "./math";

const CodeBlock = lazy(() => import("./CodeBlock"));
const Formula = lazy(() => import("./Formula"));

const citesMax = 200;
// The last word, its numbers and the punctuation after them: they stay on one line, so that no number starts one.
const held = /([^\s[\]]{1,24})?(\s*)(\[\d{1,3}\](?:\s?\[\d{1,3}\])*)((?:[ \u00a0\u202f]?[.,;:!?…»)]+)*)/g;

export interface ProseContext {
  citations: readonly Citation[];
  current: number | null;
  onCite: (marker: number, element: HTMLElement) => void;
}

export function Prose({ text, caret, ...context }: ProseContext & { text: string; caret?: boolean }) {
  const tokens = Lexer.lex(text, { gfm: true, breaks: false, extensions: mathExtensions });
  const shown = tokens.filter((token) => token.type !== "space" && token.type !== "def");
  const last = shown.length - 1;
  return (
    <div className="prose">
      {shown.map((token, index) => (
        <BlockToken key={index} token={token} caret={Boolean(caret) && index === last} {...context} />
      ))}
      {caret && shown.length === 0 ? <p><Caret /></p> : null}
    </div>
  );
}

function Caret() {
  return <span className="caret" aria-hidden="true" />;
}

type BlockProps = ProseContext & { token: Token; caret: boolean };

// Only the last block of a growing answer changes: the others compare equal by their source and are not drawn again.
const BlockToken = memo(
  function BlockToken({ token, caret, ...context }: BlockProps): ReactNode {
    const end = caret ? <Caret /> : null;
    switch (token.type) {
      case "heading": {
        const heading = token as Tokens.Heading;
        // The page has its h1 and each answer stands under an h2.
        const Tag = (["h3", "h3", "h3", "h4", "h5", "h6"] as const)[heading.depth - 1] ?? "h6";
        return <Tag className="prose__h">{inline(heading.tokens, context)}{end}</Tag>;
      }
      case "paragraph": {
        const paragraph = token as Tokens.Paragraph;
        return <p>{inline(paragraph.tokens, context)}{end}</p>;
      }
      case "blockquote":
        return (
          <blockquote className="quote">
            {(token as Tokens.Blockquote).tokens.filter((one) => one.type !== "space").map((one, index) => (
              <BlockToken key={index} token={one} caret={false} {...context} />
            ))}
          </blockquote>
        );
      case "list": {
        const list = token as Tokens.List;
        const items = list.items.map((item, index) => (
          <li key={index}>{listItem(item, context)}{caret && index === list.items.length - 1 ? <Caret /> : null}</li>
        ));
        return list.ordered ? <ol start={list.start === "" ? 1 : list.start}>{items}</ol> : <ul>{items}</ul>;
      }
      case "code": {
        const code = token as Tokens.Code;
        return (
          <Suspense fallback={<pre className="code"><code>{code.text}</code></pre>}>
            <CodeBlock code={code.text} language={code.lang ?? ""} growing={caret} />
          </Suspense>
        );
      }
      case "table":
        return <Table table={token as Tokens.Table} context={context} />;
      case "hr":
        return <hr />;
      case "math":
        return <Math token={token as MathToken} />;
      default:
        // HTML and whatever else: the characters themselves.
        return <p>{textWithCites(token.raw, context)}{end}</p>;
    }
  },
  (before, after) =>
    before.token.raw === after.token.raw && before.token.type === after.token.type && before.caret === after.caret &&
    before.citations === after.citations && before.current === after.current && before.onCite === after.onCite,
);

function Math({ token }: { token: MathToken }) {
  return <Suspense fallback={<code>{token.text}</code>}><Formula source={token.text} display={token.display} /></Suspense>;
}

function listItem(item: Tokens.ListItem, context: ProseContext): ReactNode {
  return item.tokens.map((token, index) => {
    if (token.type === "text") {
      const text = token as Tokens.Text;
      return <Fragment key={index}>{text.tokens ? inline(text.tokens, context) : textWithCites(text.text, context)}</Fragment>;
    }
    if (token.type === "space" || token.type === "checkbox") return null;
    return <BlockToken key={index} token={token} caret={false} {...context} />;
  });
}

function Table({ table, context }: { table: Tokens.Table; context: ProseContext }) {
  const align = (index: number) => (table.align[index] === "right" ? "r" : undefined);
  return (
    <div className="tablewrap card" tabIndex={0} role="region" aria-label={table.header.map((cell) => cell.text).join(", ")}>
      <table className="table table--close">
        <thead>
          <tr>{table.header.map((cell, index) => <th key={index} scope="col" className={align(index)}>{inline(cell.tokens, context)}</th>)}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, at) => (
            <tr key={at}>{row.map((cell, index) => <td key={index} className={align(index)}>{inline(cell.tokens, context)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: readonly Token[] | undefined, context: ProseContext): ReactNode {
  return tokens?.map((token, index) => <Fragment key={index}>{inlineToken(token, context)}</Fragment>);
}

function inlineToken(token: Token, context: ProseContext): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{inline((token as Tokens.Strong).tokens, context)}</strong>;
    case "em":
      return <em>{inline((token as Tokens.Em).tokens, context)}</em>;
    case "del":
      return <del>{inline((token as Tokens.Del).tokens, context)}</del>;
    case "codespan":
      return <code className="mono">{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return link(token as Tokens.Link, context);
    case "image":
      // Loading it would tell another server that this answer was read.
      return (token as Tokens.Image).text;
    case "text": {
      const text = token as Tokens.Text;
      return text.tokens ? inline(text.tokens, context) : textWithCites(decodeEntities(text.text), context);
    }
    case "math":
      return <Math token={token as MathToken} />;
    case "escape":
      return (token as Tokens.Escape).text;
    default:
      return textWithCites(token.raw, context);
  }
}

function link(token: Tokens.Link, context: ProseContext): ReactNode {
  const safe = /^(https?:|mailto:)/i.test(token.href);
  const children = inline(token.tokens, context);
  return safe ? <a href={token.href} target="_blank" rel="noopener noreferrer nofollow">{children}</a> : children;
}

export function textWithCites(text: string, context: ProseContext): ReactNode {
  if (context.citations.length === 0 || !text.includes("[")) return text;
  const known = new Set(context.citations.map((citation) => citation.marker));
  const out: ReactNode[] = [];
  let at = 0;
  for (const match of text.matchAll(held)) {
    if (out.length > citesMax) break;
    const markers = [...(match[3] ?? "").matchAll(/\d+/g)].map((number) => Number(number[0]));
    if (!markers.some((marker) => known.has(marker))) continue;
    out.push(text.slice(at, match.index));
    out.push(
      <span className="held" key={match.index}>
        {match[1]}{match[1] ? " " : match[2]}
        {markers.map((marker, index) =>
          known.has(marker) ? (
            <Cite key={index} citation={context.citations.find((one) => one.marker === marker)!} current={context.current === marker} onCite={context.onCite} />
          ) : null,
        )}
        {match[4]}
      </span>,
    );
    at = match.index + match[0].length;
  }
  out.push(text.slice(at));
  return out;
}
