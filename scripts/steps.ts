import { styleText } from "node:util";

/** Colours for a terminal; lines stay plain in a pipe. */
export const style = (kind: Parameters<typeof styleText>[0], text: string): string => styleText(kind, text, { stream: process.stdout });

/** One line for a step that is done: its name, what came of it, and how long it took. */
export function done(name: string, fact: string, milliseconds?: number): void {
  const time = milliseconds === undefined ? "" : style("dim", `${(milliseconds / 1000).toFixed(0)} s`.padStart(6));
  console.log(`  ${style("green", "✓")} ${name.padEnd(9)} ${fact.padEnd(54)}${time}`);
}
