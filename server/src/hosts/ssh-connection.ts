import { spawn } from "node:child_process";
import { AppError, fail } from "#protocol/errors.ts";
import { createFrameReader, encodeFrame, type Frame } from "./frames.ts";
import { helperModules } from "./python-sources.ts";
import { explainSsh, NO_PYTHON, OLD_PYTHON } from "./ssh-failure.ts";

/** What the far end says when it is ready. */
export interface Hello {
  python: string;
  version: string;
  host: string;
  home: string;
}

export interface Connection {
  hello: Hello;
  /** @throws Cut where the connection ended before the answer */
  ask(head: Record<string, unknown>, data: Uint8Array | null): Promise<Frame>;
  alive(): boolean;
  close(): Promise<void>;
}

/** The connection ended while an answer was awaited: what was asked may have been done or not. */
export class Cut extends Error {
  readonly end: AppError;
  constructor(end: AppError) {
    super(end.message);
    this.end = end;
  }
}

export interface SshOptions {
  destination: string;
  /** The ssh program; the system's own unless told. Its configuration is the user's. */
  program?: string;
}

const READY_TIMEOUT = 60_000;
/** A connection whose other end is gone without a word is found by these. */
const PING_EVERY = 15_000;
const SILENT_FOR = 60_000;
/** From the end of ssh to the end of its pipes. */
const DRAIN_FOR = 200;
const STDERR_KEPT = 16 * 1024;

const CANDIDATES = ["python3", ...[14, 13, 12, 11, 10, 9, 8].map((minor) => `python3.${minor}`)].join(" ");

/**
 * Finds a Python that is new enough and runs what comes on its standard input. One pair of single quotes around everything, and neither
 * a line end nor an exclamation mark within, so that sh, bash, zsh, fish and csh all pass it on to sh.
 */
const command = (bytes: number): string =>
  `exec sh -c 'f=${NO_PYTHON}; for p in ${CANDIDATES}; do command -v $p >/dev/null 2>&1 || continue; f=${OLD_PYTHON}; ` +
  `$p -I -c "import sys;sys.exit(sys.version_info<(3,8))" </dev/null >/dev/null 2>&1 || continue; ` +
  `exec $p -u -I -c "import sys;exec(compile(sys.stdin.buffer.read(${bytes}),\\"boot\\",\\"exec\\"))"; done; exit $f'`;

/** One held `ssh` with the helper at its far end. @throws host/… where it does not come to that */
export async function openConnection({ destination, program = "ssh" }: SshOptions): Promise<Connection> {
  const [boot, ...modules] = helperModules();
  const source = Buffer.from(boot?.source ?? "");
  // Nobody is there to answer a question; a key that needs one is the agent's to hold.
  const args = ["-T", "-o", "BatchMode=yes", "--", destination, command(source.length)];
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
  const waiting = new Map<number, { resolve(frame: Frame): void; reject(error: unknown): void }>();
  let number = 0;
  let stderr = "";
  let reason: string | undefined;
  let ended: AppError | null = null;
  let heard = performance.now();
  let greet: (hello: Hello) => void = () => {};
  let refuse: (error: AppError) => void = () => {};
  const ready = new Promise<Hello>((resolve, reject) => {
    greet = resolve;
    refuse = reject;
  });

  const endBecause = (why: string) => {
    reason ??= why;
    child.kill("SIGKILL");
  };
  const read = createFrameReader(
    "jiuzhang",
    (frame) => {
      if ("jiuzhang" in frame.head) return greet(frame.head as unknown as Hello);
      const id = frame.head.id as number;
      waiting.get(id)?.resolve(frame);
      waiting.delete(id);
    },
    // What a login shell prints before is nobody's message.
    () => {},
  );
  child.stdout.on("data", (chunk: Buffer) => {
    heard = performance.now();
    try {
      read(chunk);
    } catch (error) {
      endBecause(`it sent what is ${(error as Error).message}`);
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  // A pipe that breaks is the end of the process, which is told below.
  child.stdin.on("error", () => {});
  const over = (error: AppError) => {
    if (ended !== null) return;
    ended = error;
    clearInterval(pinging);
    refuse(error);
    for (const { reject } of waiting.values()) reject(new Cut(error));
    waiting.clear();
  };
  const letGo = () => {
    child.stdout.destroy();
    child.stderr.destroy();
  };
  let drained: NodeJS.Timeout | undefined;
  const closed = new Promise<void>((resolve) => {
    child.once("error", (cause) => {
      over(
        fail("host/unreachable", `“${program}” could not be started: ${cause.message}`, {
          remedy: "Install the OpenSSH client and see that it is on the PATH.",
          cause,
        }),
      );
      resolve();
    });
    child.once("exit", () => {
      // What ssh left behind (a shared connection's master) may hold the pipes open for hours: they get time for what is in them.
      drained = setTimeout(() => setImmediate(letGo), DRAIN_FOR);
    });
    child.once("close", (code) => {
      clearTimeout(drained);
      over(explainSsh(destination, { code, stderr, ...(reason === undefined ? {} : { reason }) }));
      resolve();
    });
  });

  const send = (parts: Buffer[]) => {
    for (const part of parts) child.stdin.write(part);
  };
  const ask: Connection["ask"] = (head, data) =>
    new Promise((resolve, reject) => {
      if (ended !== null) return reject(new Cut(ended));
      number++;
      waiting.set(number, { resolve, reject });
      send(encodeFrame({ ...head, id: number }, data));
    });
  const pinging = setInterval(() => {
    if (waiting.size === 0) {
      heard = performance.now();
      return;
    }
    if (performance.now() - heard > SILENT_FOR) return endBecause(`nothing was heard for ${SILENT_FOR / 1000} s`);
    ask({ op: "ping" }, null).catch(() => {});
  }, PING_EVERY);
  pinging.unref();

  send([source, Buffer.from(`${JSON.stringify(modules.map(({ name, source: text }) => [name, text]))}\n`)]);
  const late = setTimeout(() => endBecause(`it was not ready within ${READY_TIMEOUT / 1000} s`), READY_TIMEOUT);
  try {
    const hello = await ready;
    return {
      hello,
      ask,
      alive: () => ended === null,
      async close() {
        child.stdin.end();
        const impatient = setTimeout(() => child.kill("SIGKILL"), 2000);
        await closed;
        clearTimeout(impatient);
      },
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await closed;
    throw error;
  } finally {
    clearTimeout(late);
  }
}
