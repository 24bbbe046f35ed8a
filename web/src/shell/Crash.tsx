// A screen that fails must not take the others with it.
import { Component } from "react";
import type { ReactNode } from "react";
import { useWords } from "@/i18n";
import { Mark } from "@/ui/Mark";
import { Square } from "./page";

export class Crash extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Failed /> : this.props.children;
  }
}

function Failed() {
  const { t } = useWords();
  return (
    <Square>
      <div className="empty" role="alert">
        <Mark size={40} />
        <h1>{t("crash.title")}</h1>
        <p>{t("crash.text")}</p>
        <button type="button" className="btn btn--primary" onClick={() => window.location.reload()}>{t("crash.reload")}</button>
      </div>
    </Square>
  );
}
