/** Milliseconds as people say them: “1.2 s”, “600 s”, “30 min”, “2 h 5 min”. */
export function spanText(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, "")} s`;
  if (seconds <= 600) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${rest} min`}`;
}

/** An amount of money with at least four decimals, and three digits that count. */
export function moneyText(amount: number): string {
  if (amount === 0) return "0";
  return amount.toFixed(Math.min(12, Math.max(4, 2 - Math.floor(Math.log10(amount)))));
}

/** A message that can be continued: without its full stop. */
export const withoutStop = (message: string): string => message.replace(/[.\s]+$/, "");
