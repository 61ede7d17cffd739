/**
 * Messages between a webview and the client (the extension's own process) that hosts it. A webview says `ready` before
 * anything is posted to it; every request carries a number, and its answer carries the same.
 * Requests of a webview are either the server's (the host adds the project and passes them on) or the host's own.
 */
import type { Condition, Query } from "./corpus.ts";
import type { Problem } from "./errors.ts";
import type { EndpointSummary } from "./messages/endpoints.ts";
import type { PickedSeed, Preview } from "./messages/preview.ts";
import type { Params, RequestName, Result, ServerNotifications } from "./messages.ts";
import { namesOf } from "./wire.ts";

export type PanelKind = "preview" | "corpus";

/** Requests to the server that each panel may make. Anything else is refused by the host. */
export const PANEL_SERVER_REQUESTS = {
  preview: ["seeds/search", "corpus/label", "corpus/undo"],
  corpus: [
    "corpus/datasets",
    "corpus/page",
    "corpus/anchors",
    "corpus/facets",
    "corpus/count",
    "corpus/walk",
    "corpus/label",
    "corpus/edit",
    "corpus/delete",
    "corpus/undo",
    "corpus/rebuild",
  ],
} as const satisfies Record<PanelKind, readonly RequestName[]>;

/** Requests that the host itself answers. */
export interface HostRequests {
  /** Opens a file of the project (or an absolute one) and shows the line. */
  "host/open": { params: { file: string; line: number | null; span?: { start: number; end: number } | null }; result: null };
  /** Shows and selects a part of the previewed template, by offsets of its text. */
  "host/reveal": { params: { start: number; end: number }; result: null };
  /** Opens a row as a document: to read, or to edit (saving it is an edit of the row). */
  "host/openRow": { params: { id: string; mode: "read" | "edit" }; result: null };
  /** Shows two rows beside each other in the editor's own comparison. */
  "host/compare": { params: { left: string; right: string }; result: null };
  /** Puts text on the clipboard. */
  "host/copy": { params: { text: string }; result: null };
  /** Opens text in an unsaved document. */
  "host/document": { params: { text: string; language: string }; result: null };
  /** Lets the user choose files and imports them into the dataset; null where they chose none. */
  "host/import": { params: { dataset: string | null }; result: Imported | null };
  /** Imports a file that was dropped: its bytes, or its URI where the drop gave one. */
  "host/drop": {
    params: { dataset: string | null; file: { name: string; bytes: Uint8Array } | { uri: string } };
    result: Result<"corpus/import">;
  };
  /** Lets the user choose a target and exports the selection; null where they chose none. */
  "host/export": { params: { dataset: string; where: Condition[]; search?: string | undefined }; result: Result<"corpus/export"> | null };
  /** Runs one of our commands, for buttons that lead on. */
  "host/command": { params: { command: string; args?: unknown[] }; result: null };
  /** Puts the whole wire body of the preview, or a shell command that sends it, on the clipboard. */
  "host/copyRequest": { params: { what: "body" | "curl" }; result: null };
  /** The preview's choices: what is rendered, and with what. */
  "preview/choose": { params: PreviewChoice; result: null };
  /** Begins to generate from the previewed template with the chosen seed; `preview/run` and `generate/event` tell the rest. */
  "preview/generate": { params: { run: string; count: number }; result: null };
  /** Stops a run in order: what has been received is kept. */
  "preview/stop": { params: { run: string }; result: null };
}

type ServerRequest = (typeof PANEL_SERVER_REQUESTS)[PanelKind][number];

/** Everything that a panel may ask for, with what it says and what it gets. The host adds the project, so a panel need not know it. */
export type PanelRequest = ServerRequest | keyof HostRequests;
export type PanelParams<K extends PanelRequest> = K extends ServerRequest
  ? Omit<Params<K>, "project">
  : K extends keyof HostRequests
    ? HostRequests[K]["params"]
    : never;
export type PanelResult<K extends PanelRequest> = K extends ServerRequest
  ? Result<K>
  : K extends keyof HostRequests
    ? HostRequests[K]["result"]
    : never;

export const HOST_REQUESTS = namesOf<keyof HostRequests>()(
  "host/open",
  "host/reveal",
  "host/openRow",
  "host/compare",
  "host/copy",
  "host/document",
  "host/import",
  "host/drop",
  "host/export",
  "host/command",
  "host/copyRequest",
  "preview/choose",
  "preview/generate",
  "preview/stop",
);

/** What came of files that were imported one after the other: each is in one of the two lists. */
export interface Imported {
  reports: Result<"corpus/import">[];
  failed: Problem[];
}

/** A change of what the preview shows; members that are absent stay. */
export interface PreviewChoice {
  pick?: Params<"seeds/pick">["pick"];
  dataset?: string | null;
  endpoint?: string | null;
  pinned?: boolean;
}

/** What the host tells a panel by itself. */
export interface PanelEvents {
  "corpus/changed": ServerNotifications["corpus/changed"];
  "generate/event": ServerNotifications["generate/event"];
  progress: ServerNotifications["progress"];
  /** Macros of `markdown.math.macros`, the user's settings that a panel follows. */
  settings: PanelSettings;
  /** The preview's new picture. */
  "preview/show": Preview;
  "preview/state": PreviewState;
  /** A run of this preview has begun or ended; told again to a webview that was made anew, with the run's events behind it. */
  "preview/run": PreviewRun;
  /** The cursor of the previewed template has moved to this line. */
  "preview/cursor": { line: number };
  /** A drive from outside: a command has asked the panel to do something. */
  do: { what: "generate" | "next" | "previous" | "random" | "longest" | "search" };
  /** The server has gone, or is back. */
  server: { state: "starting" | "ready" | "stopped"; problem: Problem | null };
  /**
   * What the corpus panel shows: told when it listens, and again when a command asks for another selection. Members of the query that
   * are absent stay as the panel remembers them.
   */
  "corpus/show": { project: string | null; dataset: string; query: Partial<Pick<Query, "where" | "search" | "sort">>; row: string | null };
}

export const PANEL_EVENTS = namesOf<keyof PanelEvents>()(
  "corpus/changed",
  "generate/event",
  "progress",
  "settings",
  "preview/show",
  "preview/state",
  "preview/run",
  "preview/cursor",
  "do",
  "server",
  "corpus/show",
);

export interface PanelSettings {
  macros: Record<string, string>;
}

export interface PreviewState {
  /** Null where no template has been shown yet. */
  uri: string | null;
  name: string | null;
  pinned: boolean;
  seed: PickedSeed | null;
  /** Datasets of seeds that can be chosen. */
  datasets: { name: string; rows: number }[];
  endpoints: EndpointSummary[];
  endpoint: string | null;
  /** What has become of the template's document: deleted, or gone in another way. The last preview stays. */
  notice: Problem | null;
  /** Why Generate cannot be used now, in words; null where it can. A broken template blocks it, too: that stands in the preview. */
  blocked: Problem | null;
  /** What the primary button does instead of generating, where that is what unblocks it. */
  lead: { title: string; command: string; args?: unknown[] } | null;
}

export interface PreviewRun {
  run: string;
  count: number;
  /** Name of the template, and what was asked, as they were at the beginning. */
  template: string;
  endpoint: string | null;
  /** ISO 8601. */
  began: string;
  done: Result<"generate/run"> | null;
  /** Why it ended otherwise; `cancelled` where it was stopped. */
  problem: Problem | null;
}

/** What a preview keeps over a reload of the window: its host's part. The webview adds its own and gives it all back. */
export interface KeptPreview {
  uri: string | null;
  seed: { dataset: string; id: string } | null;
  endpoint: string | null;
  pinned: boolean;
}

/** Webview → host. */
export type ToHost =
  | { type: "ready" }
  | { type: "request"; id: number; method: string; params: unknown }
  | { type: "cancel"; id: number }
  /** The panel itself has failed; for the log. */
  | { type: "failed"; problem: Problem };

/** Host → webview. */
export type ToWebview =
  | { type: "answer"; id: number; result: unknown }
  | { type: "problem"; id: number; problem: Problem }
  | { type: "event"; event: keyof PanelEvents; data: unknown };
