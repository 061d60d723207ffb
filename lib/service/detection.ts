/**
 * Who looks after services on this machine.
 *
 * @module
 */
import type { Machine, Supervisor } from "./service.ts";

/** Whoever is process 1 comes first, then what runs beside it, then inetd. */
const order = [
  ...["systemd", "openrc", "runit", "s6", "daemontools", "sysv"],
  ...["xinetd", "inetd"],
];

export interface Detected {
  readonly supervisor: Supervisor;
  /** What on the machine says so. */
  readonly because: string;
}

/** @returns null if nobody who is known does */
export function detect(
  supervisors: readonly Supervisor[],
  machine: Machine,
): Detected | null {
  for (const name of order) {
    const supervisor = supervisors.find((each) => each.name === name);
    if (supervisor === undefined) continue;
    const seen = new Seen(machine);
    if (supervisor.runs(seen)) return { supervisor, because: seen.text };
  }
  return null;
}

/** A machine that keeps in mind what was found on it. */
class Seen implements Machine {
  readonly #found = new Set<string>();

  constructor(readonly machine: Machine) {}

  // Not methods, since they may be handed on.
  readonly exists = (path: string): boolean => {
    const found = this.machine.exists(path);
    if (found) this.#found.add(`${path} is there`);
    return found;
  };

  readonly read = (path: string): string | null => {
    const text = this.machine.read(path);
    if (text !== null) {
      const [line] = text.replaceAll("\0", " ").trim().split("\n");
      this.#found.add(line ? `${path} says ${line}` : `${path} is there`);
    }
    return text;
  };

  get text(): string {
    return [...this.#found].join(", ") || "nothing speaks against it";
  }
}
