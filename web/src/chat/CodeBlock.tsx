// Code with its colours and a copy button. Loaded with the first block of code.
import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { Check, Copy } from "lucide-react";
import { createElement, useState } from "react";
import type { ReactNode } from "react";
import { useWords } from "@/i18n";

const languages = { bash, css, java, javascript, json, python, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(languages)) hljs.registerLanguage(name, language);
hljs.registerAliases(["sh", "shell", "console"], { languageName: "bash" });

const highlightedMax = 30_000;

export default function CodeBlock({ code, language, growing }: { code: string; language: string; growing: boolean }) {
  const { t } = useWords();
  const [copied, setCopied] = useState(false);
  const name = language.split(/\s/)[0]?.toLowerCase() ?? "";
  const known = name !== "" && hljs.getLanguage(name) && code.length < highlightedMax;
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
    window.setTimeout(() => setCopied(false), 1_500);
  };
  return (
    <figure className="code" aria-label={name ? t("code.in", { language: name }) : t("code.block")}>
      <figcaption>
        <span>{name || t("code.block")}</span>
        <button type="button" className="btn btn--quiet btn--small push" onClick={() => void copy()} disabled={growing}>
          {copied ? <Check className="i i--s" aria-hidden="true" /> : <Copy className="i i--s" aria-hidden="true" />}
          {copied ? t("action.copied") : t("action.copy")}
        </button>
      </figcaption>
      <pre tabIndex={0}><code>{known ? coloured(hljs.highlight(code, { language: name, ignoreIllegals: true }).value) : code}</code></pre>
    </figure>
  );
}

// highlight.js writes spans with classes and text, nothing else; they become elements, so that no HTML is injected.
function coloured(html: string): ReactNode {
  const body = new DOMParser().parseFromString(html, "text/html").body;
  return [...body.childNodes].map(element);
}

function element(node: ChildNode, index: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  return createElement("span", { key: index, className: node.className }, ...[...node.childNodes].map(element));
}
