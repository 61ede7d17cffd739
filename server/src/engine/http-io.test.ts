import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { mock, test } from "node:test";
import { ApiError } from "./api-error.ts";
import { createSlowResponse, SIGN_OF_LIFE_MS } from "./http-io.ts";

/** What a response would have sent. */
function record() {
  const sent = { status: 0, text: "", ended: false, destroyed: false };
  const response = {
    get headersSent() {
      return sent.status !== 0;
    },
    get destroyed() {
      return sent.destroyed;
    },
    writeHead(status: number) {
      sent.status = status;
    },
    write(text: string) {
      sent.text += text;
    },
    end(text = "") {
      sent.text += text;
      sent.ended = true;
    },
    destroy() {
      sent.destroyed = true;
    },
  };
  return { sent, response: response as unknown as ServerResponse };
}

test("a long wait sends signs of life that belong to no answer", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const json = record();
  const slow = createSlowResponse(json.response, false);
  mock.timers.tick(SIGN_OF_LIFE_MS * 2);
  slow.end({ a: 1 });
  assert.deepEqual([json.sent.status, JSON.parse(json.sent.text), json.sent.text.startsWith("  ")], [200, { a: 1 }, true]);
  const events = record();
  const stream = createSlowResponse(events.response, true);
  mock.timers.tick(SIGN_OF_LIFE_MS);
  stream.event({ a: 1 });
  stream.end();
  assert.equal(events.sent.text, ': waiting\n\ndata: {"a":1}\n\n');
  mock.timers.reset();
});

test("an error has its status before the first byte; after it the stream or the connection tells", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const before = record();
  createSlowResponse(before.response, true).fail(new ApiError(503, "busy"));
  assert.equal(before.sent.status, 503);
  const stream = record();
  const begun = createSlowResponse(stream.response, true);
  begun.event({});
  begun.fail(new ApiError(500, "broken"));
  assert.match(stream.sent.text, /"broken"/);
  assert.equal(stream.sent.ended, true);
  const json = record();
  const waited = createSlowResponse(json.response, false);
  mock.timers.tick(SIGN_OF_LIFE_MS);
  waited.fail(new ApiError(500, "broken"));
  assert.equal(json.sent.destroyed, true);
  mock.timers.reset();
});
