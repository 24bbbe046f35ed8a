// Rail, square, and what floats above them, for somebody who is signed in.
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { Route, Switch, useLocation } from "wouter";
import ChatScreen from "@/chat/ChatScreen";
import HomeScreen from "@/chat/HomeScreen";
import { useWords } from "@/i18n";
import { prefetchOverlays } from "@/ui/lazy-overlays";
import { AiNotice } from "./AiNotice";
import { Crash } from "./Crash";
import { NotFound } from "./NotFound";
import { Notices } from "./Notices";
import { ShellContext, Square } from "./page";
import { Rail } from "./Rail";
import { useShortcut } from "./shortcuts";
import { Status } from "./Status";

const Documents = lazy(() => import("@/documents/CollectionsScreen"));
const CollectionScreen = lazy(() => import("@/documents/CollectionScreen"));
const DocumentScreen = lazy(() => import("@/documents/DocumentScreen"));
const ReceiptScreen = lazy(() => import("@/receipt/ReceiptScreen"));
const SettingsScreen = lazy(() => import("@/settings/SettingsScreen"));
const PeopleScreen = lazy(() => import("@/settings/PeopleScreen"));
const ModelsScreen = lazy(() => import("@/models/ModelsScreen"));
const UsageScreen = lazy(() => import("@/usage/UsageScreen"));
const FirstSteps = lazy(() => import("./FirstSteps"));
const Palette = lazy(() => import("./Palette"));
const ShortcutsHelp = lazy(() => import("./ShortcutsHelp"));

export function Frame() {
  const { t } = useWords();
  const [location, navigate] = useLocation();
  const [railOpen, setRailOpen] = useState(false);
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);

  useEffect(prefetchOverlays, []);
  useShortcut({ key: "k", ctrl: true }, () => setPalette((open) => !open));
  useShortcut({ key: "o", ctrl: true, shift: true }, () => navigate("/"));
  useShortcut({ key: "?" }, () => setHelp(true));
  useShortcut({ key: "Escape" }, () => setRailOpen(false), railOpen);

  const shell = useMemo(
    () => ({ railOpen, openRail: () => setRailOpen(true), openPalette: () => setPalette(true) }),
    [railOpen],
  );

  if (location === "/welcome") return <Suspense fallback={null}><FirstSteps /></Suspense>;

  return (
    <ShellContext value={shell}>
      <a className="skip" href="#main">{t("nav.skip")}</a>
      <div className="app" data-rail={railOpen ? "" : undefined}>
        <Rail onClose={() => setRailOpen(false)} />
        {railOpen ? <button type="button" className="rail__scrim" tabIndex={-1} aria-hidden="true" onClick={() => setRailOpen(false)} /> : null}
        <div className="app__main" inert={railOpen}>
          <Notices />
          <Crash key={location}>
            <Suspense fallback={<Square>{null}</Square>}>
              <Switch>
                <Route path="/" component={HomeScreen} />
                <Route path="/c/:id">{(params) => <ChatScreen key={params.id} id={params.id} />}</Route>
                <Route path="/documents" component={Documents} />
                <Route path="/documents/:id">{(params) => <CollectionScreen key={params.id} id={params.id} />}</Route>
                <Route path="/d/:id">{(params) => <DocumentScreen key={params.id} id={params.id} />}</Route>
                <Route path="/receipt/:id">{(params) => <ReceiptScreen key={params.id} id={params.id} />}</Route>
                <Route path="/settings" component={SettingsScreen} />
                <Route path="/usage" component={UsageScreen} />
                <Route path="/models" component={ModelsScreen} />
                <Route path="/people" component={PeopleScreen} />
                <Route><NotFound /></Route>
              </Switch>
            </Suspense>
          </Crash>
        </div>
      </div>
      <Status />
      <AiNotice />
      <Suspense fallback={null}>
        {palette ? <Palette onClose={() => setPalette(false)} onHelp={() => setHelp(true)} /> : null}
        {help ? <ShortcutsHelp onClose={() => setHelp(false)} /> : null}
      </Suspense>
    </ShellContext>
  );
}
