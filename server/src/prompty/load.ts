import { AppError, fail } from "#protocol/errors.ts";
import type { Diagnostic } from "#protocol/template.ts";
import { type ParseOptions, parseTemplate, type Template } from "./template.ts";

/** The findings that forbid sending a template. */
export function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === "error");
}

/** Throws the first error among findings, with its place in `file` and the number of the others. */
export function throwErrors(diagnostics: readonly Diagnostic[], file?: string): void {
  const [first, ...others] = errorsOf(diagnostics);
  if (first === undefined) return;
  const { severity: _, span: __, ...problem } = first;
  const more = others.length === 0 ? "" : ` (and ${others.length} more error${others.length === 1 ? "" : "s"})`;
  throw new AppError({
    ...problem,
    message: `${problem.message}${more}`,
    where: { ...(file === undefined ? {} : { file }), ...problem.where },
  });
}

/** A template that is to be used, not edited: throws where the file is missing or has an error. `read` gives null where there is no file. */
export function loadTemplate(path: string, read: (path: string) => string | null, options: ParseOptions = {}): Template {
  const source = read(path);
  if (source === null)
    throw fail("template/unreadable", `Prompty file not found: ${path}`, {
      where: { file: path },
      remedy: "Check the path of the template.",
    });
  const template = parseTemplate(source, options);
  throwErrors(template.diagnostics, path);
  return template;
}
