/**
 * Descriptors 0 and 1 of our own process.
 *
 * @module
 */
import { check, libc } from "./libc.ts";

const O_RDWR = 2;

/**
 * Puts /dev/null where stdin and stdout were. Closing them would not do: Deno
 * keeps them open, and a free number 0 would be the next socket's.
 *
 * @throws SystemError
 */
export function releaseStdinAndStdout(): void {
  const path = new TextEncoder().encode("/dev/null\0");
  const fd = check("open", libc().open(path, O_RDWR));
  check("dup2", libc().dup2(fd, 0));
  check("dup2", libc().dup2(fd, 1));
  if (fd > 1) libc().close(fd);
}
