import { createJob } from "../../server/src/jobs/create-job.ts";
import { marked, specOf } from "./requests.ts";

/** Makes one job in the project that the first argument names, for the test that kills it half-way. */
const { dir, job } = await createJob({
  projectDir: process.argv[2] ?? "",
  spec: specOf("http://127.0.0.1:9/v1"),
  requests: marked(3),
  templates: [{ sha256: "0".repeat(64), source: "user:\nhello\n" }],
});
process.stdout.write(JSON.stringify({ dir, requests: job.requests }));
