import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface CannedServer {
  url: string;
  /** How often each request body was answered, by its hash. */
  answered: Map<string, number>;
  /** Requests that have arrived and not been answered. */
  readonly waiting: number;
  /** Settles when `count` more requests have arrived. */
  arrivals(count: number): Promise<void>;
  /** Answers nothing until `release`. */
  hold(): void;
  release(): void;
  /** The status that every request gets from now on; 200 answers. */
  status: number;
  stop(): Promise<void>;
}

/** Stands in for a paid model: the protocol is real, the answers are canned. Each body gets a problem of its own that parses. */
export async function startCannedServer(): Promise<CannedServer> {
  let held: (() => void)[] | null = null;
  let waiting = 0;
  let arrived: { left: number; resolve: () => void } | null = null;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const key = createHash("sha256").update(body).digest("hex");
      waiting++;
      if (arrived !== null && --arrived.left === 0) arrived.resolve();
      const answer = () => {
        waiting--;
        if (response.destroyed) return;
        if (canned.status !== 200) {
          response.writeHead(canned.status, { "content-type": "application/json" });
          response.end(JSON.stringify({ error: { message: "canned refusal", code: "canned" } }));
          return;
        }
        canned.answered.set(key, (canned.answered.get(key) ?? 0) + 1);
        const number = Number.parseInt(key.slice(0, 6), 16);
        const content = `## Problem\nA gardener plants ${number} trees of kind ${key.slice(6, 14)} and then one more. How many trees stand there?\n\n## Solution\nThere are $${number} + 1$ trees, so \\boxed{${number + 1}}.`;
        response.writeHead(200, { "content-type": "application/json" });
        response.end(
          JSON.stringify({
            id: `canned-${key.slice(0, 8)}`,
            object: "chat.completion",
            model: "canned",
            choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content } }],
            usage: { prompt_tokens: 100, completion_tokens: 40, total_tokens: 140 },
          }),
        );
      };
      if (held === null) answer();
      else held.push(answer);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const canned: CannedServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    answered: new Map(),
    get waiting() {
      return waiting;
    },
    arrivals: (left) =>
      new Promise((resolve) => {
        arrived = { left, resolve };
      }),
    hold() {
      held = [];
    },
    release() {
      const queue = held ?? [];
      held = null;
      for (const answer of queue) answer();
    },
    status: 200,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return canned;
}
