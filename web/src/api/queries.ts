// What is read from the server, each under one key of the cache.
import { QueryClient, infiniteQueryOptions, queryOptions, replaceEqualDeep } from "@tanstack/react-query";
import { Problem, request, setCsrf, withQuery } from "./http";
import type {
  ApiKey, BudgetNotice, Collection, Conversation, ConversationRow, Doc, DocumentContent, Group, Labels, Model, OrganisationUsage, OwnUsage,
  Paged, Person, Receipt, Sample, Session, Shelf,
} from "./types";

export const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: "always",
      retry: (count, error) => !(error instanceof Problem && error.status < 500) && count < 4,
      retryDelay: (count) => Math.min(8_000, 500 * 2 ** count),
    },
  },
});

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | Problem> => {
    try {
      const session = await request<Session>("/api/session", { signal, mayBeSignedOut: true });
      setCsrf(session.csrf);
      return session;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return error;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

export const modelsQuery = queryOptions({
  queryKey: ["models"],
  queryFn: ({ signal }) => request<{ models: Model[]; default: string }>("/api/models", { signal }),
  // A model that loads is watched until it is ready.
  refetchInterval: (query) => (query.state.data?.models.some((model) => model.state === "loading") ? 2_000 : false),
});

export const labelsQuery = queryOptions({
  queryKey: ["labels"],
  queryFn: ({ signal }) => request<Labels>("/api/labels", { signal }),
  staleTime: 10 * 60_000,
});

export const noticesQuery = queryOptions({
  queryKey: ["notices"],
  queryFn: ({ signal }) => request<{ notices: BudgetNotice[] }>("/api/notices", { signal }),
  refetchInterval: 60_000,
});

type Page<Name extends string, Row> = Paged & { [K in Name]: Row[] };

export const conversationsQuery = (q = "") =>
  infiniteQueryOptions({
    queryKey: ["conversations", q],
    queryFn: ({ pageParam, signal }) =>
      request<Page<"conversations", ConversationRow>>(withQuery("/api/conversations", { q, after: pageParam, limit: 50 }), { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ["conversation", id],
    queryFn: ({ signal }) => request<Conversation>(`/api/conversations/${id}`, { signal }),
    refetchOnWindowFocus: false,
    structuralSharing: (old, fresh) => replaceEqualDeep(old, keepKeys(old as Conversation | undefined, fresh as Conversation)),
  });

/** A message that was shown before the server knew it keeps its element when it is read again. */
function keepKeys(old: Conversation | undefined, fresh: Conversation): Conversation {
  const keys = new Map(old?.messages.flatMap((message) => (message.key ? [[message.id, message.key] as const] : [])));
  if (keys.size === 0) return fresh;
  return { ...fresh, messages: fresh.messages.map((message) => (keys.has(message.id) && !message.key ? { ...message, key: keys.get(message.id)! } : message)) };
}

export const collectionsQuery = (q = "") =>
  infiniteQueryOptions({
    queryKey: ["collections", q],
    queryFn: ({ pageParam, signal }) =>
      request<Page<"collections", Collection>>(withQuery("/api/collections", { q, after: pageParam, limit: 50 }), { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const collectionQuery = (id: string) =>
  queryOptions({
    queryKey: ["collection", id],
    queryFn: ({ signal }) => request<Collection>(`/api/collections/${id}`, { signal }),
  });

export const documentsQuery = (collection: string, q = "") =>
  infiniteQueryOptions({
    queryKey: ["documents", collection, q],
    queryFn: ({ pageParam, signal }) =>
      request<Page<"documents", Doc>>(withQuery(`/api/collections/${collection}/documents`, { q, after: pageParam, limit: 100 }), { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    refetchInterval: (query) => {
      const running = query.state.data?.pages.some((page) => page.documents.some((doc) => doc.state !== "ready" && doc.state !== "failed"));
      return running ? 1_000 : false;
    },
  });

export const documentQuery = (id: string) =>
  queryOptions({ queryKey: ["document", id], queryFn: ({ signal }) => request<Doc>(`/api/documents/${id}`, { signal }) });

export const contentQuery = (id: string, passage: string | null = null, quote: string | null = null) =>
  queryOptions({
    queryKey: ["content", id, passage, quote],
    queryFn: ({ signal }) => request<DocumentContent>(withQuery(`/api/documents/${id}/content`, { passage, quote }), { signal }),
    staleTime: 10 * 60_000,
  });

export const sampleQuery = queryOptions({
  queryKey: ["sample"],
  queryFn: ({ signal }) => request<Sample>("/api/sample", { signal }),
  refetchInterval: (query) => (query.state.data?.state === "loading" ? 1_000 : false),
});

export const receiptQuery = (id: string) =>
  queryOptions({ queryKey: ["receipt", id], queryFn: ({ signal }) => request<Receipt>(`/api/exchanges/${id}`, { signal }), staleTime: 60_000 });

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => request<{ keys: ApiKey[] }>("/api/keys", { signal }),
});

export const peopleQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["people", q],
    queryFn: ({ pageParam, signal }) => request<Page<"people", Person>>(withQuery("/api/people", { q, after: pageParam }), { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });

export const groupsQuery = queryOptions({
  queryKey: ["groups"],
  queryFn: ({ signal }) => request<{ groups: Group[] }>("/api/groups?limit=200", { signal }),
});

export const shelfQuery = queryOptions({
  queryKey: ["shelf"],
  queryFn: ({ signal }) => request<Shelf>("/api/admin/models", { signal }),
  refetchInterval: (query) => (query.state.data?.models.some(({ pull }) => pull && pull.step !== "failed") ? 1_000 : false),
});

type Span = { from: string; to: string };

export const myUsageQuery = ({ from, to }: Span) =>
  queryOptions({ queryKey: ["usage", from, to], queryFn: ({ signal }) => request<OwnUsage>(withQuery("/api/me/usage", { from, to }), { signal }) });

export const organisationUsageQuery = ({ from, to }: Span, by: string) =>
  queryOptions({
    queryKey: ["usage", from, to, by],
    queryFn: ({ signal }) => request<OrganisationUsage>(withQuery("/api/admin/usage", { from, to, by, limit: 200 }), { signal }),
  });
