import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Condition } from "#protocol/corpus.ts";
import { AppError } from "#protocol/errors.ts";
import { FIELDS, type Kind, OPERATORS } from "./fields.ts";
import { parseSort } from "./sort.ts";
import { parseWhere } from "./where.ts";

const VALUES: Record<Kind, fc.Arbitrary<string>> = {
  text: fc.string({ unit: "binary" }),
  template: fc.string({ unit: "grapheme" }),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  time: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
  flag: fc.constantFrom("true", "false"),
  verdict: fc.constantFrom("pass", "fail", "unknown"),
  label: fc.constantFrom("keep", "reject", "none"),
  id: fc.stringMatching(/^[0-9a-f]{1,24}$/),
  seed: fc.stringMatching(/^[0-9a-f]{1,24}$/),
  kind: fc.constantFrom("seed", "problem"),
};

const condition = fc
  .constantFrom(...Object.entries(FIELDS))
  .chain(([field, { kind }]) =>
    fc.record(
      { field: fc.constant(field), op: fc.constantFrom(...(OPERATORS[kind] as Condition["op"][])), value: VALUES[kind] },
      { noNullPrototype: true },
    ),
  );

const written = ({ field, op, value }: Condition): string =>
  /^[^\s"]\S*$/.test(value) && !/^[=]/.test(value) ? `${field}${op}${value}` : `${field}${op}"${value.replace(/[\\"]/g, "\\$&")}"`;

test("what is written is what is parsed", () => {
  fc.assert(
    fc.property(fc.array(condition, { maxLength: 5 }), fc.stringMatching(/^[ \t\n]{1,3}$/), (conditions, space) => {
      assert.deepEqual(parseWhere(`${space}${conditions.map(written).join(space)}${space}`), conditions);
    }),
  );
});

test("any other text is refused with a usage error and what to write", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      try {
        parseWhere(text);
      } catch (thrown) {
        assert.ok(thrown instanceof AppError);
        assert.equal(thrown.problem.code, "usage/invalid-argument");
        assert.ok((thrown.problem.remedy ?? "").length > 0);
      }
    }),
  );
});

test("errors name what is valid", () => {
  const message = (text: string): string => {
    try {
      parseWhere(text);
    } catch (thrown) {
      const { problem } = thrown as AppError;
      return `${problem.message} ${problem.remedy}`;
    }
    return assert.fail(`“${text}” was accepted`);
  };
  assert.match(message("stgae=grade"), /no field “stgae”.*stage, format/);
  assert.match(message("verdict.copy=maybe"), /pass, fail or unknown/);
  assert.match(message("label=good"), /keep, reject or none/);
  assert.match(message("tokens~5"), /It takes = != < <= > >=/);
  assert.match(message("tokens>many"), /a number/);
  assert.match(message('text~"open'), /not closed/);
  assert.match(message("__proto__=x"), /no field/);
  assert.match(message("stage"), /is no condition/);
});

test("a flag by itself holds", () => {
  assert.deepEqual(parseWhere("accepted tokens<9  edited"), [
    { field: "accepted", op: "=", value: "true" },
    { field: "tokens", op: "<", value: "9" },
    { field: "edited", op: "=", value: "true" },
  ]);
});

test("an error says which part of the text it means", () => {
  for (const [text, wrong] of [
    ["accepted  stgae=grade label=keep", "stgae=grade"],
    ["stage=grade tokens>many x", "tokens>many"],
    ["accepted stage ", "stage"],
  ] as const)
    assert.throws(
      () => parseWhere(text),
      (thrown: AppError) => text.slice(Number(thrown.problem.data?.start), Number(thrown.problem.data?.end)) === wrong,
    );
});

test("a sort is a field, with a minus for the largest first", () => {
  assert.deepEqual(parseSort("-length"), { field: "length", descending: true });
  assert.deepEqual(parseSort("created"), { field: "created", descending: false });
  assert.throws(() => parseSort("size"), /cannot be sorted/);
});
