/**
 * The files of this machine, or of a folder that is to become one.
 *
 * @module
 */
import type { Machine } from "./service.ts";

/** @param root "" for this machine */
export function machineAt(root: string): Machine {
  return {
    exists(path) {
      try {
        Deno.statSync(root + path);
        return true;
      } catch {
        return false; // what cannot be looked at is of no use either
      }
    },
    read(path) {
      try {
        return Deno.readTextFileSync(root + path);
      } catch {
        return null; // the same
      }
    },
  };
}
