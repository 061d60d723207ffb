/**
 * What descriptors 0, 1 and 2 are, told without opening libc, which would cost
 * more than the rest of a start.
 *
 * @module
 */

const onSockets = /^socket:\[/;

/**
 * Names the socket that a descriptor is: two descriptors of one socket have
 * the same name.
 *
 * @returns null if it is no socket
 */
export function socketAt(fd: 0 | 1 | 2): string | null {
  try {
    const name = Deno.readLinkSync(`/proc/self/fd/${fd}`);
    return onSockets.test(name) ? name : null;
  } catch {
    // There is no /proc: it might be one, and the kernel has to be asked.
    return `descriptor ${fd}`;
  }
}
