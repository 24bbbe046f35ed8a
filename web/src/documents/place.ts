// The address of a document, open at what was quoted of it.
import type { Citation } from "@/api/types";

export function documentPlace(document: string, passage?: string | null, quote?: string | null): string {
  const query = new URLSearchParams();
  if (passage) query.set("passage", passage);
  if (passage && quote) query.set("quote", quote);
  const text = query.toString();
  return `/d/${document}${text ? `?${text}` : ""}`;
}

export const citedPlace = (citation: Citation): string => documentPlace(citation.document, citation.passage, citation.quote);
