import type { Finding } from "./issue.ts";
import { type Step, shown } from "./steps.ts";

/** Names of the steps that a step uses, each once, those that exist. */
export function inputsOf(step: Step, steps: ReadonlyMap<string, Step | null>): string[] {
  return [...new Set(step.references.map(({ name }) => name))].filter((name) => steps.has(name));
}

/** Steps so that each stands after those that it uses, otherwise in the order of the file. Of a cycle, the first in the file comes first. */
export function inOrder(steps: ReadonlyMap<string, Step>): Step[] {
  const order: Step[] = [];
  const met = new Set<string>();
  for (const root of steps.values()) {
    const stack: { step: Step; inputs: string[] }[] = [];
    const enter = (step: Step) => {
      if (met.has(step.name)) return;
      met.add(step.name);
      stack.push({ step, inputs: inputsOf(step, steps) });
    };
    enter(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.inputs.shift();
      const input = next === undefined ? undefined : steps.get(next);
      if (input !== undefined) enter(input);
      else {
        order.push(top.step);
        stack.pop();
      }
    }
  }
  return order;
}

/** Steps that need their own result, each cycle told once and in full, at the reference that closes it. */
export function findCycles(steps: ReadonlyMap<string, Step | null>): { step: string; finding: Finding; members: string[] }[] {
  const found: { step: string; finding: Finding; members: string[] }[] = [];
  const done = new Set<string>();
  for (const root of steps.keys()) {
    const trail: { step: Step; next: number }[] = [];
    const open = new Map<string, number>();
    const enter = (name: string) => {
      const step = steps.get(name);
      if (!step || done.has(name)) return;
      open.set(name, trail.length);
      trail.push({ step, next: 0 });
    };
    enter(root);
    for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
      const { step } = top;
      const reference = step.references[top.next++];
      if (reference === undefined) {
        done.add(step.name);
        open.delete(step.name);
        trail.pop();
        continue;
      }
      const from = open.get(reference.name);
      if (from === undefined) enter(reference.name);
      else {
        const members = trail.slice(from).map((entry) => entry.step.name);
        const way = [...members, reference.name].map(shown).join(" → ");
        if (!found.some((other) => other.step === step.name && other.members.join() === members.join()))
          found.push({
            step: step.name,
            members,
            finding: {
              path: reference.path,
              atKey: false,
              message: members.length === 1 ? `Step “${step.name}” uses its own result` : `These steps use one another in a circle: ${way}`,
              remedy: "Let one of them use something else, a file or a result of an earlier step.",
            },
          });
      }
    }
  }
  return found;
}
