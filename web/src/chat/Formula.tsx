// A formula. KaTeX builds its nodes itself, without HTML text: the page's policy forbids style attributes in it.
import katex from "katex";
import "katex/dist/katex.min.css";
import { useLayoutEffect, useRef } from "react";

export default function Formula({ source, display = false }: { source: string; display?: boolean }) {
  const place = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    if (!place.current) return;
    katex.render(source, place.current, { displayMode: display, throwOnError: false, trust: false, strict: "ignore", maxExpand: 200, maxSize: 20 });
  }, [source, display]);
  return <span ref={place} className={display ? "formula formula--display" : "formula"} tabIndex={display ? 0 : undefined} />;
}
