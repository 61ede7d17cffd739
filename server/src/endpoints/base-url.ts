import { fail } from "#protocol/errors.ts";

/**
 * The address that paths such as `/chat/completions` are appended to. People paste the server's root, the root with `/v1`, with a slash
 * behind it, or the whole address of a call: all of them mean the same place. A path that already names a version (`/api/paas/v4`,
 * `/v1beta/openai`) is left as it is.
 * @throws usage/invalid-argument where the text is no http(s) address, or carries a password.
 */
export function normalizeBaseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw fail("usage/invalid-argument", `The base URL “${text}” is not an address`, { remedy: EXAMPLE });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:")
    throw fail("usage/invalid-argument", `The base URL starts with “${url.protocol}”, but only http and https are spoken`, {
      remedy: EXAMPLE,
    });
  if (url.username !== "" || url.password !== "")
    throw fail("usage/invalid-argument", `The base URL of ${url.host} carries a user name or a password`, {
      remedy: "Take them out of the address and give the key as the endpoint's api_key.",
    });
  const path = url.pathname.replace(/\/+$/, "").replace(/\/(chat\/completions|completions|models)$/, "");
  const named = path.split("/").some((part) => /^v\d/.test(part));
  url.pathname = named ? path : `${path}/v1`;
  url.hash = "";
  return url.href;
}

const EXAMPLE = "Give it as http://127.0.0.1:8000/v1, for example.";
