// The composer asks the last question to open for editing (↑ in an empty composer).

const listeners = new Map<string, () => void>();

export const editRequests = {
  on(message: string, listener: () => void): () => void {
    listeners.set(message, listener);
    return () => {
      if (listeners.get(message) === listener) listeners.delete(message);
    };
  },
  send(message: string): void {
    listeners.get(message)?.();
  },
};
