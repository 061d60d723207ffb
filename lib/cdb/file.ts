/**
 * Replacing a database on disk, so that whoever opens it finds the old one or
 * the new one, whole, even after a power cut.
 *
 * @module
 */

import type { CdbOutput } from "./writer.ts";

/** A step that failed: `create`, `write to` or `move`; and the system's error. */
export class ReplaceError extends Error {
  override readonly name = "ReplaceError";

  constructor(readonly step: "create" | "write to" | "move", cause: unknown) {
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
 * Has `fill` write `temporary`, syncs it, renames it to `path` and syncs the folder.
 * Both must be on one file system. A failure leaves the old file as it was
 * and no temporary one.
 *
 * @throws ReplaceError, and what `fill` throws if it is no system error
 */
export function replaceFile(
  path: string,
  temporary: string,
  fill: (output: CdbOutput) => void,
): void {
  let step: ReplaceError["step"] = "create";
  let created = false;
  try {
    const file = Deno.openSync(temporary, {
      write: true,
      create: true,
      truncate: true,
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
    Deno.renameSync(temporary, path);
    created = false;
    syncFolder(path);
  } catch (error) {
    if (created) removeQuietly(temporary);
    throw isSystemError(error) ? new ReplaceError(step, error) : error;
  }
}

const isSystemError = (error: unknown) =>
  typeof (error as { code?: unknown }).code === "string";

/** A rename is only on the disk when its folder is. */
function syncFolder(path: string): void {
  const slash = path.lastIndexOf("/");
  const folder = Deno.openSync(slash < 0 ? "." : path.slice(0, slash + 1));
  try {
    folder.syncSync();
  } finally {
    folder.close();
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It is not what went wrong first.
  }
}
