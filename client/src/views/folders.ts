/** Paths in the order of their names; digits are read as numbers, so that amc8 comes before amc10. */
export const comparePaths = new Intl.Collator("en", { numeric: true }).compare;

/** A folder of templates, by its path below the open folder. */
export interface TemplateFolder<File> {
  path: string;
  files: File[];
}

/** Files grouped by their folder, all in the order of their names. `path` is relative to the open folder with forward slashes. */
export function byFolder<File extends { path: string }>(files: readonly File[]): TemplateFolder<File>[] {
  const folders = new Map<string, File[]>();
  for (const file of files) {
    const folder = file.path.includes("/") ? file.path.slice(0, file.path.lastIndexOf("/")) : "";
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders]
    .sort(([a], [b]) => comparePaths(a, b))
    .map(([path, inside]) => ({ path, files: inside.sort((a, b) => comparePaths(a.path, b.path)) }));
}
