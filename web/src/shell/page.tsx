// What every screen of the square has: its bar, its title, the button of the drawer.
import { Menu } from "lucide-react";
import { createContext, use, useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { useWords } from "@/i18n";

interface Shell {
  railOpen: boolean;
  openRail: () => void;
  openPalette: () => void;
}

export const ShellContext = createContext<Shell>({ railOpen: false, openRail: () => {}, openPalette: () => {} });
export const useShell = () => use(ShellContext);

export function RailButton() {
  const { t } = useWords();
  const { railOpen, openRail } = useShell();
  return (
    <button type="button" className="iconbtn topbar" aria-label={t("nav.menu")} aria-expanded={railOpen} onClick={openRail}>
      <Menu className="i" aria-hidden="true" />
    </button>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} – Bastide` : "Bastide";
  }, [title]);
}

let firstScreen = true;

/** A change of route puts the focus on its h1; the first screen leaves it to the browser. */
export function PageTitle({ children, title, className }: { children: ReactNode; title: string; className?: string }) {
  useTitle(title);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!firstScreen) heading.current?.focus({ preventScroll: true });
    firstScreen = false;
  }, []);
  return <h1 ref={heading} tabIndex={-1} className={className}>{children}</h1>;
}

/** The light surface in the middle. */
export function Square({ children, className = "" }: { children: ReactNode; className?: string }) {
  return <main id="main" className={`square ${className}`}>{children}</main>;
}

export function Page({ bar, children }: { bar?: ReactNode; children: ReactNode }) {
  return (
    <Square>
      <div className="bar">
        <RailButton />
        {bar}
      </div>
      <div className="scroll">
        <div className="page">{children}</div>
      </div>
    </Square>
  );
}
