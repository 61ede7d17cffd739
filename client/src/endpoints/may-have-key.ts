import { window } from "vscode";
import type { KeyQuestion } from "./secrets.ts";

/** Asks the user whether a server may have a key that was not stored for it. */
export async function mayHaveKey({ name, origin, known }: KeyQuestion): Promise<boolean> {
  const give = "Give Key";
  const belongs = known.length === 0 ? "It is not known which server this key belongs to" : `It was stored for ${known.join(", ")}`;
  const chosen = await window.showWarningMessage(
    `Give the key “${name}” to ${origin}?`,
    { modal: true, detail: `${belongs}. jiuzhang.yaml sends it to ${origin}, and whoever runs that server can use it.` },
    give,
  );
  return chosen === give;
}
