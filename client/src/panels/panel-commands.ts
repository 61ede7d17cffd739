import type { Action } from "../problems/actions.ts";

/** A command for a panel, with what it is about. */
export interface PanelCommand {
  command: Action["command"];
  args: unknown[];
}

type About = { project: string | null; argument: unknown };

const alone = () => [];
/** A panel's own project counts, whichever file is active meanwhile. */
const inProject = ({ project }: About) => (project === null ? [] : [{ project }]);

const member = (value: unknown, name: string): string | undefined => {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof found === "string" ? found : undefined;
};

/** The commands that the buttons of panels lead to, and what each is given. */
const COMMANDS: Partial<Record<Action["command"], (about: About) => unknown[]>> = {
  "vscode.openFolder": alone,
  "workbench.trust.manage": alone,
  "jiuzhang.openSample": alone,
  "jiuzhang.preview": alone,
  "jiuzhang.restartServer": alone,
  "jiuzhang.showLog": alone,
  "jiuzhang.importFile": inProject,
  "jiuzhang.addEndpoint": inProject,
  "jiuzhang.installEngine": ({ argument }) => {
    const model = member(argument, "model");
    return model === undefined ? [] : [{ model }];
  },
  "jiuzhang.setKey": ({ project, argument }) => [{ project, endpoint: member(argument, "endpoint") }],
  "jiuzhang.openCorpus": ({ project, argument }) => {
    const [dataset, row] = [member(argument, "dataset"), member(argument, "row")];
    return [
      { ...(project === null ? {} : { project }), ...(dataset === undefined ? {} : { dataset }), ...(row === undefined ? {} : { row }) },
    ];
  },
};

/** What a panel's button runs, null where panels may not run it. Nothing of what a panel says reaches other commands, or as other arguments. */
export function panelCommand(command: string, args: readonly unknown[], project: string | null): PanelCommand | null {
  if (!Object.hasOwn(COMMANDS, command)) return null;
  const known = command as Action["command"];
  const argsOf = COMMANDS[known];
  return argsOf === undefined ? null : { command: known, args: argsOf({ project, argument: args[0] }) };
}
