import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";

/** A real sshd on loopback with keys, configuration and known hosts of its own: nothing of this machine's or the user's is touched. */
export interface Sshd {
  /** An `ssh` that knows the hosts of this sshd, as if they stood in the user's configuration. */
  program: string;
  destination: string;
  /** A folder that the user of the far end may write. */
  home: string;
  /** `made`: for this test alone. */
  user: { name: string; uid: number; gid: number; made: boolean };
  /** Ends every session, as a cut line does; new ones are taken. */
  cut(): void;
  /** The same for the sessions that are open now, at a moment that a test chooses. */
  prepareCut(): () => void;
  /** Stops taking connections, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** A second name for the same machine, with its own lines of configuration. */
  addHost(name: string, lines: string[]): void;
  knownHosts: string;
  folder: string;
  /** Ends what the user still runs, and removes user and folder. */
  remove(): Promise<void>;
}

const SSHD = ["/usr/sbin/sshd", "/usr/local/sbin/sshd"].find((path) => existsSync(path));
const KEYGEN = spawnSync("ssh-keygen", ["-?"]).error === undefined;
const SSH = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "ssh"))
  .find((path) => existsSync(path));

/** Why there can be no sshd, or false. */
export const withoutSshd: string | false =
  process.platform !== "linux"
    ? "the loopback sshd is made for Linux"
    : SSHD === undefined || !KEYGEN || SSH === undefined
      ? "there is no sshd on this machine (install openssh-server)"
      : process.getuid?.() === 0 && spawnSync("useradd", ["--help"]).error !== undefined
        ? "root cannot make a user without useradd"
        : false;

/** Another user where we are root, ourselves otherwise: what is tested is a host's ordinary user. */
export async function startSshd(): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), "jiuzhang-sshd-"));
  chmodSync(folder, 0o755);
  const user = makeUser(folder);
  const home = join(folder, "home");
  const port = await freePort();
  const path = (name: string) => join(folder, name);
  for (const key of ["host", "client", "stranger"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", path(key)], { stdio: "pipe" });
  writeFileSync(path("authorized"), readFileSync(path("client.pub")));
  const publicKey = readFileSync(path("host.pub"), "utf8").split(" ").slice(0, 2).join(" ");
  writeFileSync(path("known"), `[127.0.0.1]:${port} ${publicKey}\n`);
  writeFileSync(
    path("sshd_config"),
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${path("host")}`,
      `PidFile ${path("pid")}`,
      `AuthorizedKeysFile ${path("authorized")}`,
      "StrictModes no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "UsePAM no",
      "",
    ].join("\n"),
  );
  const config = path("ssh_config");
  const hosts = new Map<string, string[]>();
  const known = [`UserKnownHostsFile ${path("known")}`];
  const key = [`IdentityFile ${path("client")}`];
  const writeConfig = () => {
    const common = [
      `Port ${port}`,
      "HostName 127.0.0.1",
      `User ${user.name}`,
      ...["IdentitiesOnly yes", "IdentityAgent none", "GlobalKnownHostsFile /dev/null"],
    ];
    // The first value of a word counts.
    const blocks = [...hosts].map(([name, lines]) => [`Host ${name}`, ...lines, ...common, ...known, ...key].join("\n  "));
    writeFileSync(config, `${blocks.join("\n")}\n`);
  };
  hosts.set("box", []);
  writeConfig();
  const program = path("ssh");
  writeFileSync(program, `#!/bin/sh\nexec ${SSH} -F ${config} "$@"\n`);
  chmodSync(program, 0o755);
  // sshd wants its folder for the separation of privileges.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });

  let listener: ReturnType<typeof spawn> | null = null;
  const start = async () => {
    const child = spawn(SSHD as string, ["-D", "-f", path("sshd_config"), "-E", path("log")], { stdio: "ignore" });
    listener = child;
    while (spawnSync(program, ["-o", "BatchMode=yes", "box", "true"]).status !== 0)
      if (child.exitCode !== null) throw new Error(`sshd did not start: ${readFileSync(path("log"), "utf8")}`);
  };
  const stop = async () => {
    const child = listener;
    listener = null;
    if (child === null || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  };
  await start();
  const childrenOf = (pid: number): number[] =>
    spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
      .stdout.trim()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  const sessions = () => {
    // The listener's children, each with one of its own that has given up its privileges.
    const found = listener?.pid === undefined ? [] : childrenOf(listener.pid);
    return found.flatMap((pid) => [...childrenOf(pid), pid]);
  };
  const prepareCut = () => {
    const open = sessions();
    return () => open.forEach(killQuietly);
  };
  const cut = () => prepareCut()();
  return {
    program,
    destination: "box",
    home,
    user,
    folder,
    knownHosts: path("known"),
    start,
    stop,
    cut,
    prepareCut,
    addHost(name, lines) {
      hosts.set(name, lines);
      writeConfig();
    },
    async remove() {
      cut();
      await stop();
      if (user.made) {
        for (const pid of processesOf(user.uid)) killQuietly(pid);
        spawnSync("userdel", [user.name]);
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Processes of one user id. */
export function processesOf(uid: number): number[] {
  return spawnSync("ps", ["-o", "pid=", "-u", String(uid)], { encoding: "utf8" })
    .stdout.trim()
    .split(/\s+/)
    .filter(Boolean)
    .map(Number);
}

function makeUser(folder: string) {
  const home = join(folder, "home");
  mkdirSync(home);
  const me = userInfo();
  if (process.getuid?.() !== 0) return { name: me.username, uid: me.uid, gid: me.gid, made: false };
  const name = `jiuzhang-t${process.pid}`;
  // A star is a password that nobody has; an exclamation mark, which is the default, would lock the account for keys, too.
  execFileSync("useradd", ["--no-create-home", "--home-dir", home, "--shell", "/bin/bash", "--password", "*", name], { stdio: "pipe" });
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  const user = { name, uid: id("-u"), gid: id("-g"), made: true };
  chownSync(home, user.uid, user.gid);
  // A start file that talks: what it prints must not be taken for an answer.
  writeFileSync(join(home, ".bashrc"), 'echo "Welcome to the cluster"; printf "{half a line"\n');
  return user;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just gone.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
