/** A run of a job that we have started. */
export interface Sending {
  /** Settles when the run has ended, however it did. */
  ended: Promise<unknown>;
  /** Stops it in order, and waits until that is done. */
  stop(): Promise<unknown>;
}

/**
 * Starts sending what a job lacks; resolves when the job's directory is owned, so that whoever plans next sees a living job.
 * @returns null where another process came first. @throws job/failed where it ended before it began
 */
export type StartSending = (dir: string) => Promise<Sending | null>;
