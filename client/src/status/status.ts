import type { Disposable } from "vscode";

/** The one status item of the extension, as features see it. */
export interface Status {
  /** Shows that something is going on (“Importing seeds.jsonl”) until the answer is disposed of. */
  busy(text: string): Disposable & { update(text: string): void };
}
