import { readdirSync, readFileSync } from "node:fs";
import type { Format, Message } from "#protocol/template.ts";
import { render } from "../../server/src/prompty/render.ts";
import { parseTemplate } from "../../server/src/prompty/template.ts";
import { toRequest, type WireRequest } from "../../server/src/prompty/wire.ts";

const prompts = new URL("../../prompts/", import.meta.url);

/** Every template that is shipped, as `nl/grade`. */
export const SHIPPED: string[] = readdirSync(prompts, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".prompty"))
  .map((path) => path.replaceAll("\\", "/").replace(/\.prompty$/, ""))
  .toSorted();

/** What the place of a template says of it: `base/high-tool` is a form with a program, for high school, for models that only complete. */
export function partsOf(path: string): { folder: string; stage: string; format: Format } {
  const [folder = "", name = ""] = path.split("/");
  const tool = folder === "tool" || name.endsWith("-tool");
  return { folder, stage: name.replace(/-tool$/, ""), format: tool ? "tool" : "nl" };
}

/** Line ends as in the repository, whatever the checkout made of them. */
export const readTemplate = (path: string): string => readFileSync(new URL(`${path}.prompty`, prompts), "utf8").replaceAll("\r\n", "\n");

export function renderWith(path: string, text: string): { text: string; messages: Message[]; request: WireRequest } {
  const template = parseTemplate(readTemplate(path));
  const rendered = render(template, { text });
  return { text: rendered.text, messages: rendered.messages, request: toRequest(template, rendered, { model: "a-model" }) };
}
