/**
 * What postern smtpd is asked to do. Also read by serve, for sessions in its
 * own process.
 *
 * @module
 */
import { type SmtpdOptions, unasked } from "../lib/smtpd/options.ts";

export type SmtpdCommand = SmtpdOptions & {
  /** Nothing is served: a password is hashed. */
  readonly hashPassword: boolean;
};

const nothing = { ...unasked, control: null, hashPassword: false };

/**
 * @returns null if `--help` was printed
 * @throws Fatal that tells what is wrong
 */
export async function parseOptions(
  args: readonly string[],
  calledAs: string,
): Promise<SmtpdCommand | null> {
  const isClassic = calledAs === "qmail-smtpd"; // which looks at no argument
  // Where there are none the table is not loaded: it costs start-up time.
  const request = args.length === 0 || isClassic
    ? { ...nothing, classic: isClassic }
    : (await import("./smtpd/syntax.ts")).requestOf(args, calledAs);
  if (request === null) return null;
  const home = Deno.env.get("QMAILHOME") ?? "/var/qmail";
  return {
    ...request,
    control: request.control ?? `${home}/control`,
    queueProgram: `${home}/bin/qmail-queue`,
  };
}
