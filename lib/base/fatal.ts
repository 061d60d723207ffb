/**
 * The one way a command ends early. Only `main.ts` turns it into an exit, and
 * only there is the name of the command put in front of its lines.
 *
 * @module
 */

/** UCSPI exit codes: 1 findings, 100 will never work, 111 try again later. */
export type ExitCode = 0 | 1 | 100 | 111;

/** An error that ends the program: lines for stderr, and the exit code. */
export class Fatal extends Error {
  override readonly name = "Fatal";
  /** Who says it, where that is not the command that was called. */
  readonly speaker: string | null;

  /**
   * @param text without the name of a program: `fatal: unable to bind: ...`;
   *   each of its lines will have one in front
   */
  constructor(
    readonly exitCode: ExitCode,
    text: string,
    { cause, speaker = null }: {
      readonly cause?: unknown;
      readonly speaker?: string | null;
    } = {},
  ) {
    super(text, cause === undefined ? undefined : { cause });
    this.speaker = speaker;
  }

  /** The lines for stderr. */
  lines(calledAs: string): string {
    const name = this.speaker ?? calledAs;
    return this.message.split("\n").map((line) => `${name}: ${line}`)
      .join("\n");
  }
}

/**
 * Whether an error of a subcommand is one of these. By its name, since in the
 * executable each subcommand has a copy of the class of its own.
 */
export function isFatal(error: unknown): error is Fatal {
  return error instanceof Error && error.name === "Fatal";
}
