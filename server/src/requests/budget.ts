/** Money of a run: what is spent, and what the requests in flight may cost at worst. */
export interface Budget {
  /** Whether a request that costs at most `worst` may start without any chance of exceeding the limit. */
  fits(worst: number): boolean;
  reserve(worst: number): void;
  /** A request in flight ended: its reservation becomes what it did cost. */
  settle(worst: number, actual: number): void;
  readonly spent: number;
}

/** `limit` undefined: no limit, but the spending is still counted. `spent`: by earlier runs of the same job. */
export function createBudget(limit: number | undefined, spent = 0): Budget {
  let total = spent;
  let reserved = 0;
  return {
    fits: (worst) => limit === undefined || total + reserved + worst <= limit,
    reserve(worst) {
      if (limit !== undefined) reserved += worst;
    },
    settle(worst, actual) {
      if (limit !== undefined) reserved = Math.max(0, reserved - worst);
      total += actual;
    },
    get spent() {
      return total;
    },
  };
}
