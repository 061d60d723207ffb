/**
 * This machine, as far as a translation looks at it.
 *
 * @module
 */
import type { Machine } from "../../lib/migrate/machine.ts";

/** What a script names may be anything: no more of it is read. */
const longestBytes = 16 << 20;
const longestText = 65536;

function bytesOf(path: string, limit: number): Uint8Array<ArrayBuffer> | null {
  try {
    // A pipe or a device might never end.
    const { isFile, size } = Deno.statSync(path);
    return isFile && size <= limit ? Deno.readFileSync(path) : null;
  } catch {
    return null; // it is not here, or not for us: then it is not known
  }
}

export const thisMachine: Machine = {
  read(path) {
    const bytes = bytesOf(path, longestText);
    if (bytes === null || bytes.includes(0)) return null;
    return new TextDecoder().decode(bytes);
  },
  list(folder) {
    try {
      return [...Deno.readDirSync(folder)].filter(({ isDirectory }) =>
        !isDirectory
      ).map(({ name }) => name).sort();
    } catch {
      return null; // the same
    }
  },
  bytes: (path) => bytesOf(path, longestBytes),
  hostName: () => Deno.hostname(),
};
