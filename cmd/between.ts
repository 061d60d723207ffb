/**
 * recordio and fixcrio: PROGRAM, and what stands between it and its client.
 *
 * @module
 */
import { Fatal } from "../lib/base/fatal.ts";
import { helpText, helpWidth } from "../lib/cli/help.ts";
import type { Syntax } from "../lib/cli/command_line.ts";
import { print } from "../lib/cli/output.ts";
import { endLike } from "../lib/sys/execute.ts";
import { entries, ownEnvironment } from "../lib/ucspi/environment.ts";
import { runBetween } from "../lib/wrappers/between.ts";
import { LayeredStream, type Lens } from "../lib/wrappers/layer.ts";
import { StandardStream } from "../lib/smtpd/standard_stream.ts";
import { notRun, programNamed } from "./instead.ts";

/** All that it takes is PROGRAM: there is no option, not even `--`. */
export const syntaxOf = (description: string): Syntax => ({
  synopsis: ["PROGRAM [ARG...]"],
  description: [description],
  groups: [],
  habits: { longOnly: true },
});

/**
 * @param calledAs with a blank in it where `--help` is meant for us
 * @param lens what PROGRAM's bytes go through
 */
export async function runBehind(
  name: string,
  syntax: Syntax,
  args: readonly string[],
  calledAs: string,
  lens: Lens,
): Promise<number> {
  if (args.length === 0) {
    throw new Fatal(100, `usage: ${name} program [ arg ... ]`);
  }
  if (args[0] === "--help" && calledAs !== name) {
    print(helpText(calledAs, syntax, helpWidth()));
    return 0;
  }
  const program = programNamed(args.length);
  const client = new StandardStream();
  let status: number;
  try {
    status = await runBetween(
      new LayeredStream(client, lens),
      () => client.hasFailed,
      { ...program, env: entries(ownEnvironment()) },
    );
  } catch (error) {
    throw notRun(program.args[0], error);
  }
  return endLike(status);
}
