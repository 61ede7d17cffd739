import type { Problem } from "#protocol/errors.ts";

/** A failure below HTTP: no connection, a broken one, or one without trust. `who` names the endpoint in the message. */
export function networkProblem(error: unknown, who: string, host: string | undefined): Problem {
  const { code, text } = deepest(error);
  const data = { host, errno: code, said: text };
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT")
    return {
      code: "model/stalled",
      message: `${who} sent nothing for five minutes, which is as long as the HTTP client waits`,
      remedy: "Ask for fewer tokens, lower the concurrency, or use streaming, where every token counts as a sign of life.",
      data,
    };
  if (code !== undefined && (TRUST.has(code) || code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS")))
    return {
      code: "model/unreachable",
      message: `No trusted connection to ${who}: ${text}`,
      remedy: code.includes("WRONG_VERSION")
        ? "The server does not speak TLS: write http:// instead of https:// in base_url."
        : "If the certificate is your organisation's own, name its file in the environment variable NODE_EXTRA_CA_CERTS.",
      data: { ...data, tls: true },
    };
  if (code !== undefined && code in NOT_THERE)
    return { code: "model/unreachable", message: `${who} cannot be reached: ${NOT_THERE[code]}`, remedy: REACH, data };
  if ((code !== undefined && BROKEN.has(code)) || /terminated|other side closed|socket hang up|aborted/i.test(text))
    return {
      code: "model/reset",
      message: `The connection to ${who} broke before the answer was complete`,
      remedy: "Send the request again; where it happens often, lower the concurrency or look into the server's log.",
      data,
    };
  return { code: "model/unreachable", message: `${who} cannot be reached: ${text}`, remedy: REACH, data };
}

const REACH = "Check base_url and that the server is running; `jiuzhang doctor` lists the servers that answer on this machine.";

const NOT_THERE: Record<string, string> = {
  ECONNREFUSED: "nothing listens on that port",
  ENOTFOUND: "the host name is unknown",
  EAI_AGAIN: "the host name could not be looked up just now",
  EHOSTUNREACH: "there is no route to the host",
  ENETUNREACH: "there is no route to the network",
  EHOSTDOWN: "the host is down",
  ETIMEDOUT: "the connection timed out",
  UND_ERR_CONNECT_TIMEOUT: "the connection timed out",
  EACCES: "the system forbids the connection",
  EPERM: "the system forbids the connection",
};

const BROKEN = new Set([
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "UND_ERR_SOCKET",
  "UND_ERR_CLOSED",
  "UND_ERR_DESTROYED",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
]);

const TRUST = new Set([
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "HOSTNAME_MISMATCH",
]);

/** The innermost system code of a chain of causes, and the words that stand beside it. Node wraps several attempts in an AggregateError. */
function deepest(error: unknown): { code: string | undefined; text: string } {
  let code: string | undefined;
  let text = "the connection failed";
  const seen = new Set<unknown>();
  let at: unknown = error;
  while (at instanceof Error && !seen.has(at)) {
    seen.add(at);
    const own = (at as NodeJS.ErrnoException).code;
    if (typeof own === "string") code = own;
    if (at.message !== "" && (code === undefined || own !== undefined)) text = at.message;
    at = at.cause ?? (at instanceof AggregateError ? at.errors[0] : undefined);
  }
  return { code, text };
}
