import type { z } from "zod";
import { HERE, hostSchema } from "./hosts.ts";
import type { Finding } from "./issue.ts";
import { explainPart } from "./issue-of-part.ts";

export type Host = z.infer<typeof hostSchema> & { name: string };

const PLACES = ["python", "venv", "conda", "uv", "container"] as const;

/** What is wrong with a declared host; nothing written is this machine with everything by default. */
export function checkHost(name: string, value: unknown): Finding[] {
  const who = `Host “${name}”`;
  const findings = explainPart(who, hostSchema, value ?? {});
  if (findings.length > 0) return findings;
  const host = readHost(name, value);
  if (name === HERE && host.ssh !== undefined)
    findings.push({
      path: ["ssh"],
      atKey: true,
      message: "“here” is always this machine and cannot be reached by ssh",
      remedy: "Give the other machine another name.",
    });
  const { env } = host;
  const groups =
    env === undefined
      ? []
      : [[[], env] as const, ...Object.entries(env).flatMap(([task, own]) => (typeof own === "object" ? [[[task], own] as const] : []))];
  for (const [path, group] of groups) {
    const named = PLACES.filter((place) => (group as Record<string, unknown>)[place] !== undefined);
    if (named.length > 1)
      findings.push({
        path: ["env", ...path, named[1] as string],
        atKey: true,
        message: `${who} names two environments at once: ${named.join(" and ")}`,
        remedy: "Keep one of them.",
      });
  }
  return findings;
}

/** A host that is in order. */
export const readHost = (name: string, value: unknown): Host => ({ ...hostSchema.parse(value ?? {}), name });
