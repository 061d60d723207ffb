/**
 * Files that need not be there.
 *
 * @module
 */

/** What `act` gives; null if what it looks for is not there. */
export function unlessMissing<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Removes a file or a link that may be there. */
export function removeIfThere(path: string): void {
  unlessMissing(() => Deno.removeSync(path));
}

/** Whether there is something by this name, a link to nothing included. */
export const isThere = (path: string): boolean =>
  unlessMissing(() => Deno.lstatSync(path)) !== null;

/** Whether two names are one file's. */
export function isSameFile(one: string, other: string): boolean {
  const a = unlessMissing(() => Deno.lstatSync(one));
  const b = unlessMissing(() => Deno.lstatSync(other));
  return a !== null && b !== null && a.ino === b.ino && a.dev === b.dev;
}
