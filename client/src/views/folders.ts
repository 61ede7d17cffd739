/** A folder of templates, by its path below the open folder. */
export interface TemplateFolder<File> {
  path: string;
  files: File[];
}

/**
 * Files grouped by their folder, folders and files in the order of their names. `path` is relative to the open folder with forward
 * slashes; digits are read as numbers, so that amc8 comes before amc10.
 */
export function byFolder<File extends { path: string }>(files: readonly File[]): TemplateFolder<File>[] {
  const folders = new Map<string, File[]>();
  for (const file of files) {
    const folder = file.path.includes("/") ? file.path.slice(0, file.path.lastIndexOf("/")) : "";
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  const order = new Intl.Collator("en", { numeric: true });
  return [...folders]
    .sort(([a], [b]) => order.compare(a, b))
    .map(([path, inside]) => ({ path, files: inside.sort((a, b) => order.compare(a.path, b.path)) }));
}
