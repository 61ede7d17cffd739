import type { Clock } from "./clock.ts";

/** A clock that stands still until a test moves it. */
export interface HeldClock extends Clock {
  /** Lets time pass; what falls due runs in order, and promises in between are settled. */
  pass(milliseconds: number): Promise<void>;
  /** Works that wait for their time. */
  readonly waiting: number;
}

export function createHeldClock(): HeldClock {
  let time = 0;
  let timers: { at: number; work: () => void }[] = [];
  return {
    now: () => time,
    after(milliseconds, work) {
      const timer = { at: time + milliseconds, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async pass(milliseconds) {
      const end = time + milliseconds;
      await settle();
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at)[0];
        if (due === undefined) break;
        timers = timers.filter((other) => other !== due);
        time = Math.max(time, due.at);
        due.work();
        await settle();
      }
      time = end;
    },
    get waiting() {
      return timers.length;
    },
  };
}

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await null;
}
