import stringWidth from "string-width";
import type { Output } from "./output.ts";

export interface Column {
  title: string;
  align: "left" | "right";
}

/** A plain table: titles dimmed, columns two spaces apart, numbers under numbers. Widths are counted as a terminal shows them. */
export function table(out: Output, columns: Column[], rows: string[][]): string[] {
  const width = columns.map((column, at) => Math.max(stringWidth(column.title), ...rows.map((row) => stringWidth(row[at] ?? ""))));
  const pad = (text: string, at: number) => {
    const space = " ".repeat(Math.max(0, (width[at] ?? 0) - stringWidth(text)));
    return columns[at]?.align === "right" ? space + text : text + space;
  };
  const join = (cells: string[]) => cells.map(pad).join("   ").trimEnd();
  return [out.style("dim", join(columns.map((column) => column.title))), ...rows.map(join)];
}

const NUMBER = new Intl.NumberFormat("en-GB");

/** A count with thousands separators. */
export function count(value: number): string {
  return NUMBER.format(value);
}

/** Seconds as people say them: `0.8 s`, `21 s`, `4 min 10 s`, `2 h 05 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}
