/**
 * One SMTP session on descriptors 0 and 1, for a process that was executed for
 * it alone.
 *
 * @module
 */
import { toBytes } from "../base/bytes.ts";
import type { Emit } from "../base/events.ts";
import { flushAll } from "../log/line_writer.ts";
import { withMailLog } from "../log/with_mail_log.ts";
import { Session } from "../smtp/session.ts";
import {
  asProgram,
  connectionOf,
  ownEnvironment,
} from "../ucspi/environment.ts";
import { drive } from "./driver.ts";
import type { SmtpdOptions } from "./options.ts";
import { SmtpSettings, unreadableControls } from "./settings.ts";
import { StandardStream } from "./standard_stream.ts";

/** How long a log that is not written to may keep the process. */
const flushSeconds = 5;

/**
 * Serves the client that the environment tells of.
 *
 * @returns the exit code
 * @throws Error that says which of our files cannot be read
 */
export async function serveStandardStreams(
  options: SmtpdOptions,
  emit: Emit,
): Promise<number> {
  const told = await withMailLog(options, emit);
  const all = new SmtpSettings(options, told, false);
  const env = asProgram(ownEnvironment());
  // tcpserver's lines, and those of its like, have this number.
  const connection = { ...connectionOf(env), number: Deno.pid };
  const settings = all.forSession(connection, env);
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
  await flushAll(flushSeconds);
  return exitCode;
}
