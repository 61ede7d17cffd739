import type { Label, Row } from "#protocol/corpus.ts";
import type { Change } from "#protocol/messages/corpus.ts";
import { type Backend, problemOf } from "./backend.ts";
import type { Clock } from "./clock.ts";
import type { Draft } from "./kept-state.ts";
import type { Listing } from "./listing.ts";
import type { Notices } from "./notices.ts";
import type { Reading } from "./reading.ts";
import { createWait, type Wait } from "./wait.ts";

/** What a person does to rows. Everything can be taken back, and says so. */
export interface Acting {
  /** The reason that goes with the next label. */
  why: string;
  /** The edit of the row that is read, while there is one. */
  readonly draft: Draft | null;
  readonly drafts: ReadonlyMap<string, Draft>;
  /** A label, edit or deletion is on its way: what, and for how long. */
  readonly busy: boolean;
  readonly doing: string;
  readonly wait: Wait;
  /** Gives up what is on its way; nothing may have been done yet. */
  cancel(): void;
  label(label: Label | null): Promise<void>;
  remove(): Promise<void>;
  undo(): Promise<void>;
  /** Begins an edit, or takes the cursor back into the one that was begun. */
  beginEdit(): void;
  /** True once after an edit of this row was begun: its field takes the cursor then, and never again by itself. */
  takesCursor(id: string): boolean;
  changeDraft(change: Partial<Omit<Draft, "id">>): void;
  saveEdit(): Promise<void>;
  dropEdit(): void;
  restore(drafts: readonly Draft[]): void;
}

export interface ActingOptions {
  backend: Backend;
  clock: Clock;
  listing: Listing;
  reading: Reading;
  notices: Notices;
  /** Rows have changed by our own hand. */
  onDone(): void;
  onChange(): void;
}

interface Undoable {
  entry: string;
  /** The row that an edit has replaced. */
  before: string | null;
}

export function createActing({ backend, clock, listing, reading, notices, onDone, onChange }: ActingOptions): Acting {
  const drafts = new Map<string, Draft>();
  const done: Undoable[] = [];
  let why = "";
  const wait = createWait(clock, onChange);
  let current: { words: string; abort: AbortController } | null = null;
  let begun: string | null = null;

  /** One thing at a time: a second press while the first is on its way would act on rows that are about to change. */
  const act = async (words: string, work: (signal: AbortSignal) => Promise<void>) => {
    if (current !== null) return;
    current = { words, abort: new AbortController() };
    wait.begin();
    onChange();
    try {
      await work(current.abort.signal);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.code === "cancelled") notices.say("Cancelled. If it was done all the same, the list shows it.");
      notices.fail(problem);
    } finally {
      current = null;
      wait.end();
      onChange();
    }
  };

  const told = (change: Change, before: string | null = null) => {
    done.push({ entry: change.entry, before });
    notices.say(`${sentence(change.words)}.`, [{ label: "Undo", run: () => void acting.undo() }]);
  };

  const chosen = async (signal: AbortSignal): Promise<string[]> => {
    const { active, ids, range } = listing.selection;
    if (range !== null) return await listing.rows.ids(range.first, range.end, signal);
    if (ids.size > 0) return [...ids];
    // A row that has not come yet is none: what is still read is another one.
    const id = active === null ? reading.id : active.id;
    return id === null ? [] : [id];
  };

  const acting: Acting = {
    get why() {
      return why;
    },
    set why(text) {
      why = text;
    },
    get draft() {
      return reading.id === null ? null : (drafts.get(reading.id) ?? null);
    },
    drafts,
    get busy() {
      return current !== null;
    },
    get doing() {
      return current?.words ?? "";
    },
    wait,
    cancel: () => current?.abort.abort(),
    label: (label) =>
      act("Labelling", async (signal) => {
        const ids = await chosen(signal);
        if (ids.length === 0) return;
        const reason = label === null || why.trim() === "" ? null : why.trim();
        const change = await backend.request("corpus/label", { ids, label, why: reason }, signal);
        const labelled = new Set(ids);
        listing.rows.patch((row) => (labelled.has(row.id) ? { ...row, label } : row));
        why = "";
        told(change);
        reading.again();
        onDone();
      }),
    remove: () =>
      act("Deleting", async (signal) => {
        const ids = await chosen(signal);
        if (ids.length === 0) return;
        const index = listing.selection.range?.first ?? listing.selection.active?.index ?? 0;
        told(await backend.request("corpus/delete", { ids }, signal));
        listing.rows.remove(new Set(ids));
        for (const id of ids) drafts.delete(id);
        // The row that comes into the place is the next one.
        listing.choose(index);
        onDone();
      }),
    undo: () =>
      act("Undoing", async (signal) => {
        const last = done.at(-1);
        const { undone } = await backend.request("corpus/undo", { entry: last?.entry ?? null }, signal).catch((thrown) => {
          // What may succeed the next time is not forgotten; what never can would stand before everything else.
          if (!/^(?:cancelled$|(?:server|index|io)\/)/.test(problemOf(thrown).code)) done.pop();
          throw thrown;
        });
        done.pop();
        if (undone === null) {
          notices.say("There is nothing to undo.");
          return;
        }
        notices.say(`Undone: ${undone.words}.`);
        if (last?.before !== null && last?.before !== undefined) listing.replaceActive(last.before);
        reading.again();
        onDone();
      }),
    beginEdit() {
      const row = reading.walk?.row;
      if (row === undefined) return notices.say("The row is still being read: edit it in a moment.");
      if (row.kind === "seed") return;
      begun = row.id;
      if (!drafts.has(row.id)) drafts.set(row.id, draftOf(row));
      onChange();
    },
    takesCursor(id) {
      if (begun !== id) return false;
      begun = null;
      return true;
    },
    changeDraft(change) {
      const { draft } = acting;
      if (draft === null) return;
      drafts.set(draft.id, { ...draft, ...change });
      onChange();
    },
    saveEdit: () =>
      act("Saving", async (signal) => {
        const { draft } = acting;
        if (draft === null) return;
        const row = reading.walk?.row;
        if (row !== undefined && isUnchanged(draft, row)) {
          drafts.delete(draft.id);
          notices.say("Nothing was changed.");
          return;
        }
        const { id, text, solution, answer } = draft;
        const texts = { text, solution: solution === "" ? null : solution, answer: answer === "" ? null : answer };
        const change = await backend.request("corpus/edit", { id, ...texts }, signal);
        drafts.delete(id);
        listing.rows.patch((held) => (held.id === id ? change.row : held));
        listing.replaceActive(change.row.id);
        told(change, id);
        onDone();
      }),
    dropEdit() {
      const { draft } = acting;
      if (draft === null) return;
      drafts.delete(draft.id);
      onChange();
      const row = reading.walk?.row;
      if (row !== undefined && isUnchanged(draft, row)) return;
      const back = () => {
        drafts.set(draft.id, draft);
        notices.clear();
        onChange();
      };
      notices.say("The edit was given up.", [{ label: "Undo", run: back }]);
    },
    restore(kept) {
      for (const draft of kept) drafts.set(draft.id, draft);
    },
  };
  return acting;
}

const draftOf = ({ id, text, solution, answer }: Row): Draft => ({ id, text: text ?? "", solution: solution ?? "", answer: answer ?? "" });

function isUnchanged(draft: Draft, row: Row): boolean {
  const { text, solution, answer } = draftOf(row);
  return text === draft.text && solution === draft.solution && answer === draft.answer;
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
