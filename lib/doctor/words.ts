/**
 * Small things that several looks say alike.
 *
 * @module
 */
import { quote } from "../service/service.ts";

/** A word as a shell wants it typed. */
export const quoted = (word: string): string => quote(word);

/** A command line, typed. */
export const typed = (words: readonly string[]): string =>
  words.map(quote).join(" ");

/** `1 day`, `2 days`. */
export const plural = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "s"}`;

/** No text that is looked at is longer. */
const mostBytes = 16 << 20;

/**
 * A file's text; null if there is none, or none that we may read, or if it is
 * a pipe or a device, which might never end.
 */
export function textOf(path: string): string | null {
  try {
    const { isFile, size } = Deno.statSync(path);
    if (!isFile || size > mostBytes) return null;
    return Deno.readTextFileSync(path);
  } catch {
    return null; // whoever needs it says so
  }
}

export function statOf(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null; // it is not there, or not for us
  }
}

export function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch {
    return []; // as if there were none
  }
}

/** The last part of a path. */
export const baseName = (path: string): string =>
  path.slice(path.lastIndexOf("/") + 1);

/** From / on. */
export function absolute(path: string): string {
  if (path.startsWith("/")) return path;
  const folder = Deno.cwd().replace(/\/$/, "");
  return path === "."
    ? folder || "/"
    : `${folder}/${path.replace(/^(?:\.\/)+/, "")}`;
}
