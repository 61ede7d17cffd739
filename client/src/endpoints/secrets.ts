import type { SecretStorage } from "vscode";
import type { ClientRequests } from "#protocol/messages.ts";

/** A key, and the server that it is meant for: scheme, host and port; null where that is not known. */
export interface Key {
  name: string;
  origin: string | null;
  value: string;
}

/** A server that is about to be given a key that was not stored for it. */
export interface KeyQuestion {
  name: string;
  origin: string;
  /** The servers that may have it; empty for a key of which nobody remembers where it belongs. */
  known: readonly string[];
}

/** Keys of endpoints, in the editor's own storage. No value of them is logged, shown or put into a message. */
export interface Secrets {
  /** What the server is told when it asks for the key for an origin. The user is asked about another origin than the key's, once. */
  get(name: string, origin: string): Promise<ClientRequests["secret/get"]["result"]>;
  has(name: string): Promise<boolean>;
  /** A key in the place of the one before; it belongs to its own server alone. */
  store(key: Key): Promise<void>;
  remove(name: string): Promise<void>;
  /** Lets the server try a key while `run` works; it is not stored. */
  trying<T>(key: Key, run: () => Promise<T>): Promise<T>;
}

export function createSecrets(
  storage: Pick<SecretStorage, "get" | "store" | "delete">,
  mayHave: (question: KeyQuestion) => Promise<boolean>,
): Secrets {
  const tried = new Map<string, Key>();
  const asking = new Map<string, Promise<boolean>>();

  const originsOf = async (name: string): Promise<string[]> => {
    const stored = await storage.get(originsKey(name));
    return stored === undefined ? [] : stored.split("\n");
  };

  /** Everybody who asks the same meanwhile waits for the one answer. */
  const isAllowed = (name: string, origin: string): Promise<boolean> => {
    const question = `${name}\n${origin}`;
    const answer = asking.get(question) ?? ask(name, origin).finally(() => asking.delete(question));
    asking.set(question, answer);
    return answer;
  };
  const ask = async (name: string, origin: string): Promise<boolean> => {
    const known = await originsOf(name);
    if (known.includes(origin)) return true;
    if (!(await mayHave({ name, origin, known }))) return false;
    await storage.store(originsKey(name), [...(await originsOf(name)), origin].join("\n"));
    return true;
  };

  return {
    async get(name, origin) {
      const trying = tried.get(name);
      if (trying?.origin === origin) return { value: trying.value, refused: false };
      if ((await storage.get(name)) === undefined) return { value: null, refused: false };
      if (!(await isAllowed(name, origin))) return { value: null, refused: true };
      return { value: (await storage.get(name)) ?? null, refused: false };
    },
    has: async (name) => (await storage.get(name)) !== undefined,
    async store({ name, origin, value }) {
      // First of all: a new key is never bound to the servers of the old one.
      await storage.delete(originsKey(name));
      await storage.store(name, value);
      if (origin !== null) await storage.store(originsKey(name), origin);
    },
    async remove(name) {
      await storage.delete(name);
      await storage.delete(originsKey(name));
    },
    async trying(key, run) {
      tried.set(key.name, key);
      try {
        return await run();
      } finally {
        tried.delete(key.name);
      }
    },
  };
}

/** Names of secrets have no colon. */
const originsKey = (name: string): string => `origins:${name}`;
