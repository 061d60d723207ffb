/**
 * Whether a program could be run, looked at without running it.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import { reason } from "../base/reason.ts";
import { checkAccess } from "../sys/access.ts";

/** What the kernel reads of a file to know what it is (BINPRM_BUF_SIZE). */
const headBytes = 256;

/** Why these ids cannot run the file; null if they can, as far as one sees. */
export function whyNotRunnable(path: string): string | null {
  try {
    const stat = Deno.statSync(path);
    if (stat.isDirectory) return "is a directory";
    if (!stat.isFile) return "it is no file";
    checkAccess(path, "execute");
  } catch (error) {
    return reason(error);
  }
  const head = headOf(path);
  return head === null ? null : whyNotOfKind(head);
}

/** null if it cannot be read, which a program need not be. */
function headOf(path: string): string | null {
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path);
  } catch {
    return null; // it may be executed all the same
  }
  try {
    const bytes = new Uint8Array(headBytes);
    return fromBytes(bytes.subarray(0, file.readSync(bytes) ?? 0));
  } finally {
    file.close();
  }
}

function whyNotOfKind(head: string): string | null {
  const interpreter = /^#![ \t]*([^ \t\n]+)/.exec(head)?.[1];
  if (interpreter !== undefined) {
    if (interpreter.endsWith("\r")) return "its first line ends with a CR";
    try {
      checkAccess(interpreter, "execute");
      return null;
    } catch (error) {
      return `its interpreter ${interpreter}: ${reason(error)}`;
    }
  }
  // What has a NUL is of some binary kind, of which a kernel may know more.
  return head.includes("\0")
    ? null
    : "exec format error: it needs a first line such as #!/bin/sh";
}
