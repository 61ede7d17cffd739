import type { Row, Verdict } from "#protocol/corpus.ts";
import type { Problem } from "#protocol/errors.ts";
import type { GenerateDone, GenerateEvent } from "#protocol/messages/generate.ts";
import { count, counted, duration, money } from "../status/words.ts";

/** A run as a Markdown text that grows: what each request has brought so far, then how it was judged, at the end what came of all. */
export interface Transcript {
  event(event: GenerateEvent): void;
  end(how: { done: GenerateDone } | { problem: Problem }): void;
  /** The text as it stands. */
  text(): string;
}

interface Part {
  seed: string | null;
  attempt: number;
  text: string;
  /** Characters of thinking so far. */
  thought: number;
  rows: Row[];
}

export function createTranscript(about: { template: string; dataset: string }): Transcript {
  const parts = new Map<string, Part>();
  const warnings: string[] = [];
  let who = "";
  let stage: string | null = null;
  let ending: string | null = null;

  const partOf = (key: string, seed: string | null): Part => {
    const part = parts.get(key) ?? { seed, attempt: 1, text: "", thought: 0, rows: [] };
    parts.set(key, part);
    return part;
  };

  return {
    event(event) {
      switch (event.type) {
        case "plan":
          who = `${event.endpoint} (${event.model})`;
          break;
        case "preparing":
          stage = event.stage;
          break;
        case "delta": {
          stage = null;
          const part = partOf(event.key, event.seed);
          if (event.attempt !== part.attempt) Object.assign(part, { attempt: event.attempt, text: "", thought: 0 });
          part.text += event.text;
          part.thought += event.reasoning.length;
          break;
        }
        case "row":
          partOf(event.key ?? event.row.id, event.seed).rows.push(event.row);
          break;
        case "warning":
          warnings.push(event.problem.message);
      }
    },
    end(how) {
      stage = null;
      ending = "done" in how ? doneWords(how.done) : problemWords(how.problem);
    },
    text() {
      const head = [`# Problems from ${about.template}`, [who, `dataset ${about.dataset}`].filter((word) => word !== "").join(", ")];
      const written = [...parts.values()].map((part, at) => partText(part, at + 1));
      const waiting = written.length === 0 && ending === null ? [stage === null ? "Waiting for the first words …" : `${stage} …`] : [];
      const end = [...new Set(warnings)].map((words) => `> ${words}`);
      return `${[...head, ...waiting, ...written, ...(end.length + (ending === null ? 0 : 1) > 0 ? ["---"] : []), ...end, ...(ending === null ? [] : [ending])].join("\n\n")}\n`;
    },
  };
}

function partText({ seed, attempt, text, thought, rows }: Part, number: number): string {
  const title = `**${number}**${seed === null ? "" : ` from seed ${seed}`}${attempt > 1 ? `, try ${attempt}` : ""}`;
  const thinking = text === "" && thought > 0 ? `*Thinking, ${counted(thought, "character")} so far …*` : "";
  return ["---", title, thinking, text.trim(), ...rows.map(verdictText)].filter((piece) => piece !== "").join("\n\n");
}

/** What the checks said of a row, in a line of quoted text. */
function verdictText({ accepted, verdicts }: Row): string {
  if (accepted) return "> Accepted: it passes every check.";
  const against = verdicts
    .filter(({ value }) => value !== "pass")
    .map(({ check, value, reason }: Verdict) => `${check} ${value} (${reason})`);
  return `> Not accepted: ${against.join("; ")}.`;
}

/** What a run has brought, in a line. */
export function doneWords({ rows, accepted, dataset, seconds, cost, reused }: GenerateDone): string {
  const came = rows === 0 ? "No problem came" : `${counted(rows, "problem")} came, ${count(accepted)} accepted, in dataset ${dataset}`;
  const facts = [duration(seconds), cost === null ? "" : `cost ${money(cost)}`, reused === 0 ? "" : `${count(reused)} answered before`];
  return `${came}; ${facts.filter((fact) => fact !== "").join(", ")}.`;
}

/** Why a run ended otherwise, with what had come. */
export function problemWords({ code, message, remedy, data }: Problem): string {
  const rows = typeof data?.rows === "number" ? data.rows : 0;
  const kept = rows === 0 ? "" : ` ${counted(rows, "problem")} came before and ${rows === 1 ? "is" : "are"} kept.`;
  if (code === "cancelled") return `Stopped.${kept} Generating again asks only what is missing.`;
  return `${message.replace(/[.\s]+$/, "")}.${kept}${remedy === undefined ? "" : ` ${remedy}`}`;
}
