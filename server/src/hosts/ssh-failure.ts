import { type AppError, fail } from "#protocol/errors.ts";

/** Exit codes of the line that looks for a Python on the host. */
export const NO_PYTHON = 97;
export const OLD_PYTHON = 98;

/** How a connection ended before it served. */
export interface SshEnd {
  /** Exit code of ssh; 255 is its own failure. Null where a signal ended it. */
  code: number | null;
  stderr: string;
  /** Why we ended it ourselves. */
  reason?: string;
}

const PATTERNS: [RegExp, (host: string) => AppError][] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|Offending \S+ key/i,
    (host) =>
      fail("host/changed-key", `${host} shows another host key than before`, {
        remedy: `Ask who runs it whether the key was changed. Only then remove the old one (ssh-keygen -R, as “ssh ${host}” tells) and connect once by hand.`,
      }),
  ],
  [
    /Host key verification failed|No \S+ host key is known/i,
    (host) =>
      fail("host/unknown-key", `The host key of ${host} is not known yet`, {
        remedy: `Connect once by hand with “ssh ${host}”, compare the fingerprint with the one you were given, and accept it.`,
      }),
  ],
  [
    /Permission denied \(|Too many authentication failures|No more authentication methods|account is locked|not allowed because/i,
    (host) =>
      fail("host/authentication", `${host} does not let you in`, {
        remedy: `“ssh ${host} true” must work without a question: add your key there, load it with ssh-add, or name it in ~/.ssh/config.`,
      }),
  ],
  [
    /Could not resolve hostname|Name or service not known/i,
    (host) =>
      fail("host/unreachable", `There is no host named ${host}`, {
        remedy: "Check its name in jiuzhang.yaml and in ~/.ssh/config, and whether you need a VPN.",
      }),
  ],
  [
    /Bad configuration option|Bad owner or permissions on|no such identity file|unknown option|Unsupported option/i,
    (host) => fail("host/failed", `ssh cannot use its configuration for ${host}`, { remedy: "Mend ~/.ssh/config as ssh says." }),
  ],
];

/** What the end of an ssh process means. Ends that are none of the known ones count as a host that is not reached where ssh says so itself. */
export function explainSsh(host: string, end: SshEnd): AppError {
  const said = words(end.stderr);
  const problem = classify(host, end, said);
  problem.problem.data = { ...problem.problem.data, host, exit: end.code, said };
  return problem;
}

function classify(host: string, { code, stderr, reason }: SshEnd, said: string): AppError {
  if (reason !== undefined) return fail("host/unreachable", `${host} is not reached: ${reason}`, { remedy: `Try “ssh ${host}” by hand.` });
  if (code === NO_PYTHON)
    return fail("host/no-python", `There is no Python on ${host}`, {
      remedy: "Install Python 3.8 or newer there, or make it one of the login shell's programs.",
    });
  if (code === OLD_PYTHON)
    return fail("host/old-python", `The Python on ${host} is older than 3.8`, {
      remedy: "Install a newer one beside it (python3.8 to python3.14 are looked for), or load it in your shell's start file there.",
    });
  if (code === 255 || code === null) {
    for (const [pattern, make] of PATTERNS) if (pattern.test(stderr)) return make(host);
    return fail("host/unreachable", `${host} is not reached${said === "" ? "" : `: ${said}`}`, {
      remedy: `Check that it is up and that “ssh ${host}” works by hand.`,
    });
  }
  return fail("host/failed", `${host} ended the connection with code ${code}${said === "" ? "" : `: ${said}`}`, {
    remedy: `Run “ssh ${host} python3 --version” by hand and see what it prints.`,
  });
}

/** The last line that ssh printed and that is no banner of its own. */
function words(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("@") && !line.startsWith("Warning: Permanently added"));
  return (lines.at(-1) ?? "").slice(0, 300);
}
