const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const YEAR = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const WHOLE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** “today”, “22 Nov” or “22 Nov 2025”, in the reader's own zone. */
export function day(iso: string, now = new Date()): string {
  const date = new Date(iso);
  if (date.toDateString() === now.toDateString()) return "today";
  return date.getFullYear() === now.getFullYear() ? DAY.format(date) : YEAR.format(date);
}

/** “09:12”. */
export const time = (iso: string): string => TIME.format(new Date(iso));

/** “today 09:12”, “22 Nov 09:12”. */
export const dayAndTime = (iso: string): string => `${day(iso)} ${time(iso)}`;

/** “22 Nov 2026, 09:12:44”, for hovers. */
export const wholeDate = (iso: string): string => WHOLE.format(new Date(iso));
