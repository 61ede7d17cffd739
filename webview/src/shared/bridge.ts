import type { Problem } from "#protocol/errors.ts";
import type { PanelEvents, PanelParams, PanelRequest, PanelResult, ToHost, ToWebview } from "#protocol/panels.ts";

declare function acquireVsCodeApi<State>(): {
  postMessage(message: unknown): void;
  getState(): State | undefined;
  setState(state: State): void;
};

/** A failed request, with the problem that the other side sent. */
export class ProblemError extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

export const isCancelled = (thrown: unknown): boolean => thrown instanceof ProblemError && thrown.problem.code === "cancelled";

/** How a panel talks to its host, and what it keeps over a reload of the window. */
export interface Bridge<State> {
  /** @throws ProblemError; with `cancelled` when the signal was raised. */
  request<K extends PanelRequest>(method: K, params: PanelParams<K>, signal?: AbortSignal): Promise<PanelResult<K>>;
  on<K extends keyof PanelEvents>(event: K, listener: (data: PanelEvents[K]) => void): void;
  /** Call once all listeners are there: the host posts nothing before. */
  ready(): void;
  state(): State | undefined;
  keep(state: State): void;
}

/** Connects this webview with its host. To be called once. */
export function connect<State>(): Bridge<State> {
  const api = acquireVsCodeApi<State>();
  const post = (message: ToHost) => api.postMessage(message);
  const pending = new Map<number, { resolve(value: unknown): void; reject(reason: unknown): void }>();
  const listeners = new Map<string, ((data: never) => void)[]>();
  let next = 1;

  addEventListener("message", ({ data }: MessageEvent<ToWebview>) => {
    if (data.type === "event") {
      for (const listener of listeners.get(data.event) ?? []) listener(data.data as never);
      return;
    }
    const waiting = pending.get(data.id);
    pending.delete(data.id);
    if (data.type === "answer") waiting?.resolve(data.result);
    else waiting?.reject(new ProblemError(data.problem));
  });
  const failed = (message: string, stack?: string) =>
    post({ type: "failed", problem: { code: "internal", message, ...(stack === undefined ? {} : { data: { stack } }) } });
  addEventListener("error", ({ message, error }) => failed(message, (error as Error | undefined)?.stack));
  addEventListener("unhandledrejection", ({ reason }) => {
    if (!isCancelled(reason)) failed(String(reason), (reason as Error | undefined)?.stack);
  });

  return {
    request(method, params, signal) {
      const id = next++;
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(new ProblemError({ code: "cancelled", message: "Cancelled" }));
        pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
        signal?.addEventListener("abort", () => {
          if (!pending.delete(id)) return;
          post({ type: "cancel", id });
          reject(new ProblemError({ code: "cancelled", message: "Cancelled" }));
        });
        post({ type: "request", id, method, params });
      });
    },
    on(event, listener) {
      listeners.set(event, [...(listeners.get(event) ?? []), listener as (data: never) => void]);
    },
    ready: () => post({ type: "ready" }),
    state: () => api.getState(),
    keep: (state) => api.setState(state),
  };
}
