// One conversation: its messages, the composer under them, the sources beside them.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { PanelRight, Pencil, Trash2 } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Problem } from "@/api/http";
import { conversationQuery } from "@/api/queries";
import type { Conversation } from "@/api/types";
import { useWords } from "@/i18n";
import { NotFound } from "@/shell/NotFound";
import { RailButton, Square, useTitle } from "@/shell/page";
import { useShortcut } from "@/shell/shortcuts";
import { announce } from "@/shell/status";
import { Label } from "@/ui/Label";
import { FormDialog } from "@/ui/lazy-overlays";
import { MenuButton } from "@/ui/MenuButton";
import { Skeleton } from "@/ui/Pending";
import { useConversationActions } from "./actions";
import { Composer } from "./Composer";
import { controllerOf } from "./controller";
import type { AskOptions } from "./controller";
import { editRequests } from "./edit-requests";
import { defaultOptions, rememberedOptions, rememberOptions } from "./options";
import { OptionsContext } from "./OptionsContext";
import { Sources } from "./Sources";
import type { OpenSource } from "./Sources";
import { Thread } from "./Thread";
import { pathTo } from "./tree";
import { useLive } from "./use-live";
import { firstWords } from "./words";

export default function ChatScreen({ id }: { id: string }) {
  const { data, error } = useQuery(conversationQuery(id));
  if (error instanceof Problem && error.status === 404) return <NotFound />;
  if (!data) {
    return (
      <Square className="chat">
        <div className="bar"><RailButton /></div>
        <div className="thread__box"><div className="scroll"><div className="thread"><Skeleton lines={6} /></div></div></div>
      </Square>
    );
  }
  return <Chat conversation={data} />;
}

function Chat({ conversation }: { conversation: Conversation }) {
  const { t } = useWords();
  const client = useQueryClient();
  const controller = controllerOf(client, conversation.id);
  const state = useSyncExternalStore(controller.subscribe, () => controller.state);
  const path = useMemo(() => pathTo(conversation.messages, conversation.leaf), [conversation.messages, conversation.leaf]);
  const [options, setOptions] = useState<AskOptions>(() => rememberedOptions(conversation.id) ?? initialOptions(conversation));
  const [source, setSource] = useState<OpenSource | null>(null);
  const returnTo = useRef<HTMLElement | null>(null);
  // Until the server has given a title, the first question stands for it.
  const title = conversation.title || firstWords(path[0]?.content ?? "") || t("chat.untitled");
  useTitle(title);

  const running = path.findLast((message) => message.state === "streaming");
  useEffect(() => controller.followShown(), [controller, running?.id, running?.stream]);
  useEffect(() => {
    controller.onEnded = ({ message }) => {
      const n = message.citations?.length ?? 0;
      announce(message.state === "complete" ? (n > 0 ? t("said.done", { n }) : t("said.doneNoSource")) : t(`said.${message.state}`));
    };
    return () => {
      controller.onEnded = null;
    };
  }, [controller, t]);
  const runningId = running?.id;
  useEffect(() => {
    if (runningId) announce(t("said.running"));
  }, [runningId, t]);

  const set = useCallback(
    (part: Partial<AskOptions>) =>
      setOptions((old) => {
        const next = { ...old, ...part };
        rememberOptions(conversation.id, next);
        return next;
      }),
    [conversation.id],
  );
  const optionsValue = useMemo(() => ({ options, set }), [options, set]);

  const onSource = useCallback((next: OpenSource, from: HTMLElement) => {
    returnTo.current = from;
    setSource(next);
  }, []);
  const closeSources = useCallback(() => {
    setSource(null);
    returnTo.current?.focus();
  }, []);

  const shown = source ? path.find((message) => message.id === source.message) : undefined;
  const live = useLive(source?.message ?? "");
  const citations = shown ? (live.citations.length > 0 ? live.citations : (shown.citations ?? [])) : [];
  const cited = path.findLast((message) => (message.citations?.length ?? 0) > 0);
  const open = source !== null && citations.length > 0;

  useShortcut({ key: ".", ctrl: true }, () => {
    if (open) closeSources();
    else if (cited?.citations?.[0]) setSource({ message: cited.id, marker: cited.citations[0].marker });
  });
  useShortcut({ key: "Escape" }, () => {
    if (controller.running) void controller.stop();
    else if (open) closeSources();
  }, Boolean(running) || open);

  return (
    <OptionsContext value={optionsValue}>
      <div className="app__columns" data-panel={open ? "" : undefined}>
        <Square className="chat">
          <ChatBar conversation={conversation} title={title} sources={cited?.citations?.length ?? 0} open={open} onSources={() => {
            if (open) closeSources();
            else if (cited?.citations?.[0]) setSource({ message: cited.id, marker: cited.citations[0].marker });
          }} />
          <Thread title={title} path={path} all={conversation.messages} controller={controller} source={source} onSource={onSource} />
          <div className="chat__foot">
            <div>
              <Composer
                draftKey={conversation.id}
                conversation={conversation.id}
                running={Boolean(running) || state.sending}
                state={state}
                controller={controller}
                onSend={(content) => controller.ask(content, options)}
                onStop={() => void controller.stop()}
                onEditLast={() => {
                  const last = path.findLast((message) => message.speaker === "user");
                  if (last) editRequests.send(last.id);
                }}
              />
              <p className="chat__note">{t("chat.mayBeWrong")}</p>
            </div>
          </div>
        </Square>
        {open && source ? (
          <Sources citations={citations} marker={source.marker} onChoose={(marker) => setSource({ ...source, marker })} onClose={closeSources} />
        ) : null}
      </div>
    </OptionsContext>
  );
}

function ChatBar({ conversation, title, sources, open, onSources }: {
  conversation: Conversation;
  title: string;
  sources: number;
  open: boolean;
  onSources: () => void;
}) {
  const { t } = useWords();
  const actions = useConversationActions(conversation.id);
  const [renaming, setRenaming] = useState(false);
  return (
    <div className="bar">
      <RailButton />
      <h1 className="cut">{title}</h1>
      {conversation.label ? <Label id={conversation.label} /> : null}
      <span className="push row row--tight">
        {sources > 0 ? (
          <button type="button" className="btn btn--small" aria-expanded={open} aria-keyshortcuts="Control+." onClick={onSources}>
            <PanelRight className="i i--s" aria-hidden="true" />
            <span className="num">{sources}</span>
            <span className="said"> {t("source.panel")}</span>
          </button>
        ) : null}
        <MenuButton
          label={t("action.more")}
          actions={[
            { id: "rename", name: t("action.rename"), icon: <Pencil className="i" aria-hidden="true" />, onAction: () => setRenaming(true) },
            "-",
            { id: "delete", name: t("action.delete"), danger: true, icon: <Trash2 className="i" aria-hidden="true" />, onAction: actions.remove },
          ]}
        />
      </span>
      {renaming ? (
        <FormDialog title={t("chat.renameTitle")} onClose={() => setRenaming(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const value = new FormData(event.currentTarget).get("title");
              if (typeof value === "string" && value.trim()) actions.rename(value.trim());
              setRenaming(false);
            }}
          >
            <div className="dialog__body">
              <input className="input" name="title" aria-label={t("chat.title")} defaultValue={conversation.title} autoFocus maxLength={200} />
            </div>
            <footer>
              <button type="button" className="btn" onClick={() => setRenaming(false)}>{t("action.cancel")}</button>
              <button type="submit" className="btn btn--primary">{t("action.rename")}</button>
            </footer>
          </form>
        </FormDialog>
      ) : null}
    </div>
  );
}

function initialOptions(conversation: Conversation): AskOptions {
  const { settings } = conversation;
  return {
    model: settings?.model || defaultOptions.model,
    label: settings?.label || defaultOptions.label,
    collections: settings?.collections ?? defaultOptions.collections,
    quoteOnly: settings?.quote_only ?? defaultOptions.quoteOnly,
  };
}
