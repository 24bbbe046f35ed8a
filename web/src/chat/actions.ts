// What can be done to a conversation from any list of them.
import { useQueryClient } from "@tanstack/react-query";
import type { InfiniteData } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { request } from "@/api/http";
import { conversationQuery } from "@/api/queries";
import type { Conversation, ConversationRow } from "@/api/types";
import { useWords } from "@/i18n";
import { deleteLater } from "@/shell/deletions";
import { toast } from "@/shell/status";

interface ListPage {
  conversations: ConversationRow[];
}

export function useConversationActions(id: string): { rename: (title: string) => void; remove: () => void } {
  const client = useQueryClient();
  const { t } = useWords();
  const [location, navigate] = useLocation();

  const retitle = (title: string) => {
    client.setQueryData(conversationQuery(id).queryKey, (old: Conversation | undefined) => (old ? { ...old, title } : old));
    client.setQueriesData({ queryKey: ["conversations"] }, (old: InfiniteData<ListPage> | undefined) =>
      old
        ? {
            ...old,
            pages: old.pages.map((page) => ({
              ...page,
              conversations: page.conversations.map((row) => (row.id === id ? { ...row, title } : row)),
            })),
          }
        : old,
    );
  };

  return {
    rename: (title) => {
      retitle(title);
      request(`/api/conversations/${id}`, { method: "PATCH", body: { title } }).catch(() => {
        toast(t("error.notSaved"));
        void client.invalidateQueries({ queryKey: ["conversations"] });
        void client.invalidateQueries({ queryKey: conversationQuery(id).queryKey });
      });
    },
    remove: () => {
      if (location === `/c/${id}`) navigate("/");
      deleteLater(
        id,
        `/api/conversations/${id}`,
        { done: t("chat.deleted"), undo: t("action.undo"), failed: t("error.notDeleted") },
        () => void client.invalidateQueries({ queryKey: ["conversations"] }),
      );
    },
  };
}
