import type { ServerNotifications } from "#protocol/messages.ts";

type Change = ServerNotifications["corpus/changed"];

const STRENGTH: readonly Change["reason"][] = ["labels", "rows", "rebuilt"];

/** Two changes of one project as one: of all their datasets, with the reason that asks for more. */
export function joinChanges(one: Change | null, other: Change): Change {
  if (one === null) return other;
  const datasets = one.datasets === null || other.datasets === null ? null : [...new Set([...one.datasets, ...other.datasets])];
  const reason = STRENGTH.indexOf(one.reason) > STRENGTH.indexOf(other.reason) ? one.reason : other.reason;
  return { project: other.project, datasets, reason };
}
