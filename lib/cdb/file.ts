/**
 * Replacing a database on disk, so that whoever opens it finds the old one or
 * the new one, whole, even after a power cut.
 *
 * @module
 */

import { codeOf } from "../base/reason.ts";
import type { CdbOutput } from "./writer.ts";

/** A step that failed: `create`, `write to` or `move`; and the system's error. */
export class ReplaceError extends Error {
  override readonly name = "ReplaceError";

  constructor(
    readonly step: "create" | "write to" | "move",
    /** The temporary file. */
    readonly temporary: string,
    cause: unknown,
  ) {
    super(`unable to ${step}`, { cause });
  }
}

class FileOutput implements CdbOutput {
  constructor(readonly file: Deno.FsFile) {}

  append(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(this.file.writeSync(rest));
    }
  }

  begin(bytes: Uint8Array): void {
    this.file.seekSync(0, Deno.SeekMode.Start);
    this.append(bytes);
  }
}

/**
 * Has `fill` write a temporary file, syncs it and renames it to `path`. A
 * failure leaves the old file as it was and no temporary one.
 *
 * @param temporary on the same file system; what is there is overwritten. null
 *   for one beside `path` that nobody can have foreseen
 * @throws ReplaceError, and what `fill` throws if it is no system error
 */
export function replaceFile(
  path: string,
  temporary: string | null,
  fill: (output: CdbOutput) => void,
): void {
  const name = temporary ?? `${path}.${crypto.randomUUID()}.tmp`;
  const ours = temporary === null;
  let step: ReplaceError["step"] = "create";
  let created = false;
  try {
    const file = Deno.openSync(name, {
      write: true,
      create: true,
      createNew: ours,
      truncate: !ours,
      mode: 0o644,
    });
    created = true;
    step = "write to";
    try {
      fill(new FileOutput(file));
      file.syncSync();
    } finally {
      file.close();
    }
    step = "move";
    Deno.renameSync(name, path);
  } catch (error) {
    if (created) removeQuietly(name);
    throw isSystemError(error) ? new ReplaceError(step, name, error) : error;
  }
  syncFolder(path);
}

const isSystemError = (error: unknown) => codeOf(error) !== undefined;

/** A rename is only sure to outlast a power cut when its folder is synced. */
function syncFolder(path: string): void {
  const slash = path.lastIndexOf("/");
  try {
    const folder = Deno.openSync(slash < 0 ? "." : path.slice(0, slash + 1));
    try {
      folder.syncSync();
    } finally {
      folder.close();
    }
  } catch {
    // Who may write to a folder may not always read it. The new file is in its
    // place all the same, and after a power cut it is that or the old one.
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It is not what went wrong first.
  }
}
