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
import { environmentOf } from "../ucspi/found_connection.ts";
import { drive } from "./driver.ts";
import type { SmtpdOptions } from "./options.ts";
import { SmtpSettings, unreadableControls } from "./settings.ts";
import { StandardStream } from "./standard_stream.ts";

/** How long a log that is not written to may keep the process. */
const flushSeconds = 5;

/**
 * Serves the client that the environment tells of, or else the kernel.
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
  const own = ownEnvironment();
  // That of 1996 knows what it is told: tcp-env asks the kernel for it.
  const env = options.classic ? asProgram(own) : environmentOf(own);
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
    const ending = { ended, broken };
    const begin = () => drive(stream, session, services, patience, ending);
    const pause = all.pauseFor(stream, connection, env);
    const ungreeted = { connection, session: session.name };
    if (pause === null) begin();
    else pause.before(stream, ungreeted, ending, begin);
  });
  await stream.closed;
  await flushAll(flushSeconds);
  return exitCode;
}
