/** How a host is reached. Everything that runs jobs goes through this; `here` and `ssh` keep the same contract (test/hosts/contract.test.ts). */

export interface ExecOptions {
  /** Unless told, the user's home over ssh and this process's folder here. */
  cwd?: string;
  stdin?: Uint8Array | string;
  /** Added to the environment that programs have there. */
  env?: Record<string, string>;
  /** Milliseconds after which the program and its group are killed. */
  timeout?: number;
  /** Asking again does no harm: after a cut connection it is asked again. */
  repeatable?: boolean;
}

export interface ExecResult {
  /** The program's own exit code, 255 included; null where a signal ended it. That a host is not reached is a problem and never a code. */
  code: number | null;
  signal: string | null;
  timedOut: boolean;
  stdout: Uint8Array;
  stderr: Uint8Array;
}

export interface FileStat {
  kind: "file" | "folder" | "other";
  bytes: number;
  /** Milliseconds since 1970, by the host's clock. */
  modified: number;
}

export interface FolderEntry extends FileStat {
  name: string;
}

export interface Transferred {
  bytes: number;
  sha256: string;
  /** Bytes that went over the wire this time; fewer than all where an earlier attempt was continued. */
  sent: number;
}

/** What the supervisor is to start. It stands in no command line, so it may hold what other users of the host should not see. */
export interface RunSpec {
  /** Told anew for each run of the job: asked twice with the same token, one run is started. */
  run: string;
  argv: string[];
  /** The job's directory unless told. */
  cwd?: string;
  env?: Record<string, string>;
  /** Seconds between TERM and KILL where a cancel does not say. */
  grace?: number;
  /**
   * A PID namespace around the job where the host allows one: nothing of it gets away, even where the supervisor is killed. Who is not
   * root gets a user namespace with it, in which programs such as sudo and some container runtimes do not work.
   */
  namespace?: boolean;
}

/**
 * `started`: by this call. `there`: an earlier call had started this run; `alive` says whether it still goes on.
 * `pid` is the supervisor's, as in `started.json`.
 */
export interface Spawned {
  state: "started" | "there";
  pid: number;
  host: string;
  alive: boolean | "unknown";
  /** Whether a PID namespace was made; told by the call that started it. */
  namespace?: boolean;
}

export interface Survivor {
  pid: number;
  name: string;
}

/** What the files of a job say and whether its process lives; shapes are checked by who derives a state from it. */
export interface JobSight {
  /** Null where there is no file; an empty object where it says nothing. */
  started: Record<string, unknown> | null;
  exit: Record<string, unknown> | null;
  manifest: Record<string, unknown> | null;
  alive: boolean | "unknown" | null;
  /** Token of the run that counts. */
  run: string | null;
}

export interface CancelReport {
  /**
   * `none`: nothing had been started. `ended`: it said how it ended. `swept`: its supervisor was gone, and what was left was ended.
   * `elsewhere`: it runs on another machine that shares this folder; it was asked by a file and has not answered.
   */
  state: "none" | "ended" | "swept" | "elsewhere";
  /** What `exit.json` says of this run. */
  exit: Record<string, unknown> | null;
  /** Processes that could not be ended. Where there are any, the cancel did not succeed. */
  survivors: Survivor[];
  /** The machine of `elsewhere`. */
  host?: string;
}

/** Paths are absolute, or begin with `~/`. Every failure is an `AppError` that says what, where and what to do. */
export interface Transport {
  /** The host as people know it. */
  readonly name: string;
  /** Path of the Python there (3.8 or newer) that serves us. @throws host/no-python, host/old-python */
  python(): Promise<string>;
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** Null where there is nothing. */
  stat(path: string): Promise<FileStat | null>;
  /** Up to `length` bytes; fewer where the file ends, none at or beyond its end. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Replaces a file as a whole, durably: a reader sees the old one or the new one. */
  writeWhole(path: string, bytes: Uint8Array | string): Promise<void>;
  makeFolder(path: string): Promise<void>;
  /** The folder appears with these small files in it and the answer is true, or something was there and it is false. */
  mkdirExclusive(path: string, files?: Record<string, Uint8Array | string>): Promise<boolean>;
  /** In the order of names. */
  list(path: string): Promise<FolderEntry[]>;
  /** A file, or a folder with all that is in it; nothing happens where there is nothing. */
  remove(path: string): Promise<void>;
  /** The file appears whole at its place; an attempt that was cut off is continued by the next one. */
  upload(from: string, to: string): Promise<Transferred>;
  download(from: string, to: string): Promise<Transferred>;
  /** Starts a job under the supervisor, detached from us. The directory must be there. */
  spawn(directory: string, spec: RunSpec): Promise<Spawned>;
  observe(directory: string): Promise<JobSight>;
  /** TERM, `grace` seconds, KILL for the whole tree, a sweep, and a report of what survived. May be asked again. */
  cancel(directory: string, grace: number): Promise<CancelReport>;
  /** Lets the connection go. Jobs go on. */
  close(): Promise<void>;
}
