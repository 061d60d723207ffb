/**
 * A helper is this program, executed again with a role.
 *
 * @module
 */
import { closeDescriptor, openNull } from "../sys/descriptors.ts";
import { ourPath } from "../sys/ourselves.ts";
import { socketPair } from "../sys/socket_pair.ts";
import { spawn } from "../sys/spawn.ts";

/** The variable that makes a process a helper: what it is to answer. */
const roleVariable = "POSTERN_HELPER";
/** Where a helper has its channel. */
export const channelDescriptor = 3;

/** What bounds a helper. */
interface Bounds {
  /** Questions at once, those it works on included. */
  readonly mostQuestions: number;
  /** For one step: of the processor, */
  readonly processorMs: number;
  /** and by the clock, where others have the processor, or it cheats. */
  readonly stepSeconds: number;
  /** Of memory, beside what it has before the first question. */
  readonly memoryBytes: number;
}

const MB = 1 << 20;

/** What helpers there are. Two, since a password takes longer than a message. */
export const roles = {
  mail: {
    mostQuestions: 64,
    processorMs: 2000,
    stepSeconds: 10,
    memoryBytes: 384 * MB,
  },
  passwords: {
    mostQuestions: 64,
    processorMs: 30_000,
    stepSeconds: 60,
    memoryBytes: 512 * MB,
  },
} as const satisfies Record<string, Bounds>;

export type Role = keyof typeof roles;

export interface Started {
  readonly pid: number;
  /** Our end of a socket. */
  readonly channel: number;
}

/**
 * Executes a helper. The executable needs nothing of our environment. What it
 * says on stderr is a runtime's last words, and would be foreign text in our
 * log.
 *
 * @throws SystemError
 */
export function startHelper(role: Role): Started {
  const { ours, theirs } = socketPair();
  try {
    const nothing = openNull();
    try {
      const pid = spawn({
        ...program(role),
        path: ourPath(),
        descriptors: [
          [nothing, 0],
          [nothing, 1],
          [nothing, 2],
          [theirs, channelDescriptor],
        ],
      });
      return { pid, channel: ours };
    } finally {
      closeDescriptor(nothing);
    }
  } catch (error) {
    closeDescriptor(ours);
    throw error;
  } finally {
    closeDescriptor(theirs);
  }
}

function program(role: Role): { args: string[]; env: string[] } {
  const env = [`${roleVariable}=${role}`];
  // The name is for who reads a list of processes.
  if (Deno.build.standalone) return { args: ["postern", `(${role})`], env };
  const main = decodeURIComponent(
    new URL("../../main.ts", import.meta.url).pathname,
  );
  const flags = ["-A", "--unstable-net", "--no-check", "--quiet"];
  return {
    args: ["deno", "run", ...flags, main],
    env: [
      ...env,
      ...Object.entries(Deno.env.toObject()).map(([name, value]) =>
        `${name}=${value}`
      ),
    ],
  };
}
