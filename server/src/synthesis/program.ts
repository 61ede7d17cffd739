/** A tool solution taken apart. */
export interface ProgramSolution {
  /** The first fenced Python block that is not empty, without its fences; null where there is none. */
  program: string | null;
  /** The block that claims to be the program's output. The model wrote it: it is a guess until the program has run. */
  output: string | null;
  /** The words behind the last fence. */
  conclusion: string;
}

/** Splits a tool solution into program, claimed output and conclusion. A block counts only when its fence is closed. */
export function splitProgram(solution: string): ProgramSolution {
  let program: string | null = null;
  let output: string | null = null;
  let end = 0;
  for (const block of fencedBlocks(solution)) {
    const language = block.language.toLowerCase();
    const empty = block.text.trim() === "";
    if (program === null && !empty && /^(?:python3?|py|sympy|)$/.test(language)) program = block.text;
    else if (program !== null && output === null && /^(?:output|text|plaintext|console|stdout|)$/.test(language)) output = block.text;
    end = block.end;
  }
  return { program, output, conclusion: solution.slice(end).trim() };
}

/** Closed code blocks of a Markdown text, in order. */
export function fencedBlocks(text: string): { language: string; text: string; start: number; end: number }[] {
  const blocks: { language: string; text: string; start: number; end: number }[] = [];
  let open: { mark: string; language: string; start: number; content: number } | null = null;
  for (let start = 0; start <= text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    const fence = /^ {0,3}(`{3,}|~{3,})[ \t]*(\S*)/.exec(line);
    if (open === null && fence !== null) {
      open = { mark: fence[1] ?? "", language: (fence[2] ?? "").replace(/[`~{}.]/g, ""), start, content: Math.min(end + 1, text.length) };
    } else if (open !== null && fence?.[1]?.startsWith(open.mark) && fence[2] === "") {
      blocks.push({ language: open.language, text: text.slice(open.content, Math.max(open.content, start - 1)), start: open.start, end });
      open = null;
    }
    start = end + 1;
  }
  return blocks;
}
