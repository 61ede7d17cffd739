const NUMBERS = new Intl.NumberFormat("en-US");

/** A whole number with thousands separators: 6,114. */
export const count = (value: number): string => NUMBERS.format(value);

/** A number with its unit: “1 row”, “6,114 rows”. */
export const counted = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;

/** A length of time in words: “0.4 s”, “12 s”, “3 min”, “2 h 5 min”. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
}

/** Money with as many decimals as the amount needs: $0.0055, $2.22, $1,150. No currency is known, so none is converted. */
export function money(amount: number): string {
  if (amount === 0) return "$0";
  const digits = amount >= 100 ? 0 : amount >= 0.1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(amount)));
  return `$${amount.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** A size in bytes: “312 bytes”, “1.5 kB”, “92.9 MB”. */
export function bytes(size: number): string {
  if (size < 1_000) return counted(size, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  const step = Math.min(units.length, Math.floor(Math.log10(size) / 3));
  return `${Number((size / 1000 ** step).toPrecision(3))} ${units[step - 1]}`;
}
