import { type Disposable, EventEmitter, LogLevel, type LogOutputChannel } from "vscode";
import type { SettingsReader } from "../settings/reader.ts";
import { withoutSecrets } from "./trace.ts";

/**
 * The log as the language client traces its messages into it. The client traces where the level of its channel is the finest;
 * here the setting alone decides, so that nobody has to change two things.
 */
export function createTraceChannel(log: LogOutputChannel, settings: SettingsReader): LogOutputChannel & Disposable {
  const levels = new EventEmitter<LogLevel>();
  const level = () => (settings.get("jiuzhang.trace.server") === "off" ? LogLevel.Info : LogLevel.Trace);
  const followed = settings.onChange("jiuzhang.trace.server", () => levels.fire(level()));
  return {
    name: log.name,
    get logLevel() {
      return level();
    },
    onDidChangeLogLevel: levels.event,
    trace: (message) => log.info(withoutSecrets(message)),
    debug: (message, ...more) => log.debug(message, ...more),
    info: (message, ...more) => log.info(message, ...more),
    warn: (message, ...more) => log.warn(message, ...more),
    error: (error, ...more) => log.error(error, ...more),
    append: (text) => log.append(text),
    appendLine: (text) => log.appendLine(text),
    replace: (text) => log.replace(text),
    clear: () => log.clear(),
    show: () => log.show(),
    hide: () => log.hide(),
    dispose() {
      followed.dispose();
      levels.dispose();
    },
  };
}
