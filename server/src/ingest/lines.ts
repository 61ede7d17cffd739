// For ingest-import.ts, until it names the room itself.
export { isGzip } from "../files/lines.ts";
