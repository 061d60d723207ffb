/**
 * What the ids of this process may do with files (access(2)).
 *
 * @module
 */
import { cString } from "./files.ts";
import { check, libc } from "./libc.ts";

/** To execute a folder is to search it. */
const modes = { read: 4, write: 2, execute: 1, search: 1 } as const;

export type Use = keyof typeof modes;

/** @throws SystemError that says why it is not allowed */
export function checkAccess(path: string, ...uses: Use[]): void {
  const mode = uses.reduce((sum, use) => sum | modes[use], 0);
  check("access", libc().access(cString(path), mode));
}

/** Of a file's mode: everybody else. */
const othersMayRead = 0o004;

/** Whether everybody on this machine may read a file; not if it is not there. */
export function everybodyMayRead(path: string): boolean {
  try {
    return (Deno.statSync(path).mode! & othersMayRead) !== 0;
  } catch {
    return false; // that it cannot be read is told by who reads it
  }
}

/** @throws Error with a `code`, also if it is there and no folder */
export function checkFolder(path: string, ...uses: Use[]): void {
  if (!Deno.statSync(path).isDirectory) {
    throw Object.assign(new Error(`${path} is no folder`), { code: "ENOTDIR" });
  }
  checkAccess(path, ...uses);
}
