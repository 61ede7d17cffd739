import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mathMarkup } from "./math.ts";

const list = { output: "mathml", macros: {} } as const;
const details = { output: "html", macros: {} } as const;

test("a formula becomes KaTeX's markup, and the user's macros are known", () => {
  assert.match(mathMarkup("x^2", false, list) ?? "", /^<span class="katex"><math /);
  assert.match(mathMarkup("x^2", true, details) ?? "", /katex-display/);
  assert.equal(mathMarkup("\\RR", false, list), null);
  assert.match(mathMarkup("\\RR", false, { ...list, macros: { "\\RR": "\\mathbb{R}" } }) ?? "", /ℝ|R/);
});

test("broken TeX gives nothing, whatever is broken", () => {
  for (const tex of ["\\frac{1}{", "\\nosuch", "}", "\\left(", "x^y^z", "\\begin{align}"])
    assert.equal(mathMarkup(tex, false, list), null, tex);
});

test("a formula cannot bring a link, a style, a script or an attribute of its own, nor a macro for the next one", () => {
  for (const tex of [
    "\\href{javascript:alert(1)}{x}",
    "\\url{http://example.org}",
    "\\includegraphics{http://example.org/x.png}",
    "\\htmlStyle{position:fixed}{x}",
    "\\htmlData{a=b}{x}",
    "\\text{<img src=x onerror=alert(1)>}",
  ])
    for (const options of [list, details]) {
      const markup = mathMarkup(tex, false, options) ?? "";
      assert.doesNotMatch(markup, /<(?:a|img|script|iframe)\b|style="[^"]*position|<[^>]*data-a=/i, tex);
    }
  mathMarkup("\\gdef\\mine{1}", false, list);
  assert.equal(mathMarkup("\\mine", false, list), null);
});

test("a formula that is drawn again is not set again; other macros, and far too many formulas, begin anew", () => {
  let read = 0;
  const macros = {
    get "\\RR"() {
      read++;
      return "\\mathbb{R}";
    },
  };
  const options = { output: "html", macros } as const;
  assert.equal(mathMarkup("\\RR", false, options), mathMarkup("\\RR", false, options));
  assert.equal(read, 1);
  assert.notEqual(mathMarkup("\\RR", false, options), mathMarkup("\\RR", false, { ...options, macros: { "\\RR": "R" } }));
  for (let number = 0; number < 1_200; number++) assert.match(mathMarkup(String(number), false, options) ?? "", new RegExp(`>${number}<`));
});

test("a formula that defines itself ends", () => {
  assert.equal(mathMarkup("\\def\\a{\\a\\a}\\a", false, list), null);
});

test("no text makes it throw", () => {
  const pieces = fc.constantFrom(
    "\\",
    "{",
    "}",
    "^",
    "_",
    "&",
    "\\\\",
    "\\frac",
    "\\sqrt",
    "\\left(",
    "\\right)",
    "x",
    "1",
    "\\text",
    "$",
    "%",
    "#",
    "é",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 30 }).map((words) => words.join("")),
      ),
      (tex) => {
        const markup = mathMarkup(tex, false, list);
        assert.ok(markup === null || markup.startsWith("<span"));
      },
    ),
  );
});
