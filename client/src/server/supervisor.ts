import type { Problem } from "#protocol/errors.ts";
import { pauseAfter, recent } from "./crashes.ts";
import { ProblemError, type ServerState } from "./server.ts";

/** One process of the server, from its start to its end. */
export interface Life {
  /** Ends it in order. Requests that are under way are rejected with `why`. */
  stop(why: Problem): Promise<void>;
}

export interface SupervisorOptions<L extends Life> {
  /**
   * Starts a process; settles when it answers. `ended` is called once if it ends by itself afterwards, with the last it said.
   * @throws ProblemError server/start-failed, whose data holds the last it said
   */
  open(ended: (problem: Problem) => void): Promise<L>;
  now(): number;
  /** Waits; nobody's time is wasted when the supervisor stops meanwhile. */
  pause(milliseconds: number): Promise<void>;
  onState(state: ServerState): void;
}

/** Keeps one life of the server going: begins it when it is first needed, and anew when it has ended by itself. */
export interface Supervisor<L extends Life> {
  readonly state: ServerState;
  /** The life that runs, or the one that is being started. @throws ProblemError once it has been given up */
  running(): Promise<L>;
  /** The life that runs at this moment, or null. */
  current(): L | null;
  restart(): Promise<void>;
  /** For good. */
  stop(): Promise<void>;
}

export function createSupervisor<L extends Life>({ open, now, pause, onState }: SupervisorOptions<L>): Supervisor<L> {
  let state: ServerState = { name: "stopped" };
  let life: L | null = null;
  let starting: Promise<L> | null = null;
  let crashes: number[] = [];
  /** Counts orders from outside: a start that began under an earlier one has nothing to say any more. */
  let order = 0;
  let closed = false;

  const become = (next: ServerState) => {
    state = next;
    onState(next);
  };

  /** Notes a crash. @returns how long to wait before the next start. @throws ProblemError where there is none */
  const crashed = (problem: Problem): number => {
    crashes = [...recent(crashes, now()), now()];
    const wait = pauseAfter(crashes.length);
    if (wait !== null) return wait;
    const given = givenUp(crashes.length, problem);
    become({ name: "crashed", problem: given });
    throw new ProblemError(given);
  };

  const begin = async (after: Problem | null, before: Promise<void> | null): Promise<L> => {
    const mine = order;
    let cause = after;
    let wait = after === null ? 0 : crashed(after);
    for (;;) {
      become({ name: "starting", after: cause });
      await before;
      if (wait > 0) await pause(wait);
      if (mine !== order) throw new ProblemError(STOPPED);
      try {
        const opened = await open((problem) => {
          if (life === opened) end(problem);
        });
        if (mine !== order) {
          await opened.stop(STOPPED);
          throw new ProblemError(STOPPED);
        }
        life = opened;
        become({ name: "ready" });
        return opened;
      } catch (thrown) {
        if (mine !== order) throw thrown;
        cause =
          thrown instanceof ProblemError ? thrown.problem : { code: "server/start-failed", message: `The server did not start: ${thrown}` };
        wait = crashed(cause);
      }
    }
  };

  const start = (after: Problem | null, before: Promise<void> | null = null): Promise<L> => {
    const attempt = begin(after, before);
    starting = attempt;
    const over = () => {
      if (starting === attempt) starting = null;
    };
    attempt.then(over, over);
    return attempt;
  };

  /** The running life has ended by itself: documents are open and panels wait, so another begins at once. */
  const end = (problem: Problem) => {
    life = null;
    // A failure is told by the state and to every request that comes.
    start(problem).catch(() => {});
  };

  const stop = async (why: Problem) => {
    order++;
    const old = life;
    life = null;
    starting = null;
    await old?.stop(why);
  };

  return {
    get state() {
      return state;
    },
    async running() {
      for (;;) {
        if (life !== null) return life;
        if (state.name === "crashed") throw new ProblemError(state.problem);
        const mine = order;
        try {
          return await (starting ?? start(null));
        } catch (thrown) {
          // Who waited when the user restarted the server waits for the new one.
          if (mine === order || closed) throw thrown;
        }
      }
    },
    current: () => life,
    async restart() {
      crashes = [];
      await start(null, stop({ ...STOPPED, message: "The server was restarted" }));
    },
    async stop() {
      closed = true;
      await stop(STOPPED);
      become({ name: "stopped" });
    },
  };
}

const STOPPED: Problem = { code: "server/stopped", message: "The server was stopped", remedy: "Try again." };

function givenUp(times: number, { message, data }: Problem): Problem {
  return {
    code: "server/stopped",
    message: `The server has crashed ${times} times in a row and is not started again. The last time: ${message}`,
    remedy: "Look into the log, then restart the server.",
    ...(data === undefined ? {} : { data }),
  };
}
