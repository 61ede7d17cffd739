/** Requests at a time where nothing else is said. */
export const DEFAULT_CONCURRENCY = 16;

/** Seconds without a byte after which a request counts as stalled. */
export const STALL_SECONDS = 120;

/** Tries after a failed one: of a job that nobody waits for, and of a run that somebody watches. */
export const DEFAULT_RETRIES = 5;
export const WATCHED_RETRIES = 2;
