import { AppError, fail } from "#protocol/errors.ts";
import type { Frame } from "./frames.ts";
import { type Connection, Cut, type Hello, openConnection, type SshOptions } from "./ssh-connection.ts";
import { hostFailure, type SystemError } from "./system-error.ts";

/** Milliseconds before each attempt to come back after a cut. */
const DELAYS = [100, 1000, 2000, 5000, 10_000];

export interface ChannelOptions extends SshOptions {
  delays?: readonly number[];
}

export interface Channel {
  hello(): Promise<Hello>;
  /**
   * `repeatable`: asked again after a cut, because doing it twice is doing it once. Anything else is told as host/cut: it may have been
   * done or not.
   */
  ask(head: Record<string, unknown>, data?: Uint8Array | null, repeatable?: boolean): Promise<Frame>;
  close(): Promise<void>;
}

/** One connection to a host, opened at the first question and again after a cut. */
export function createChannel({ delays = DELAYS, ...ssh }: ChannelOptions): Channel {
  let current: Promise<Connection> | null = null;
  let served = false;
  let closed = false;

  const connection = async (): Promise<Connection> => {
    if (closed) throw fail("internal", `The connection to ${ssh.destination} was closed`);
    if (current === null) {
      const opening = open();
      current = opening;
      // All who waited are told; who asks later tries anew.
      opening.catch(() => forget(opening));
    }
    const held = current;
    const there = await held;
    if (there.alive()) return there;
    forget(held);
    return connection();
  };
  const forget = (one: Promise<Connection>) => {
    if (current === one) current = null;
  };

  /** Who was never let in is told at once; after a cut the host is given time to come back. */
  const open = async (): Promise<Connection> => {
    for (let attempt = 0; ; attempt++) {
      try {
        const opened = await openConnection(ssh);
        served = true;
        if (closed) await opened.close();
        return opened;
      } catch (error) {
        const again = served && !closed && error instanceof AppError && error.problem.code === "host/unreachable";
        const delay = delays[attempt];
        if (!again || delay === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, delay));
      }
    }
  };

  return {
    async hello() {
      return (await connection()).hello;
    },
    async ask(head, data = null, repeatable = true) {
      for (let cuts = 0; ; cuts++) {
        const there = await connection();
        let frame: Frame;
        try {
          frame = await there.ask(head, data);
        } catch (error) {
          if (!(error instanceof Cut)) throw error;
          if (!repeatable)
            throw fail("host/cut", `The connection to ${ssh.destination} ended before the answer came`, {
              remedy: "It may have been done or not: look at what is there, then do it again.",
              cause: error.end,
              data: { op: head.op },
            });
          if (cuts >= delays.length) throw error.end;
          continue;
        }
        const { error } = frame.head;
        if (error !== undefined) throw hostFailure(ssh.destination, error as SystemError);
        return frame;
      }
    },
    async close() {
      closed = true;
      const held = current;
      current = null;
      await (await held?.catch(() => null))?.close();
    },
  };
}
