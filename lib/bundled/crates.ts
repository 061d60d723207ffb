/**
 * What the runtime was made of: it is linked of crates, and the places in
 * their sources that it names when it breaks tell which.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** A package of Rust. */
export interface Crate {
  readonly name: string;
  readonly version: string;
}

/** In front of the folder of each crate, where Cargo unpacks them. */
const sources = Buffer.from("registry/src/");
/** The folder of a registry, then a crate's: its name and version. */
const crate = /^[^/]{1,80}\/([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[A-Za-z0-9.+-]*)\//;
const longestPath = 200;

/**
 * The crates that an executable names, by name. One that never breaks, or
 * whose code was left out, is not among them.
 */
export function cratesIn(executable: Uint8Array<ArrayBuffer>): Crate[] {
  const bytes = Buffer.from(executable.buffer);
  const found = new Map<string, Crate>();
  let at = bytes.indexOf(sources);
  while (at >= 0) {
    const start = at + sources.length;
    const [, name, version] =
      crate.exec(bytes.toString("latin1", start, start + longestPath)) ?? [];
    if (name !== undefined) {
      found.set(`${name} ${version}`, { name, version });
    }
    at = bytes.indexOf(sources, start);
  }
  return [...found].sort(([a], [b]) => a < b ? -1 : 1).map(([, it]) => it);
}
