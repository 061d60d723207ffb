/**
 * A text for this program when it is executed again: a file that was read may
 * be another one by then, or a pipe. In a descriptor, since a variable holds
 * 128 kB at most (execve(2)) and a pipe half of that.
 *
 * @module
 */
import { closeDescriptor } from "./descriptors.ts";
import { check, libc } from "./libc.ts";
import { F_SETFD } from "./numbers.ts";

const MFD_CLOEXEC = 1;
/** Names the descriptor. */
export const textVariable = "POSTERN_TEXT";
const name = new TextEncoder().encode("postern\0");

/** A descriptor of a new file without a name, close-on-exec. Throws SystemError. */
export const memoryFile = (): number =>
  check("memfd_create", libc().memfd_create(name, MFD_CLOEXEC));

/**
 * A descriptor of a file without a name that holds a text, close-on-exec.
 *
 * @throws SystemError
 */
export function textDescriptor(text: string): number {
  const fd = memoryFile();
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    const rest = bytes.subarray(at);
    at += check("write", libc().write(fd, rest, rest.length));
  }
  return fd;
}

/**
 * Hands a text to what this process executes in its own place. Returns what
 * takes it back, should that fail. Throws SystemError.
 */
export function handText(text: string): () => void {
  const fd = textDescriptor(text);
  check("fcntl", libc().fcntl(fd, F_SETFD, 0));
  Deno.env.set(textVariable, `${fd}`);
  return () => {
    Deno.env.delete(textVariable);
    closeDescriptor(fd);
  };
}

/** The text that was handed to this process, once; null for none. */
export function takeText(): string | null {
  const fd = Deno.env.get(textVariable);
  if (fd === undefined) return null;
  Deno.env.delete(textVariable);
  const text = Deno.readTextFileSync(`/proc/self/fd/${fd}`);
  closeDescriptor(Number(fd));
  return text;
}
