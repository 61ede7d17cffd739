import type { Row } from "#protocol/corpus.ts";

/** For tests: ids and rows by their place. */
export const idOf = (index: number): string => index.toString(16).padStart(24, "0");

export const rowOf = (index: number): Row => ({
  id: idOf(index),
  dataset: "d",
  kind: "problem",
  stage: null,
  format: null,
  text: `row ${index}`,
  solution: "so",
  answer: null,
  created: "2026-01-01T00:00:00.000Z",
  tokens: null,
  verdicts: [],
  accepted: true,
  label: null,
  parent: null,
});
