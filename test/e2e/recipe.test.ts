import { before, describe, test } from "node:test";
import { withoutEditor } from "./browser.ts";
import { type Editor, startEditor } from "./editor.ts";
import { sampleProject } from "./project.ts";
import { until } from "./until.ts";

const RECIPE = `steps:
  texts: { verb: import, from: data/seeds.jsonl }
  teach: { verb: synthesize, sedes: steps.texts, prompts: prompts/**/*.prompty, endpoint: small }
endpoints:
  small: { embedded: true }
`;

describe("a recipe in a real editor", { skip: await withoutEditor() }, () => {
  let editor: Editor;
  before(async () => {
    editor = await startEditor({ project: await sampleProject() });
  });

  test("opened by itself it is checked while it is written", async () => {
    await editor.openFile("jiuzhang.yaml");
    await editor.replaceText(RECIPE);
    await until("the mistake", async () =>
      (await editor.problems()).some((line) => /no setting “sedes”\. Did you mean “seeds”\?/.test(line)),
    );
    await editor.openFile("jiuzhang.yaml");
    await editor.replaceText(RECIPE.replace("sedes", "seeds"));
    await until("nothing wrong", async () => !(await editor.problems()).some((line) => line.includes("jiuzhang")));
  });

  test("what may stand at the cursor is offered", async () => {
    await editor.openFile("jiuzhang.yaml");
    await editor.goTo(3, "  teach: { verb: synthesize, seeds: ".length + 1);
    await editor.command("Trigger Suggest");
    const offered = editor.page.locator(".suggest-widget .monaco-list-row");
    await offered.filter({ hasText: "steps.texts" }).waitFor();
    await editor.screenshot("recipe-completion");
  });
});
