/**
 * Paths as text.
 *
 * @module
 */

/** The folder that names it; of one without a parent, itself. */
export function parentOf(path: string): string {
  const parent = path.replace(/\/*[^/]+\/*$/, "");
  return parent || (path.startsWith("/") ? "/" : ".");
}

/** The same file, named from / on. */
export function absolutePath(path: string, folder: string): string {
  if (path.startsWith("/") || path === "") return path;
  const rest = path.replace(/^(?:\.\/+)+/, "").replace(/^\.$/, "");
  return `${folder === "/" ? "" : folder}/${rest}`;
}
