import { type Diagnostic, DiagnosticSeverity } from "vscode-languageserver/node";
import { createPositions } from "../prompty/positions.ts";
import type { Template } from "../prompty/template.ts";

/** What is wrong or odd in a template, as the editor's Problems view shows it. */
export function templateDiagnostics({ source, diagnostics }: Template): Diagnostic[] {
  const positions = createPositions(source);
  const at = (offset: number) => {
    const { line, column } = positions(offset);
    return { line: line - 1, character: column - 1 };
  };
  return diagnostics.map(({ code, message, remedy, severity, span }) => ({
    range: { start: at(span.start), end: at(span.end) },
    severity: severity === "error" ? DiagnosticSeverity.Error : DiagnosticSeverity.Warning,
    code,
    source: "jiuzhang",
    message: remedy === undefined ? message : `${message}. ${remedy}`,
  }));
}
