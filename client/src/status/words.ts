import type { Progress } from "#protocol/corpus.ts";

/** Made when it is first needed: the first formatter of a process loads its tables, which takes 20 ms. */
let integers: Intl.NumberFormat | null = null;

/** A count as people read it: “1,234,567”. */
export function count(value: number): string {
  integers ??= new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  return integers.format(value);
}

/** A count with its noun: “1 row”, “1,200 rows”. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** Bytes in the unit that people would choose: “98 MB”. */
export function bytes(value: number): string {
  if (value < 1_000) return counted(value, "byte");
  if (value < 1_000_000) return `${count(value / 1_000)} kB`;
  if (value < 1_000_000_000) return `${count(value / 1_000_000)} MB`;
  return `${(value / 1_000_000_000).toFixed(1)} GB`;
}

/** How long something has been going on: “40 s”, “5 min”, “3 h 20 min”. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
}

/** Money with as many decimals as the amount needs: $0.0055, $2.22, $1,150. No currency is known, so none is converted. */
export function money(amount: number): string {
  if (amount === 0) return "$0";
  const digits = amount >= 100 ? 0 : amount >= 0.1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** How far a piece of work is: “12,000 of 50,000 rows”. */
export function progressWords({ done, total, unit }: Pick<Progress, "done" | "total" | "unit">): string {
  if (/^bytes?$/.test(unit)) return total === undefined ? bytes(done) : `${bytes(done)} of ${bytes(total)}`;
  return total === undefined ? counted(done, unit.replace(/s$/, "")) : `${count(done)} of ${counted(total, unit.replace(/s$/, ""))}`;
}
