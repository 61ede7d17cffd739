import type { Label } from "#protocol/corpus.ts";
import type { WalkForward } from "#protocol/messages/corpus.ts";
import { type Edit, entriesOf } from "../ingest/family.ts";
import { editedId } from "../ingest/ids.ts";
import type { Sql } from "../store/sql.ts";

/** What people said of a row and made of it; labels with the latest first. */
export function historyOf(sql: Sql, id: string): Pick<WalkForward, "labels" | "parent" | "hidden"> {
  const labels = entriesOf(sql, id).flatMap(({ kind, at, person, detail }) => {
    if (kind !== "label") return [];
    const { label, why } = JSON.parse(detail) as { label: Label | null; why: string | null };
    return [{ by: person, at: new Date(at).toISOString(), label, why }];
  });
  const row = sql.prepare("SELECT n, dataset, parent FROM row WHERE id = ?").get<{ n: number; dataset: number; parent: string | null }>(id);
  const hidden = row === undefined || row.dataset > 0 ? null : row.n > 0 ? "deleted" : "edited";
  return { labels: labels.reverse(), parent: row === undefined || row.parent === null ? null : editOf(sql, row.parent, id), hidden };
}

function editOf(sql: Sql, parent: string, id: string): WalkForward["parent"] {
  const edit = entriesOf(sql, parent).find(
    (entry) => entry.kind === "edit" && editedId(parent, JSON.parse(entry.detail) as Edit, entry.id) === id,
  );
  return edit === undefined ? null : { id: parent, by: edit.person, at: new Date(edit.at).toISOString() };
}
