/**
 * Whether there is a mail log. Where there is none nothing is loaded for it.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { reason } from "../base/reason.ts";
import type { MailLogFormat, MailLogPlace } from "./mail_log.ts";

export interface MailLogOptions {
  /** null is off, too. */
  readonly mailLog: MailLogPlace | null;
  readonly logFormat: MailLogFormat;
}

/**
 * Who is told of an event, and writes it into the mail log too if that is
 * wanted.
 *
 * @param emit of the other logs; is told when the mail log cannot be written
 * @throws Error that says what cannot be opened
 */
export async function withMailLog(
  { mailLog, logFormat }: MailLogOptions,
  emit: Emit,
): Promise<Emit> {
  if (mailLog === null || mailLog.type === "off") return emit;
  const { openMailLog } = await import("./mail_log.ts");
  try {
    const log = openMailLog(mailLog, logFormat, emit);
    return (event) => {
      emit(event);
      log(event);
    };
  } catch (error) {
    throw unwritable(mailLog, error);
  }
}

/** What would keep it from being opened; null if nothing would. */
export async function mailLogProblem(
  { mailLog }: Pick<MailLogOptions, "mailLog">,
): Promise<string | null> {
  if (mailLog?.type !== "file") return null;
  const { tryLogFile } = await import("./log_file.ts");
  try {
    tryLogFile(mailLog.path);
    return null;
  } catch (error) {
    return unwritable(mailLog, error).message;
  }
}

function unwritable(place: MailLogPlace, error: unknown): Error {
  const name = "path" in place ? place.path : place.type;
  return new Error(`--mail-log: unable to write ${name}: ${reason(error)}`, {
    cause: error,
  });
}
