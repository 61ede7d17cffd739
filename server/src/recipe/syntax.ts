import type { YAMLError, ErrorCode as YamlCode } from "yaml";
import type { Problem } from "#protocol/errors.ts";
import { placeOf } from "./place.ts";

/**
 * What is wrong with the YAML itself, in words for people who do not write YAML every day. The library's own messages are
 * not passed on: some of them quote the text, and the text may hold a key that somebody pasted.
 */
const WORDS: Partial<Record<YamlCode, readonly [message: string, remedy: string]>> = {
  TAB_AS_INDENT: ["A tab stands where the line is indented", "Indent with spaces, two for each level: YAML does not take tabs."],
  BAD_INDENT: ["The indentation does not fit the lines above", "Give entries of one level the same number of spaces."],
  DUPLICATE_KEY: ["This key stands twice in the same place", "Remove one of the two, or rename it."],
  MISSING_CHAR: ["Something is missing here", "Look for a missing colon, comma, closing quote or closing bracket, also in the line above."],
  UNEXPECTED_TOKEN: ["This does not belong here", "Put text with special characters in quotes, and close every bracket that was opened."],
  BAD_SCALAR_START: ["This character cannot begin a value", "Put the value in quotes."],
  BAD_DQ_ESCAPE: ["This backslash escape does not exist", "Use single quotes, in which backslashes are plain: 'C:\\models\\a.gguf'."],
  BLOCK_AS_IMPLICIT_KEY: ["A second “key: value” stands in the same line", "Write it in a line of its own, or put the value in quotes."],
  BLOCK_IN_FLOW: ["Indented lines stand between brackets", "Inside { } and [ ] write the entries with commas between them."],
  MULTILINE_IMPLICIT_KEY: ["This line is neither “key: value” nor a list item", "Look for a missing colon after the key."],
  KEY_OVER_1024_CHARS: ["A key is longer than 1,024 characters", "Look for a missing line break."],
  MULTIPLE_DOCS: ["A second document begins here", "Remove the line “---”: the recipe is one document."],
  TAG_RESOLVE_FAILED: ["This tag is not known", "Remove the word that begins with an exclamation mark, or put the value in quotes."],
  BAD_ALIAS: ["This alias does not point to an anchor", "Put a value that begins with * or & in quotes."],
};

/** Syntax errors as problems at their places: of several at one place only the first, the others follow from it. */
export function syntaxProblems(file: string, source: string, errors: readonly YAMLError[]): Problem[] {
  const first = errors.filter((error, k) => errors.findIndex((other) => other.pos[0] === error.pos[0]) === k);
  return first.map((error) => syntaxProblem(file, source, error));
}

function syntaxProblem(file: string, source: string, error: YAMLError): Problem {
  const [message, remedy] = WORDS[error.code] ?? ["This is not valid YAML", "Compare the line with the example in the README."];
  return {
    code: "project/invalid-yaml",
    message,
    where: placeOf(file, source, error.pos[0], error.pos[1]),
    remedy,
    data: { yaml: error.code },
  };
}
