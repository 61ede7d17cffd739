/**
 * The language client as we use it. It is by far the largest part of the extension, so this module is bundled into a file of its
 * own (scripts/build.ts), which is loaded when the server is first needed. Nothing else of ours may be in it.
 */
import { LanguageClient } from "vscode-languageclient/node";

export {
  CancellationTokenSource,
  CloseAction,
  ErrorAction,
  LSPErrorCodes,
  ResponseError,
  RevealOutputChannelOn,
  TransportKind,
} from "vscode-languageclient/node";

/** Logs what goes wrong and never shows it: what the user should know is told by the status item and by failed requests. */
export class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}
