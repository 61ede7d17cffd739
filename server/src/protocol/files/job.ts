import * as z from "zod";

/**
 * `job.json`: what a job is; nothing in it is secret. Key, owner and requests never change. Settings that only say how the
 * requests are sent (address, concurrency, budget, …) are replaced when the same job is asked for with others while it does not run.
 */
export const SendSpec = z.strictObject({
  task: z.literal("send"),
  /** Dataset that the answers are ingested into. */
  dataset: z.string(),
  /** sha256 of a model file (with an adapter: of both hashes), or `provider/model@revision` as declared: never a URL or a port. */
  model_identity: z.string(),
  endpoint: z.strictObject({
    name: z.string(),
    /** Absent for the embedded engine, which the job starts for itself. */
    base_url: z.string().optional(),
    embedded: z
      .strictObject({
        model_file: z.string(),
        model_sha256: z.string(),
        adapter: z.strictObject({ file: z.string(), sha256: z.string() }).optional(),
        threads: z.int().optional(),
      })
      .optional(),
    model: z.string(),
    /** Name of the environment variable that holds the key. */
    api_key_env: z.string().optional(),
    limits: z.strictObject({ rpm: z.number().optional(), tpm: z.number().optional() }).optional(),
    /** Money per million tokens. */
    price: z.strictObject({ prompt: z.number(), completion: z.number(), cached: z.number().optional() }).optional(),
  }),
  concurrency: z.int().min(1),
  stream: z.boolean(),
  retries: z.int().min(0),
  /** Seconds without a byte after which a request counts as stalled. */
  stall_seconds: z.number().positive(),
  /** Money; sending stops before it is exceeded. */
  budget: z.number().positive().optional(),
});
export type SendSpec = z.infer<typeof SendSpec>;

export const JobFile = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  /** Idempotence: the same key is the same job. */
  key: z.string(),
  spec: SendSpec,
  spec_sha256: z.string(),
  /** Tells the winner of `mkdir` from a retry. */
  owner: z.string(),
  created: z.string(),
  requests: z.int().min(0),
});
export type JobFile = z.infer<typeof JobFile>;

/** `started.json`: the process that runs the job, told apart from a later one under the same pid. */
export const StartedFile = z.strictObject({
  host: z.string(),
  pid: z.int(),
  /** Start time of the process as the system counts it (Linux: ticks since boot), so that a reused pid is recognised. */
  process_start: z.string(),
  boot_id: z.string(),
  started: z.string(),
  /** The process does other things, too (it serves an editor): it is asked to stop the job by the file `stop`, never by a signal. */
  shared: z.literal(true).optional(),
  /** Token of the run, where runs have one: an exit with another one is not its end. */
  run: z.string().optional(),
});
export type StartedFile = z.infer<typeof StartedFile>;

/** `exit.json`: how a run of the job ended. Code 75 means: stopped on request, resume me. Empty or unreadable means unknown. */
export const ExitFile = z.strictObject({
  code: z.int().nullable(),
  signal: z.string().nullable(),
  ended: z.string(),
  /** It was asked to end. */
  cancelled: z.literal(true).optional(),
  /** Processes of the job that could not be ended. */
  survivors: z.array(z.strictObject({ pid: z.int(), name: z.string() })).optional(),
  /** Token of the run that ended. */
  run: z.string().optional(),
});
export type ExitFile = z.infer<typeof ExitFile>;

/** `out/manifest.json`: written when everything is done. */
export const ManifestFile = z.strictObject({
  version: z.literal(1),
  files: z.array(z.strictObject({ path: z.string(), sha256: z.string(), bytes: z.int(), rows: z.int() })),
  /** What the worker's tasks made it of; `send` says that in `job.json`. */
  run: z
    .strictObject({
      task: z.string(),
      /** The whole spec, with every default filled in; seeds are among it. */
      settings: z.record(z.string(), z.unknown()),
      /** Versions of Python and of the packages that matter. */
      versions: z.record(z.string(), z.string()),
      inputs: z.array(z.strictObject({ path: z.string(), sha256: z.string(), rows: z.int() })),
      /** By role: path, or hub id and revision, and the hash of the weights. */
      models: z.record(z.string(), z.record(z.string(), z.unknown())),
      results: z.record(z.string(), z.unknown()),
    })
    .optional(),
});
export type ManifestFile = z.infer<typeof ManifestFile>;
