import { serveRunner } from "./runs/serve-runner.ts";

/** The thread of an editor's server that plans, sends and follows runs: neither a template of megabytes nor a slow disk holds up a keystroke. */
serveRunner();
