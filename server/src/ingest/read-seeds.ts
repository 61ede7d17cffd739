import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { createKeySet } from "../requests/key-set.ts";
import type { SeedRow } from "../synthesis/build-request.ts";
import { readEntries } from "./entries.ts";
import { importedId } from "./ids.ts";
import { readImport } from "./import-file.ts";
import { findShape } from "./inspect.ts";
import { importsDir } from "./layout.ts";

/** An imported file, by its hash and the dataset that took its rows. */
export interface ImportedSeeds {
  dataset: string;
  sha256: string;
}

/**
 * The seeds of one imported file, in the file's order and each once, as often as wanted; memory holds their ids alone.
 * They are read from the project's copy of the file: in the index a row that two files have belongs to one of them only,
 * so a run over an edited file would miss what the edit left as it was.
 * @throws usage/not-found, usage/invalid-argument where the file holds problems, import/…
 */
export function readSeeds(project: string, { dataset, sha256 }: ImportedSeeds): AsyncIterable<SeedRow> {
  return {
    async *[Symbol.asyncIterator]() {
      const folder = join(importsDir(project), sha256);
      const about = await readImport(join(folder, `import-${dataset}.json`));
      if (about === null)
        throw fail("usage/not-found", `“${dataset}” has no such import`, { where: { file: folder }, remedy: "Import the file again." });
      if (about.kind !== "seed")
        throw fail("usage/invalid-argument", `“${dataset}” holds problems, not seeds`, { remedy: "Name a dataset of seeds." });
      const { file: name, format, license, stage } = about;
      const path = join(folder, "data");
      const shape = await findShape(path, format, name);
      const options = { path, name, shape, defaults: { license, stage }, start: { position: 0, line: 0 } };
      const seen = createKeySet();
      for await (const entries of readEntries(format, about.chunk, options))
        for (const { row } of entries) {
          if (row === null) continue;
          const { text, solution, answer, source, extra } = row;
          const id = importedId({ dataset, kind: "seed", text, solution, answer, source });
          if (seen.find(id) >= 0) continue;
          seen.add(id);
          const columns = { ...(row.license === null ? {} : { license: row.license }), ...extra };
          yield { id, dataset, text, stage: row.stage, columns };
        }
    },
  };
}
