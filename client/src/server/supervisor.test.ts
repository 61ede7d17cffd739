import assert from "node:assert/strict";
import { test } from "node:test";
import type { Problem } from "#protocol/errors.ts";
import { CRASH_WINDOW_MILLISECONDS, MOST_CRASHES } from "./crashes.ts";
import { ProblemError, type ServerState } from "./server.ts";
import { createSupervisor, type Life } from "./supervisor.ts";

interface FakeLife extends Life {
  number: number;
  crash(): void;
  stopped: string | null;
}

const CRASH: Problem = { code: "server/crashed", message: "The server has crashed: TypeError: x" };
const NO_START: Problem = { code: "server/start-failed", message: "The server ended while it started" };

/** A supervisor over lives that the test ends, with a clock that only pauses move. */
function stage(starts: (number: number) => "up" | "fails" = () => "up") {
  const lives: FakeLife[] = [];
  const states: ServerState[] = [];
  const pauses: number[] = [];
  let clock = 0;
  let opened = 0;
  const supervisor = createSupervisor<FakeLife>({
    async open(ended) {
      opened++;
      if (starts(opened) === "fails") throw new ProblemError(NO_START);
      const life: FakeLife = {
        number: opened,
        stopped: null,
        crash: () => ended(CRASH),
        async stop(why) {
          life.stopped = why.message;
        },
      };
      lives.push(life);
      return life;
    },
    now: () => clock,
    async pause(milliseconds) {
      pauses.push(milliseconds);
      clock += milliseconds;
    },
    onState: (state) => states.push(state),
  });
  const last = () => lives.at(-1) as FakeLife;
  return { supervisor, states, pauses, lives, last, advance: (by: number) => (clock += by), opened: () => opened };
}

const names = (states: readonly ServerState[]) => states.map(({ name }) => name);

test("nothing is started before it is needed, and then once for all who wait", async () => {
  const { supervisor, states, opened } = stage();
  assert.equal(supervisor.state.name, "stopped");
  assert.equal(opened(), 0);
  const [one, other] = await Promise.all([supervisor.running(), supervisor.running()]);
  assert.equal(one, other);
  assert.equal(opened(), 1);
  assert.deepEqual(names(states), ["starting", "ready"]);
});

test("after a crash another life begins by itself, at once and with its reason", async () => {
  const { supervisor, states, pauses, last } = stage();
  await supervisor.running();
  last().crash();
  assert.equal(supervisor.current(), null);
  assert.equal((await supervisor.running()).number, 2);
  assert.deepEqual(names(states), ["starting", "ready", "starting", "ready"]);
  assert.deepEqual(states[2], { name: "starting", after: CRASH });
  assert.deepEqual(pauses, []);
});

test("a start that fails is tried again, and who asked waits for it", async () => {
  const { supervisor, pauses } = stage((number) => (number < 4 ? "fails" : "up"));
  assert.equal((await supervisor.running()).number, 4);
  assert.deepEqual(pauses, [50, 100]);
});

test("ten crashes in a row end it, with the reason; a restart begins anew", async () => {
  const { supervisor, states, last, lives, opened } = stage();
  for (let crash = 0; crash < MOST_CRASHES; crash++) {
    await supervisor.running();
    last().crash();
  }
  assert.equal(opened(), MOST_CRASHES);
  const state = supervisor.state;
  assert.ok(state.name === "crashed");
  assert.equal(state.problem.code, "server/stopped");
  assert.match(state.problem.message, /10 times.*TypeError: x/);
  await assert.rejects(supervisor.running(), (thrown) => thrown instanceof ProblemError && thrown.problem === state.problem);
  assert.equal(opened(), MOST_CRASHES);
  await supervisor.restart();
  assert.equal(supervisor.state.name, "ready");
  assert.equal((await supervisor.running()).number, MOST_CRASHES + 1);
  last().crash();
  await supervisor.running();
  assert.equal(lives.length, MOST_CRASHES + 2);
  assert.deepEqual(names(states.slice(-2)), ["starting", "ready"]);
});

test("a server that never starts is given up after ten attempts", async () => {
  const { supervisor, opened } = stage(() => "fails");
  await assert.rejects(supervisor.running(), /10 times/);
  assert.equal(opened(), MOST_CRASHES);
  assert.equal(supervisor.state.name, "crashed");
});

test("crashes long ago do not count", async () => {
  const { supervisor, last, advance } = stage();
  for (let crash = 0; crash < MOST_CRASHES * 2; crash++) {
    await supervisor.running();
    last().crash();
    advance(CRASH_WINDOW_MILLISECONDS / (MOST_CRASHES - 1) + 1);
  }
  assert.equal((await supervisor.running()).number, MOST_CRASHES * 2 + 1);
});

test("a restart ends the life that runs, and who waits gets the new one", async () => {
  const { supervisor, lives } = stage();
  await supervisor.running();
  const restarted = supervisor.restart();
  const waited = supervisor.running();
  await restarted;
  assert.equal((await waited).number, 2);
  assert.equal(lives.length, 2);
  assert.equal(lives[0]?.stopped, "The server was restarted");
  lives[0]?.crash();
  assert.equal((await supervisor.running()).number, 2, "the end of the old one is no crash");
});

test("who waits for a start that a restart overtakes gets the new life", async () => {
  const { supervisor } = stage((number) => (number === 1 ? "fails" : "up"));
  const waited = supervisor.running();
  await supervisor.restart();
  assert.equal((await waited).number, (await supervisor.running()).number);
});

test("after the stop nothing is started again", async () => {
  const { supervisor, last, opened } = stage();
  await supervisor.running();
  const life = last();
  await supervisor.stop();
  assert.equal(life.stopped, "The server was stopped");
  life.crash();
  assert.equal(supervisor.state.name, "stopped");
  assert.equal(opened(), 1);
});

test("a life that is up only after the stop is ended", async () => {
  const stopped: string[] = [];
  let began = () => {};
  let open = () => {};
  const opening = new Promise<void>((resolve) => (began = resolve));
  const gate = new Promise<void>((resolve) => (open = resolve));
  const supervisor = createSupervisor({
    async open() {
      began();
      await gate;
      return { stop: async ({ message }: Problem) => void stopped.push(message) };
    },
    now: () => 0,
    pause: async () => {},
    onState() {},
  });
  const waited = supervisor.running();
  await opening;
  await supervisor.stop();
  open();
  await assert.rejects(waited, /stopped/);
  assert.deepEqual(stopped, ["The server was stopped"]);
});
