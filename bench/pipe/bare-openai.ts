/** What a script with the bare `openai` client does: N requests, so many at a time, the answers in memory and nothing kept. */
import OpenAI from "openai";
import { marked } from "../../test/pipe/requests.ts";

const [baseURL = "", count = "0", concurrency = "1"] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: "none" });
const requests = marked(Number(count), 500);
const texts: (string | null)[] = [];

const worker = async () => {
  for (const { line } of requests) {
    const answer = await client.chat.completions.create(line.body as never);
    texts.push((answer as OpenAI.ChatCompletion).choices[0]?.message.content ?? null);
  }
};
await Promise.all(Array.from({ length: Number(concurrency) }, worker));
if (texts.length !== Number(count)) throw new Error(`${texts.length} answers`);
process.exit(0);
