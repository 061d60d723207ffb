/**
 * Descriptors that whoever started us had open. They may be secrets of root,
 * and would reach every program.
 *
 * @module
 */
import { closeDescriptor, isOurs, openDescriptors } from "./descriptors.ts";

/**
 * Closes what nobody has meant: of those above 2, all that came through an
 * exec, since what this process opened itself, or has taken up by closeOnExec,
 * is close-on-exec.
 *
 * @param meant descriptors that stay as they are
 */
export function closeInherited(meant: readonly number[]): void {
  for (const fd of openDescriptors()) {
    if (fd > 2 && !isOurs(fd) && !meant.includes(fd)) closeDescriptor(fd);
  }
}

/** The descriptors that texts name by path: `/dev/fd/N`, as bash's `<(...)`. */
export function namedDescriptors(texts: readonly string[]): number[] {
  const paths = /\/(?:dev|proc\/self)\/fd\/(\d{1,6})(?!\d)/g;
  return [...texts.join("\n").matchAll(paths)].map(([, fd]) => Number(fd));
}
