/**
 * What becomes of signals that nobody sends on purpose. What a program that is
 * started makes of them is its own matter (spawn.ts).
 *
 * @module
 */
import { libc } from "./libc.ts";

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
const SIGTTIN = 21;
const SIGTTOU = 22;
const SIGXCPU = 24;
const SIGXFSZ = 25;

export const SIG_DFL = 0n;
const SIG_IGN = 1n;
/** glibc's struct sigaction, the handler first. */
const sigactionBytes = 152;

/**
 * For a process that others rely on: a limit that is reached, or a terminal
 * that does not want its words, neither ends nor stops it. A file that would be
 * too long is an error then (EFBIG), and so is reading from a terminal (EIO).
 * What is executed in our own place has it so as well.
 */
export function outliveLimits(): void {
  for (const signal of [SIGXFSZ, SIGXCPU, SIGTTIN, SIGTTOU]) {
    libc().signal(signal, SIG_IGN);
  }
}

/**
 * The first of these for a process of one session or one file, which opens no
 * libc before it has to: that would cost more than the rest of its start.
 */
export function outliveFileLimit(): void {
  Deno.addSignalListener("SIGXFSZ", () => {});
}

/** Whether a signal is ignored; so it is by whoever started us, or by us. */
export function isIgnored(signal: number): boolean {
  const action = new BigUint64Array(new ArrayBuffer(sigactionBytes));
  libc().sigaction(signal, null, new Uint8Array(action.buffer));
  return action[0] === SIG_IGN;
}

/**
 * From now on these are called at signals. A SIGINT that whoever started us
 * ignores, as a shell does for what it puts in the background, stays ignored,
 * for us and all that we start.
 */
export function listenToSignals(
  handlers: readonly (readonly [signal: Deno.Signal, act: () => void])[],
): void {
  const isDeaf = isIgnored(SIGINT);
  for (const [signal, act] of handlers) {
    if (!isDeaf || signal !== "SIGINT") Deno.addSignalListener(signal, act);
  }
  // Runtimes from 2.7 on take it up with any other.
  if (isDeaf) libc().signal(SIGINT, SIG_IGN);
}
