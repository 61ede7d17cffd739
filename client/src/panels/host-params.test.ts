import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HOST_REQUESTS, type HostRequests } from "#protocol/panels.ts";
import { fitsHostRequest, isHostRequest } from "./host-params.ts";

const ROW = "0123456789abcdef01234567";

/** What the panels send, one of each kind. */
const SENT: { [K in keyof HostRequests]: HostRequests[K]["params"][] } = {
  "host/open": [
    { file: "seeds/a.md", line: 3 },
    { file: "/a", line: null, span: { start: 0, end: 2 } },
    { file: "a", line: 1, span: null },
  ],
  "host/reveal": [{ start: 0, end: 0 }],
  "host/openRow": [{ id: ROW, mode: "edit" }],
  "host/compare": [{ left: ROW, right: ROW }],
  "host/copy": [{ text: "" }],
  "host/document": [{ text: "", language: "json" }],
  "host/import": [{ dataset: null }, { dataset: "seeds" }],
  "host/drop": [
    { dataset: null, file: { name: "a.csv", bytes: new Uint8Array() } },
    { dataset: "seeds", file: { uri: "file:///a.csv" } },
  ],
  "host/export": [
    { dataset: "seeds", where: [] },
    { dataset: "seeds", where: [], search: "x" },
  ],
  "host/command": [{ command: "jiuzhang.preview" }, { command: "jiuzhang.openCorpus", args: [{ dataset: "a" }] }],
  "host/copyRequest": [{ what: "body" }],
  "preview/choose": [
    {},
    { pinned: true },
    { endpoint: null },
    { dataset: "seeds", pick: { how: "id", id: ROW } },
    { pick: { how: "next", from: ROW } },
    { pick: { how: "random" } },
  ],
  "preview/generate": [{ run: "r", count: 1 }],
  "preview/stop": [{ run: "r" }],
};

test("what the panels send is taken, and with a member of another type it is not", () => {
  const others = [{}, [], "", -1, 0.5, true, "\0", { how: "all" }];
  for (const name of HOST_REQUESTS)
    for (const params of SENT[name]) {
      assert.ok(fitsHostRequest(name, params), `${name} ${JSON.stringify(params)}`);
      for (const member of Object.keys(params)) {
        const taken = others.filter((other) => fitsHostRequest(name, { ...params, [member]: other }));
        assert.ok(taken.length < 3, `${name}.${member} takes ${JSON.stringify(taken)}`);
      }
    }
});

test("no value makes the check throw", () => {
  fc.assert(fc.property(fc.constantFrom(...HOST_REQUESTS), fc.anything(), (name, value) => void fitsHostRequest(name, value)));
});

test("a panel cannot ask for what every object has", () => {
  for (const name of ["toString", "__proto__", "constructor", "corpus/walk"]) assert.equal(isHostRequest(name), false);
});
