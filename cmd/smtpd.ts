/**
 * postern smtpd, and qmail-smtpd: one SMTP session on descriptors 0 and 1.
 *
 * @module
 */
import { fromBytes } from "../lib/base/bytes.ts";
import { Fatal } from "../lib/base/fatal.ts";
import { complain, print } from "../lib/cli/output.ts";
import { troubleText } from "../lib/log/tcpserver.ts";
import { serveStandardStreams } from "../lib/smtpd/standalone.ts";
import { namedDescriptors } from "../lib/sys/inherited.ts";
import { outliveFileLimit } from "../lib/sys/signals.ts";
import { peerName } from "../lib/sys/socket.ts";
import { handOnOnly } from "../lib/sys/spawn.ts";
import { socketAt } from "../lib/sys/standard_descriptors.ts";
import { parseOptions } from "./smtpd_options.ts";

export const describe = async () => (await import("./smtpd/syntax.ts")).syntax;

export async function run(args: string[], calledAs: string): Promise<number> {
  refuseForPeople(args, calledAs);
  const options = await parseOptions(args, calledAs);
  if (options === null) return 0;
  if (options.hashPassword) return await printHash();
  outliveFileLimit();
  if (!options.classic) handOnOnly(namedDescriptors(Deno.args));
  try {
    return await serveStandardStreams(options, (event) => {
      const text = troubleText(event);
      if (text !== null) complain(`${calledAs}: ${text}`);
    });
  } catch (error) {
    throw new Fatal(111, (error as Error).message, { cause: error });
  }
}

/** A client of inetd's hears no help. Throws Fatal. */
function refuseForPeople(args: readonly string[], calledAs: string): void {
  const forPeople = ["--help", "--hash-password"];
  const stray = args.find((arg) => forPeople.includes(arg));
  if (stray === undefined || calledAs === "qmail-smtpd") return;
  if (socketAt(0) === null || peerName(0) === null) return;
  throw new Fatal(100, `${stray} is for a terminal, not for a connection`);
}

/** Reads a password from stdin, to the end of the line. */
async function printHash(): Promise<number> {
  const { hashPassword } = await import("../lib/auth/password_file.ts");
  const input = await new Response(Deno.stdin.readable).bytes();
  const [password] = fromBytes(input).split(/\r?\n/, 1);
  if (password === "") throw new Fatal(100, "no password on standard input");
  print(hashPassword(password));
  return 0;
}
