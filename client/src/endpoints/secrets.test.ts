import assert from "node:assert/strict";
import { test } from "node:test";
import { createSecrets, type KeyQuestion } from "./secrets.ts";

const HOUSE = "https://api.house.example";
const OTHER = "http://127.0.0.1:9999";

/** Keys over a storage in memory, and a user who gives the same answer to every question. */
function desk(answer: boolean, stored: Record<string, string> = {}) {
  const kept = new Map(Object.entries(stored));
  const questions: KeyQuestion[] = [];
  const storage = {
    get: async (key: string) => kept.get(key),
    store: async (key: string, value: string) => void kept.set(key, value),
    delete: async (key: string) => void kept.delete(key),
  };
  const again = () =>
    createSecrets(storage, async (question) => {
      questions.push(question);
      return answer;
    });
  return { secrets: again(), again, questions, kept };
}

const given = (value: string) => ({ value, refused: false });
const NONE = { value: null, refused: false };
const REFUSED = { value: null, refused: true };

test("a key goes to the server that it was stored for, and nobody is asked", async () => {
  const { secrets, questions } = desk(false);
  assert.deepEqual(await secrets.get("house", HOUSE), NONE);
  await secrets.store({ name: "house", origin: HOUSE, value: "k1" });
  assert.deepEqual(await secrets.get("house", HOUSE), given("k1"));
  assert.deepEqual(questions, []);
});

test("another server is told to the user with the key's own; a refusal holds for once, a consent for good", async () => {
  const refusing = desk(false);
  await refusing.secrets.store({ name: "house", origin: HOUSE, value: "k1" });
  for (let time = 0; time < 2; time++) assert.deepEqual(await refusing.secrets.get("house", OTHER), REFUSED);
  assert.deepEqual(refusing.questions, Array(2).fill({ name: "house", origin: OTHER, known: [HOUSE] }));

  const giving = desk(true);
  await giving.secrets.store({ name: "house", origin: HOUSE, value: "k1" });
  assert.deepEqual(await Promise.all([giving.secrets.get("house", OTHER), giving.secrets.get("house", OTHER)]), [given("k1"), given("k1")]);
  assert.deepEqual(await giving.again().get("house", OTHER), given("k1"));
  assert.deepEqual(await giving.again().get("house", HOUSE), given("k1"));
  assert.equal(giving.questions.length, 1);
});

test("another scheme or port is another server", async () => {
  const { secrets, questions } = desk(false);
  await secrets.store({ name: "house", origin: "https://a.example", value: "k1" });
  for (const origin of ["http://a.example", "https://a.example:8443"]) assert.deepEqual(await secrets.get("house", origin), REFUSED);
  assert.equal(questions.length, 2);
});

test("a key of which nobody knows where it belongs is asked about once", async () => {
  const { again, questions } = desk(true, { house: "k0" });
  for (let time = 0; time < 2; time++) assert.deepEqual(await again().get("house", HOUSE), given("k0"));
  assert.deepEqual(questions, [{ name: "house", origin: HOUSE, known: [] }]);
});

test("a new key forgets who had the old one, and a removed one leaves nothing", async () => {
  const { secrets, questions, kept } = desk(true);
  await secrets.store({ name: "house", origin: HOUSE, value: "k1" });
  await secrets.get("house", OTHER);
  await secrets.store({ name: "house", origin: HOUSE, value: "k2" });
  assert.deepEqual(await secrets.get("house", OTHER), given("k2"));
  assert.equal(questions.length, 2);
  await secrets.remove("house");
  assert.equal(kept.size, 0);
});

test("a key that is only tried goes to its own server alone, and is not stored", async () => {
  const { secrets, questions, kept } = desk(false);
  await secrets.trying({ name: "house", origin: HOUSE, value: "k1" }, async () => {
    assert.deepEqual(await secrets.get("house", HOUSE), given("k1"));
    assert.deepEqual(await secrets.get("house", OTHER), NONE);
  });
  assert.deepEqual(await secrets.get("house", HOUSE), NONE);
  assert.deepEqual([questions.length, kept.size], [0, 0]);
});
