import { type AppError, fail, type Problem } from "#protocol/errors.ts";

/** What the far end says of a call that failed. */
export interface SystemError {
  errno?: string | number | null;
  message?: string;
  path?: string | null;
}

const NUMBERS: Record<number, string> = {
  1: "EPERM",
  2: "ENOENT",
  13: "EACCES",
  20: "ENOTDIR",
  27: "EFBIG",
  28: "ENOSPC",
  30: "EROFS",
  122: "EDQUOT",
};

/** A failed system call on a host as a problem that says what to do. */
export function hostFailure(host: string, error: SystemError, fallback?: string): AppError {
  const { errno, message = "no reason given" } = error;
  const file = error.path ?? fallback;
  const name = typeof errno === "number" ? (NUMBERS[errno] ?? String(errno)) : (errno ?? "");
  const more: Omit<Problem, "code" | "message"> = { ...(file === undefined ? {} : { where: { file } }), data: { errno: name, host } };
  switch (name) {
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return fail("host/disk-full", `${name === "ENOSPC" ? "The disk" : "Your share of the disk"} on ${host} is full`, {
        ...more,
        remedy: "Free some space there, or name another folder as the host's root in jiuzhang.yaml; then do the same again.",
      });
    case "EACCES":
    case "EPERM":
      return fail("host/permission", `You may not do this on ${host}: ${message}`, {
        ...more,
        remedy: "Look who owns it there, or name a folder of your own as the host's root in jiuzhang.yaml.",
      });
    case "EROFS":
      return fail("host/not-writable", `Nothing can be written there on ${host}`, {
        ...more,
        remedy: "Name a folder on a disk that can be written as the host's root in jiuzhang.yaml.",
      });
    case "ENOENT":
    case "ENOTDIR":
      return fail("usage/not-found", `There is no such file or folder on ${host}`, { ...more, remedy: "Check the path." });
    default:
      return fail("host/failed", `${host} could not do it: ${message}`, more);
  }
}
