import type { Event, Uri } from "vscode";

/** Which project a document belongs to. Projects are `file:` URIs as `pathToFileURL` writes them, so that they can be compared. */
export interface ProjectFinder {
  /** Projects of the open folders: for each the folder itself. */
  readonly all: readonly string[];
  /** The open folders have changed. */
  readonly onChange: Event<void>;
  /**
   * The project of a document, or of nothing (then of the active editor), without asking anybody.
   * Null where no folder is open, and where several are and nothing tells which.
   */
  of(uri?: Uri | null): string | null;
  /** As `of`; where several folders could be meant the user is asked, once a session. @throws ProblemError project/none; cancelled */
  need(uri?: Uri | null): Promise<string>;
}
