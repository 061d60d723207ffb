/**
 * A file to append to that was opened before this process was executed, with
 * ids that could.
 *
 * @module
 */
import { closeDescriptor, closeOnExec, keepOverExec } from "./descriptors.ts";
import { openToAppend, writeFileAsync } from "./files.ts";

/** Names its descriptor, and the path that it was opened by: JSON. */
const logVariable = "POSTERN_LOG";

/** Who wants to read it besides us belongs to our group. */
export const logMode = 0o640;

/** As much of Deno.FsFile as a log needs. */
export interface AppendedFile {
  write(bytes: Uint8Array): Promise<number>;
  statSync(): Deno.FileInfo;
  close(): void;
}

/**
 * Opens one for what this process executes in its own place. A FIFO is left to
 * that: to open it would be to wait for its reader.
 *
 * @throws Error that has a reason
 */
export function handLog(path: string): void {
  if (isFifo(path)) return;
  const fd = openToAppend(path, logMode);
  keepOverExec(fd);
  Deno.env.set(logVariable, JSON.stringify({ path, fd }));
}

let handed: { readonly path: string; readonly fd: number } | null = null;

/** Takes up what was handed to this process, which programs do not get. */
export function takeHandedLog(): void {
  const text = Deno.env.get(logVariable);
  if (text === undefined) return;
  Deno.env.delete(logVariable);
  handed = JSON.parse(text);
  closeOnExec(handed!.fd);
}

/** The one that was handed to us, once; null if none of this path was. */
export function handedLog(path: string): AppendedFile | null {
  if (handed?.path !== path) return null;
  const { fd } = handed;
  handed = null;
  return new HandedLog(fd);
}

function isFifo(path: string): boolean {
  try {
    return Deno.statSync(path).isFifo === true;
  } catch {
    return false; // opening tells what is wrong, or makes it
  }
}

class HandedLog implements AppendedFile {
  constructor(readonly fd: number) {}

  async write(bytes: Uint8Array): Promise<number> {
    await writeFileAsync(this.fd, bytes as Uint8Array<ArrayBuffer>);
    return bytes.length;
  }

  statSync(): Deno.FileInfo {
    return Deno.statSync(`/proc/self/fd/${this.fd}`);
  }

  close(): void {
    closeDescriptor(this.fd);
  }
}
