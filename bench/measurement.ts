/** One figure of a benchmark beside the baseline of the same run. */
export interface Measurement {
  name: string;
  ours: number;
  baseline: number;
  /** The note says whether more or less is better, and what the baseline is. */
  ratio: number;
  unit: string;
  note: string;
}
