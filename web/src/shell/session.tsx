// Who is signed in. Inside the provider there always is somebody.
import { createContext, use } from "react";
import type { ReactNode } from "react";
import { request, setCsrf } from "@/api/http";
import { client, sessionQuery } from "@/api/queries";
import type { Session } from "@/api/types";
import { forgetControllers } from "@/chat/controller";
import { unfollowAll } from "@/chat/live";

const Context = createContext<Session | null>(null);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  return <Context value={session}>{children}</Context>;
}

export function useSession(): Session {
  const session = use(Context);
  if (!session) throw new Error("SessionProvider is missing");
  return session;
}

/** Takes up a session: after signing in, and after the first administrator was made. */
export function begin(session: Session): void {
  setCsrf(session.csrf);
  client.setQueryData(sessionQuery.queryKey, session);
}

/** The session as it is known after a change of it. */
export function update(session: Session): void {
  client.setQueryData(sessionQuery.queryKey, session);
}

export async function signOut(): Promise<void> {
  try {
    await request("/api/session", { method: "DELETE", mayBeSignedOut: true });
  } finally {
    // Nothing of this person stays in memory or in sight.
    unfollowAll();
    forgetControllers();
    setCsrf("");
    client.clear();
    window.location.assign("/sign-in");
  }
}
