/**
 * Replacing a database on disk, so that whoever opens it finds the old one or
 * the new one, whole, even after a power cut.
 *
 * @module
 */

/** A step that failed: `create`, `write to` or `move`; and the system's error. */
export class ReplaceError extends Error {
  override readonly name = "ReplaceError";

  constructor(readonly step: "create" | "write to" | "move", cause: unknown) {
    super(`unable to ${step}`, { cause });
  }
}

/**
 * Writes `temporary`, syncs it, renames it to `path` and syncs the folder.
 * Both must be on one file system. A failure leaves the old file as it was
 * and no temporary one.
 *
 * @throws ReplaceError
 */
export function replaceFile(
  path: string,
  temporary: string,
  pieces: readonly Uint8Array[],
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
      for (let piece of pieces) {
        while (piece.length > 0) piece = piece.subarray(file.writeSync(piece));
      }
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
    throw new ReplaceError(step, error);
  }
}

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
