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
