import type { ErrorCode } from "#protocol/errors.ts";
import type { CommandId } from "../ids.ts";

/** A button under a problem that leads on. */
export interface Action {
  title: string;
  command: CommandId | "vscode.openFolder" | "workbench.trust.manage";
  args?: unknown[];
}

const SHOW_LOG: Action = { title: "Show Log", command: "jiuzhang.showLog" };
const RESTART: Action = { title: "Restart Server", command: "jiuzhang.restartServer" };
const REBUILD: Action = { title: "Rebuild Index", command: "jiuzhang.rebuildIndex" };

const INSTALL: Action = { title: "Install", command: "jiuzhang.installEngine" };
const SET_KEY: Action = { title: "Set API Key…", command: "jiuzhang.setKey" };
const ADD_ENDPOINT: Action = { title: "Add Endpoint…", command: "jiuzhang.addEndpoint" };
const TEST_ENDPOINT: Action = { title: "Test Endpoint…", command: "jiuzhang.testEndpoint" };

const BY_CODE: Partial<Record<ErrorCode, Action[]>> = {
  "project/none": [
    { title: "Open Folder", command: "vscode.openFolder" },
    { title: "Open Sample Project…", command: "jiuzhang.openSample" },
  ],
  "project/untrusted": [{ title: "Manage Trust", command: "workbench.trust.manage" }],
  "project/unknown-endpoint": [ADD_ENDPOINT],
  "model/missing-key": [SET_KEY],
  "model/wrong-key": [SET_KEY],
  "model/not-found": [TEST_ENDPOINT],
  "model/unreachable": [TEST_ENDPOINT, SHOW_LOG],
  "engine/not-installed": [INSTALL, ADD_ENDPOINT],
  "engine/install-failed": [ADD_ENDPOINT, SHOW_LOG],
  "engine/model-missing": [ADD_ENDPOINT, SHOW_LOG],
  "engine/unsupported-platform": [ADD_ENDPOINT],
  "server/stopped": [RESTART, SHOW_LOG],
  "server/crashed": [SHOW_LOG],
  "server/start-failed": [RESTART, SHOW_LOG],
  "index/corrupt": [REBUILD, SHOW_LOG],
  // What is asked for wrongly says itself what is wrong: the log has nothing to add.
  "usage/invalid-argument": [],
  "usage/not-found": [],
};

/** What leads on from a problem of this kind, where something of its own does. */
export const ownActions = (code: ErrorCode): Action[] => BY_CODE[code] ?? [];

/** The buttons that a problem of this kind gets; with none of its own the log tells more. */
export const actionsFor = (code: ErrorCode): Action[] => BY_CODE[code] ?? [SHOW_LOG];
