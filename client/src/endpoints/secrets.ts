import type { SecretStorage } from "vscode";

/** Keys of endpoints, in the editor's own storage. No value of them is logged, shown or put into a message. */
export interface Secrets {
  /** What the server is told when it asks. */
  get(name: string): Promise<string | null>;
  has(name: string): Promise<boolean>;
  store(name: string, value: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Lets the server try a value under a name while `run` works; it is not stored. */
  trying<T>(name: string, value: string, run: () => Promise<T>): Promise<T>;
}

export function createSecrets(storage: Pick<SecretStorage, "get" | "store" | "delete">): Secrets {
  const tried = new Map<string, string>();
  const get = async (name: string) => tried.get(name) ?? (await storage.get(name)) ?? null;
  return {
    get,
    has: async (name) => (await storage.get(name)) !== undefined,
    store: async (name, value) => await storage.store(name, value),
    remove: async (name) => await storage.delete(name),
    async trying(name, value, run) {
      tried.set(name, value);
      try {
        return await run();
      } finally {
        tried.delete(name);
      }
    },
  };
}
