import type { Event, Uri } from "vscode";

/** Which project a document belongs to. Projects are `file:` URIs as `pathToFileURL` writes them, so that they can be compared. */
export interface ProjectFinder {
  /** The projects in the open folders: those that hold a recipe or data of ours already. */
  list(): Promise<string[]>;
  /** The open folders have changed, or a recipe came or went. */
  readonly onChange: Event<void>;
  /**
   * The project of a document, or of nothing (then of the active editor), without asking anybody.
   * Null where no folder is open, and where several are and nothing tells which.
   */
  of(uri?: Uri | null): string | null;
  /** As `of`; where several folders could be meant the user is asked, once a session. @throws ProblemError project/none; cancelled */
  need(uri?: Uri | null): Promise<string>;
}
