/**
 * Descriptor 2, where it is a client's connection.
 *
 * @module
 */
import { closeDescriptor, openNull } from "./descriptors.ts";
import { FileStatus } from "./files.ts";
import { check, libc } from "./libc.ts";
import { peerName } from "./socket.ts";

const stderr = 2;

/**
 * Whether it is a connection to somebody on the network or, in a process that
 * serves whoever is at 0 and 1, one of these.
 *
 * @param serves whether this process does
 */
export function isClientsStderr(serves: boolean): boolean {
  if (peerName(stderr) !== null) return true;
  return serves && (isSameSocket(stderr, 0) || isSameSocket(stderr, 1));
}

function isSameSocket(one: number, other: number): boolean {
  try {
    const status = new FileStatus().ofDescriptor(one);
    if (!status.isSocket) return false;
    return status.isSame(new FileStatus().ofDescriptor(other));
  } catch {
    return false; // one is closed
  }
}

/**
 * What is written to stderr goes nowhere from now on: neither what the runtime
 * says when it breaks down, nor what children say. Throws SystemError.
 */
export function silenceStderr(): void {
  const nowhere = openNull();
  leadStderrTo(nowhere);
  closeDescriptor(nowhere);
}

/** What is written to stderr goes to this descriptor. Throws SystemError. */
export function leadStderrTo(fd: number): void {
  check("dup2", libc().dup2(fd, stderr));
}
