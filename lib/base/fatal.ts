/**
 * The one way a command ends early. Only `main.ts` turns it into an exit.
 *
 * @module
 */

/** UCSPI exit codes: 1 findings, 100 will never work, 111 try again later. */
export type ExitCode = 0 | 1 | 100 | 111;

/**
 * An error that ends the program: one line for stderr, and the exit code.
 *
 * The line is complete (it starts with the program's name), because the
 * classic programs' own texts differ: `tcprules: usage: ...`,
 * `tcpserver: fatal: ...`.
 */
export class Fatal extends Error {
  override readonly name = "Fatal";

  constructor(readonly exitCode: ExitCode, line: string, cause?: unknown) {
    super(line, cause === undefined ? undefined : { cause });
  }
}

/**
 * Whether an error of a subcommand is one of these. By its name, since in the
 * executable each subcommand has a copy of the class of its own.
 */
export function isFatal(error: unknown): error is Fatal {
  return error instanceof Error && error.name === "Fatal";
}
