import {
  EventEmitter,
  type FileChangeEvent,
  FileChangeType,
  FilePermission,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  type Uri,
} from "vscode";
import type { Row } from "#protocol/corpus.ts";
import { formatProblem } from "#protocol/errors.ts";
import type { ClientContext } from "../context.ts";
import { problemOf } from "../problems/show.ts";
import { MalformedRow, parseRow, printRow, type RowTexts, sameTexts } from "./row-document.ts";
import { type RowAddress, rowAddress } from "./row-uri.ts";

export interface RowFiles extends FileSystemProvider {
  /** The document is closed: its row is read again when it is opened again. */
  close(uri: Uri): void;
}

interface Opened {
  row: Row;
  content: Uint8Array;
  changed: number;
}

/** Where the editor's memory holds which row stands in the place of an edited one. */
const EDITED_KEY = "jiuzhang.editedRows";
const EDITED_MOST = 500;

/**
 * Rows as documents of the editor. Saving one that is open for editing puts the edited row in the old one's place; a document that
 * cannot be read as a row is not saved and stays as it is, with the reason.
 */
export function createRowFiles({ server, extension }: ClientContext): RowFiles {
  const changes = new EventEmitter<FileChangeEvent[]>();
  const opened = new Map<string, Opened>();
  const edited = new Map(extension.workspaceState.get<[string, string][]>(EDITED_KEY, []));

  const load = async (uri: Uri): Promise<Opened> => {
    const { project, id } = addressOf(uri);
    const { row } = await server.request("corpus/walk", { project, id: edited.get(uri.toString()) ?? id }).catch((thrown) => {
      throw FileSystemError.Unavailable(formatProblem(problemOf(thrown)));
    });
    return keep(uri, row);
  };
  const keep = (uri: Uri, row: Row): Opened => {
    const content = Buffer.from(printed(row));
    const before = opened.get(uri.toString());
    const found = before !== undefined && content.equals(before.content) ? { ...before, row } : { row, content, changed: Date.now() };
    opened.set(uri.toString(), found);
    return found;
  };
  const remember = (uri: Uri, id: string) => {
    edited.delete(uri.toString());
    edited.set(uri.toString(), id);
    void extension.workspaceState.update(EDITED_KEY, [...edited].slice(-EDITED_MOST));
  };

  return {
    onDidChangeFile: changes.event,
    watch: () => ({ dispose() {} }),
    async stat(uri) {
      const { row, content, changed } = opened.get(uri.toString()) ?? (await load(uri));
      const readonly = addressOf(uri).mode === "read" || row.kind === "seed";
      return {
        type: FileType.File,
        ctime: Date.parse(row.created),
        mtime: changed,
        size: content.byteLength,
        ...(readonly ? { permissions: FilePermission.Readonly } : {}),
      };
    },
    readFile: async (uri) => (await load(uri)).content,
    async writeFile(uri, content) {
      const { project } = addressOf(uri);
      const { row } = opened.get(uri.toString()) ?? (await load(uri));
      const texts = parsed(Buffer.from(content).toString("utf8"));
      const old: RowTexts = { text: row.text ?? "", solution: row.solution, answer: row.answer };
      if (sameTexts(texts, old)) return;
      const change = await server.request("corpus/edit", { project, id: row.id, ...unchangedKept(texts, old) }).catch((thrown) => {
        throw FileSystemError.Unavailable(formatProblem(problemOf(thrown)));
      });
      remember(uri, change.row.id);
      keep(uri, change.row);
      changes.fire([{ type: FileChangeType.Changed, uri }]);
    },
    readDirectory: () => [],
    createDirectory: refuse,
    delete: refuse,
    rename: refuse,
    close: (uri) => void opened.delete(uri.toString()),
  };
}

function addressOf(uri: Uri): RowAddress {
  const address = rowAddress(uri);
  if (address === null) throw FileSystemError.FileNotFound("This address names no row");
  return address;
}

function refuse(): never {
  throw FileSystemError.NoPermissions("Rows are deleted and added in the dataset's panel");
}

const printed = (row: Row): string =>
  row.kind === "seed" ? `## Seed\n\n${row.text ?? ""}\n` : printRow({ text: row.text ?? "", solution: row.solution, answer: row.answer });

function parsed(document: string): RowTexts {
  try {
    return parseRow(document);
  } catch (thrown) {
    if (thrown instanceof MalformedRow) throw FileSystemError.Unavailable(`Line ${thrown.line}: ${thrown.message}`);
    throw thrown;
  }
}

/** What only differs in its line ends goes back as it was. */
function unchangedKept(texts: RowTexts, old: RowTexts): RowTexts {
  const kept = <K extends keyof RowTexts>(name: K): RowTexts[K] =>
    sameTexts({ ...old, [name]: texts[name] }, old) ? old[name] : texts[name];
  return { text: kept("text"), solution: kept("solution"), answer: kept("answer") };
}
