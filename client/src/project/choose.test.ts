import assert from "node:assert/strict";
import { join, sep } from "node:path";
import { test } from "node:test";
import { chooseProject, type Surroundings } from "./choose.ts";

const at = (...parts: string[]) => join(sep, ...parts);
const A = at("work", "a");
const B = at("work", "b");

const around = (more: Partial<Surroundings> & { projects?: string[] }): Surroundings => ({
  file: null,
  folders: [],
  below: [],
  active: null,
  remembered: null,
  isProject: (folder) => (more.projects ?? []).includes(folder),
  ...more,
});

test("the nearest project above a file, within its folder", () => {
  const nested = join(A, "studies", "one");
  const file = join(nested, "prompts", "x.prompty");
  assert.deepEqual(chooseProject(around({ file, folders: [A], projects: [A, nested] })), { project: nested });
  assert.deepEqual(chooseProject(around({ file, folders: [A], projects: [] })), { project: A });
  assert.deepEqual(chooseProject(around({ file, folders: [A], projects: [at("work")] })), { project: A }, "never above the open folder");
});

test("of folders within each other the deepest holds the file", () => {
  const inner = join(A, "inner");
  assert.deepEqual(chooseProject(around({ file: join(inner, "x.prompty"), folders: [A, inner], projects: [A] })), { project: inner });
});

test("a folder whose name only begins alike does not hold the file", () => {
  const file = join(`${A}-more`, "x.prompty");
  assert.deepEqual(chooseProject(around({ file, folders: [A, B], projects: [B] })), { project: B });
});

test("what lies in no folder belongs to the active editor's project", () => {
  assert.deepEqual(chooseProject(around({ folders: [A, B], active: join(B, "x.md"), projects: [A, B] })), { project: B });
  assert.deepEqual(chooseProject(around({ file: at("tmp", "x.prompty"), folders: [A, B], active: join(A, "x") })), { project: A });
});

test("or to the only folder, or the only project among several", () => {
  assert.deepEqual(chooseProject(around({ folders: [A] })), { project: A });
  assert.deepEqual(chooseProject(around({ folders: [A, B], projects: [B] })), { project: B });
});

test("or to what was chosen before; else it must be asked, among projects where there are some", () => {
  assert.deepEqual(chooseProject(around({ folders: [A, B] })), { ask: [A, B] });
  assert.deepEqual(chooseProject(around({ folders: [A, B, at("c")], projects: [A, B] })), { ask: [A, B] });
  assert.deepEqual(chooseProject(around({ folders: [A, B], remembered: B })), { project: B });
  assert.deepEqual(chooseProject(around({ folders: [A, B], remembered: at("gone") })), { ask: [A, B] });
});

test("a folder that only holds projects is none itself", () => {
  const [one, two] = [join(A, "one"), join(A, "two")];
  assert.deepEqual(chooseProject(around({ folders: [A], below: [one] })), { project: one });
  assert.deepEqual(chooseProject(around({ folders: [A], below: [one, two] })), { ask: [one, two] });
  assert.deepEqual(chooseProject(around({ folders: [A], below: [one], projects: [A] })), { project: A });
  assert.deepEqual(chooseProject(around({ folders: [A, B], below: [one], projects: [A] })), { ask: [A, one] });
});

test("without a folder there is none", () => {
  assert.deepEqual(chooseProject(around({ file: at("tmp", "x.prompty"), remembered: A })), { none: true });
});
