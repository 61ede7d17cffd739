/**
 * A function that runs at once, and, where it is called again within the time, once more after it: bursts of events cost two runs.
 * `cancel` forgets what is still to come.
 */
export function throttle(milliseconds: number, run: () => void): (() => void) & { cancel(): void } {
  let timer: NodeJS.Timeout | null = null;
  let again = false;
  const call = () => {
    if (timer !== null) {
      again = true;
      return;
    }
    run();
    timer = setTimeout(() => {
      timer = null;
      if (!again) return;
      again = false;
      call();
    }, milliseconds);
  };
  return Object.assign(call, {
    cancel() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      again = false;
    },
  });
}
