import type { ErrorCode } from "#protocol/errors.ts";
import type { Diagnostic, Span } from "#protocol/template.ts";
import { createPositions, placeOf } from "./positions.ts";

/** More findings than these help nobody, and a broken file of eight megabytes could have millions. */
export const MAX_DIAGNOSTICS = 100;

export interface Report {
  error(span: Span, message: string, remedy: string, code?: ErrorCode, data?: Record<string, unknown>): void;
  warning(span: Span, message: string, remedy: string, code?: ErrorCode, data?: Record<string, unknown>): void;
  /** Whether an error was found. */
  failed(): boolean;
  /** Whether a further finding of this severity would be dropped, so that looking for it is in vain. */
  full(severity: Diagnostic["severity"]): boolean;
  /** The findings in the order of the source, with lines and columns. */
  diagnostics(): Diagnostic[];
}

/** Collects findings about one source. Errors take the place of warnings when there are too many. */
export function createReport(source: string): Report {
  const errors: Diagnostic[] = [];
  const warnings: Diagnostic[] = [];
  const add =
    (severity: Diagnostic["severity"], list: Diagnostic[]): Report["error"] =>
    (span, message, remedy, code = "template/invalid", data) => {
      if (list.length >= MAX_DIAGNOSTICS) return;
      const start = Math.min(Math.max(span.start, 0), source.length);
      const end = Math.min(Math.max(span.end, start), source.length);
      list.push({ code, message, remedy, severity, span: { start, end }, ...(data === undefined ? {} : { data }) });
    };
  return {
    error: add("error", errors),
    warning: add("warning", warnings),
    failed: () => errors.length > 0,
    full: (severity) => (severity === "error" ? errors : warnings).length >= MAX_DIAGNOSTICS,
    diagnostics() {
      const found = [...errors, ...warnings].slice(0, MAX_DIAGNOSTICS).sort((a, b) => a.span.start - b.span.start);
      if (found.length === 0) return [];
      const positions = createPositions(source);
      return found.map((diagnostic) => ({ ...diagnostic, where: placeOf(positions, diagnostic.span) }));
    },
  };
}
