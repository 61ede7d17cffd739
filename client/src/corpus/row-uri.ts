import { Uri } from "vscode";

export const ROW_SCHEME = "jiuzhang-row";

/** Which row a document shows, and whether saving it edits the row. */
export interface RowAddress {
  project: string;
  dataset: string;
  id: string;
  mode: "read" | "edit";
}

/** Digits of an id that people see; they nearly always tell rows apart. */
const SHOWN_DIGITS = 8;

export function rowUri({ project, dataset, id, mode }: RowAddress): Uri {
  const query = new URLSearchParams({ project, dataset, id, mode }).toString();
  return Uri.from({ scheme: ROW_SCHEME, path: `/${dataset.replaceAll("/", "-")}/${id.slice(0, SHOWN_DIGITS)}.md`, query });
}

/** Null where the address is none that `rowUri` made. */
export function rowAddress({ scheme, query }: Uri): RowAddress | null {
  const params = new URLSearchParams(query);
  const [project, dataset, id, mode] = ["project", "dataset", "id", "mode"].map((name) => params.get(name));
  if (scheme !== ROW_SCHEME || !project || !dataset || !id || (mode !== "read" && mode !== "edit")) return null;
  return { project, dataset, id, mode };
}
