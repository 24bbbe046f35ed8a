import { useCallback, useSyncExternalStore } from "react";
import { liveOf, subscribeLive } from "./live";
import type { Live } from "./live";

export function useLive(message: string): Live {
  return useSyncExternalStore(
    useCallback((listener: () => void) => subscribeLive(message, listener), [message]),
    () => liveOf(message),
  );
}
