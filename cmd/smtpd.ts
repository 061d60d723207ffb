/**
 * postern smtpd, and qmail-smtpd: one SMTP session on descriptors 0 and 1.
 *
 * @module
 */
import { fromBytes, toBytes } from "../lib/base/bytes.ts";
import { Fatal } from "../lib/base/fatal.ts";
import { Session } from "../lib/smtp/session.ts";
import { drive } from "../lib/smtpd/driver.ts";
import { SmtpSettings, unreadableControls } from "../lib/smtpd/settings.ts";
import { StandardStream } from "../lib/smtpd/standard_stream.ts";
import {
  asProgram,
  connectionOf,
  ownEnvironment,
} from "../lib/ucspi/environment.ts";
import { parseOptions } from "./smtpd_options.ts";

export async function run(args: string[], calledAs: string): Promise<number> {
  if (args.includes("--hash-password")) {
    return await printHash();
  }
  const options = await parseOptions(args, calledAs);
  if (options === null) return 0;
  let all: SmtpSettings;
  try {
    all = new SmtpSettings(
      options,
      (line) => console.error(`${calledAs}: ${line}`),
    );
  } catch (error) {
    throw new Fatal(111, `${calledAs}: ${(error as Error).message}`);
  }
  const env = asProgram(ownEnvironment());
  const settings = all.forSession(connectionOf(env), env);
  if (settings.type === "unreadable") {
    await Deno.stdout.write(toBytes(unreadableControls))
      .catch(() => {}); // it has gone
    return 1;
  }
  const session = new Session(settings.config);
  const { services, patience } = settings;
  const stream = new StandardStream();
  const exitCode = await new Promise<number>((ended, broken) => {
    drive(stream, session, services, patience, { ended, broken });
  });
  await stream.closed;
  return exitCode;
}

/** Reads a password from stdin, to the end of the line. */
async function printHash(): Promise<number> {
  const { hashPassword } = await import("../lib/auth/password_file.ts");
  const input = await new Response(Deno.stdin.readable).bytes();
  const [password] = fromBytes(input).split(/\r?\n/, 1);
  if (password === "") {
    throw new Fatal(100, "postern smtpd: no password on standard input");
  }
  console.log(await hashPassword(password));
  return 0;
}
