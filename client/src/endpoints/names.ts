/** Names of endpoints are typed on the command line, so they need no quoting in any shell. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** Names of the services that people mean by their address. */
const SERVICES: Record<string, string> = { "api.openai.com": "openai", "openrouter.ai": "openrouter" };

/** A name for an endpoint that no other has, from its address. */
export function suggestName(baseUrl: string | null, taken: readonly string[]): string {
  return free(baseUrl === null ? "small" : nameOf(baseUrl), taken);
}

/** The name of the secret that holds an endpoint's key: of a known service its own, so that several endpoints share the key. */
export function secretName(baseUrl: string, endpoint: string): string {
  return SERVICES[hostOf(baseUrl)] ?? endpoint;
}

/** Scheme, host and port of an address: what a key is bound to. Null where there is none. */
export const originOf = (url: string | null): string | null => (url !== null && URL.canParse(url) ? new URL(url).origin : null);

/** Why a text cannot be the name of a new endpoint; null where it can. */
export function nameProblem(name: string, taken: readonly string[]): string | null {
  if (name === "") return "Give it a name";
  if (!NAME.test(name)) return "Use letters, digits, “-”, “_” and “.”, beginning with a letter or digit";
  return taken.includes(name) ? `There is an endpoint “${name}” already` : null;
}

/** Why a text cannot be an endpoint's address; null where it can. */
export function addressProblem(text: string): string | null {
  const address = text.trim();
  if (!/^https?:\/\//i.test(address)) return "Begin with http:// or https://";
  if (!URL.canParse(address)) return "This is no address";
  const { username, password } = new URL(address);
  if (username !== "" || password !== "") return "Leave the user name and the password out: the key is asked for next";
  return null;
}

function nameOf(baseUrl: string): string {
  const host = hostOf(baseUrl);
  const known = SERVICES[host];
  if (known !== undefined) return known;
  if (/^(localhost|127\.|\[::1\])/.test(host)) return "local";
  const word = host
    .split(":")[0]
    ?.replace(/^(api|www)\./, "")
    .split(".")[0]
    ?.replace(/[^A-Za-z0-9._-]+/g, "-");
  return word !== undefined && NAME.test(word) ? word : "endpoint";
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).hostname : "");

function free(name: string, taken: readonly string[]): string {
  for (let number = 2; taken.includes(name); number++) name = `${name.replace(/-\d+$/, "")}-${number}`;
  return name;
}
