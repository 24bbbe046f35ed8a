// A printed page with the passage marked on it. Paper stays paper at night.
import { useEffect, useRef, useState } from "react";
import type { DocumentContent } from "@/api/types";
import { useWords } from "@/i18n";

const widths = [600, 900, 1400, 2000];

export function PageImage({ content, page, full }: { content: DocumentContent; page: number; full: boolean }) {
  const { t } = useWords();
  const [failed, setFailed] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(full ? 1400 : 900);
  useEffect(() => setFailed(false), [page]);
  useEffect(() => {
    const at = box.current;
    if (!at) return;
    const needed = at.clientWidth * window.devicePixelRatio;
    setWidth(widths.find((one) => one >= needed) ?? 2000);
  }, []);
  const highlight = content.highlight;
  const size = highlight?.page_size;
  const boxes = highlight && size && (highlight.page ?? 1) === page ? (highlight.boxes ?? []) : [];
  const first = useRef<HTMLElement>(null);
  useEffect(() => {
    first.current?.scrollIntoView({ block: "center" });
  }, [page, highlight]);
  const text = content.blocks.filter((block) => block.page === page).map((block) => block.text).join("\n");
  const ratio = size && size[0] > 0 ? `${size[0]} / ${size[1]}` : "210 / 297";
  return (
    <div className="viewer__page" tabIndex={0} role="region" aria-label={t("document.pageOf", { page, of: content.pages ?? page })} ref={box}>
      <div className={full ? "pageimage pageimage--full" : "pageimage"} style={{ aspectRatio: ratio }}>
        {failed ? (
          <p className="pageimage__text">{text || t("document.noImage")}</p>
        ) : (
          <img
            key={page}
            src={`/api/documents/${content.id}/pages/${page}.png?width=${width}`}
            alt={t("document.pageOf", { page, of: content.pages ?? page })}
            aria-describedby={text ? `page-text-${content.id}-${page}` : undefined}
            onError={() => setFailed(true)}
          />
        )}
        {size
          ? boxes.map(([x0, y0, x1, y1], index) => (
              <i
                key={index}
                ref={index === 0 ? first : undefined}
                className="hitbox"
                style={{
                  left: `${(x0 / size[0]) * 100}%`,
                  top: `${(y0 / size[1]) * 100}%`,
                  width: `${((x1 - x0) / size[0]) * 100}%`,
                  height: `${((y1 - y0) / size[1]) * 100}%`,
                }}
              />
            ))
          : null}
      </div>
      {/* A picture of a page says nothing to a screen reader: its words do. */}
      {text && !failed ? <p className="said" id={`page-text-${content.id}-${page}`}>{text}</p> : null}
    </div>
  );
}
