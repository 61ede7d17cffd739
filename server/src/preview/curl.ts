/** Longest body that stands in the command itself; the systems that people use allow 128 KiB for one argument. */
const ARGUMENT_MAX_CHARACTERS = 30_000;

/** Variables of a command for the embedded engine, whose address and key are new whenever it is started. */
const BASE_URL = "JIUZHANG_BASE_URL";
const API_KEY = "JIUZHANG_API_KEY";

/** A word that a POSIX shell takes as it is, whatever it holds. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export interface CurlRequest {
  /** Null for the embedded engine. */
  baseUrl: string | null;
  path: string;
  body: Record<string, unknown>;
  /** The variable of the environment that holds the key. */
  keyVariable: string | null;
}

/**
 * A command for a POSIX shell that sends the body. The key stands in it as a variable, never as its value. A long body comes as a
 * here-document: one line of JSON, so no line of it can end the document early.
 */
export function curlCommand({ baseUrl, path, body, keyVariable }: CurlRequest): string {
  const json = JSON.stringify(body);
  const long = json.length > ARGUMENT_MAX_CHARACTERS;
  const key = baseUrl === null ? API_KEY : keyVariable;
  const note = `# \`jiuzhang serve\` starts the embedded engine and says what ${BASE_URL} and ${API_KEY} are.\n`;
  const parts = [
    `curl ${body.stream === true ? "-N " : ""}${baseUrl === null ? `"$${BASE_URL}"${shellWord(path)}` : shellWord(`${baseUrl}${path}`)}`,
    `-H ${shellWord("Content-Type: application/json")}`,
    ...(key === null ? [] : [`-H "Authorization: Bearer $${key}"`]),
    long ? "--data-binary @- <<'BODY'" : `--data-binary ${shellWord(json)}`,
  ];
  const command = `${baseUrl === null ? note : ""}${parts.join(" \\\n  ")}\n`;
  return long ? `${command}${json}\nBODY\n` : command;
}
