import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { personName } from "./files.ts";

test("a person's name keeps what every file system takes", () => {
  assert.equal(personName("Ada Lovelace"), "ada-lovelace");
  assert.equal(personName("李雷"), "李雷");
  assert.equal(personName("ada@example.org"), "ada-example.org");
  assert.equal(personName("../../etc/passwd"), "etc-passwd");
  assert.match(personName("CON"), /^person-[0-9a-f]{6}$/);
  assert.match(personName("..."), /^person-[0-9a-f]{6}$/);
  assert.notEqual(personName("///"), personName("???"));
});

test("any name gives a short file name without separators, dots at its ends or letters of two cases", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (person) => {
      const name = personName(person);
      assert.match(name, /^[\p{L}\p{N}\p{M}_.-]+$/u);
      assert.match(name, /^[^-.]([\s\S]*[^-.])?$/u);
      assert.ok([...name].length <= 60);
      assert.equal(personName(name), name);
    }),
  );
});
