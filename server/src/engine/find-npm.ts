import { existsSync, realpathSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";

/** A program and the arguments before its own. */
export interface Program {
  file: string;
  args: string[];
}

/**
 * The npm of this machine: the one that started us, the one beside the running Node, or the first on PATH. The Node that comes as a
 * platform package has no npm beside it. Null where there is none.
 */
export function findNpm(env: NodeJS.ProcessEnv = process.env, node: string = process.execPath): Program | null {
  const script = [env.npm_execpath, ...besideNode(node)].find(
    (path) => path !== undefined && basename(path) === "npm-cli.js" && existsSync(path),
  );
  if (script !== undefined) return { file: node, args: [script] };
  for (const folder of (env.PATH ?? env.Path ?? "").split(delimiter)) {
    if (folder === "") continue;
    // A .cmd file cannot be started without a shell; the script that it calls lies beside it.
    const beside = join(folder, "node_modules", "npm", "bin", "npm-cli.js");
    if (existsSync(beside)) return { file: node, args: [beside] };
    const found = join(folder, "npm");
    if (process.platform === "win32" || !existsSync(found)) continue;
    const real = realpathSync(found);
    return basename(real) === "npm-cli.js" ? { file: node, args: [real] } : { file: found, args: [] };
  }
  return null;
}

const besideNode = (node: string): string[] => [
  join(dirname(node), "node_modules", "npm", "bin", "npm-cli.js"),
  join(dirname(node), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
];
