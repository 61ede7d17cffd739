import { fail } from "#protocol/errors.ts";

export interface EnginePlatform {
  /** `linux-x64`; part of the folder's name. */
  key: string;
  /** Folder of the lock under media/engine. */
  lock: "linux" | "mac-windows";
  /** The package that carries the compiled engine. */
  binary: string;
  gpu: false | "metal";
}

/**
 * Which build of the engine this machine takes. The builds for macOS and Windows have their own lock, because an engine works only with
 * binaries of exactly its version, and the newest version that all registries carry is older for them than for Linux.
 * @throws engine/unsupported-platform
 */
export function enginePlatform(
  platform: NodeJS.Platform = process.platform,
  arch: string = process.arch,
  musl = hasMusl(),
): EnginePlatform {
  const key = `${platform}-${arch}`;
  const found = BUILDS[key];
  if (found === undefined || (platform === "linux" && musl))
    throw fail("engine/unsupported-platform", `There is no build of the embedded engine for ${key}${musl ? " with musl" : ""}`, {
      remedy: "Use any OpenAI-compatible server instead: --base-url URL --model NAME.",
      data: { platform: key, musl },
    });
  return { key, ...found };
}

const BUILDS: Record<string, Omit<EnginePlatform, "key">> = {
  "linux-x64": { lock: "linux", binary: "@node-llama-cpp/linux-x64", gpu: false },
  "linux-arm64": { lock: "linux", binary: "@node-llama-cpp/linux-arm64", gpu: false },
  "darwin-arm64": { lock: "mac-windows", binary: "@node-llama-cpp/mac-arm64-metal", gpu: "metal" },
  "darwin-x64": { lock: "mac-windows", binary: "@node-llama-cpp/mac-x64", gpu: false },
  "win32-x64": { lock: "mac-windows", binary: "@node-llama-cpp/win-x64", gpu: false },
  "win32-arm64": { lock: "mac-windows", binary: "@node-llama-cpp/win-arm64", gpu: false },
};

/** Node tells the glibc that it runs on; where it tells none, the C library is another one. */
function hasMusl(): boolean {
  if (process.platform !== "linux") return false;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  return report?.header !== undefined && report.header.glibcVersionRuntime === undefined;
}
