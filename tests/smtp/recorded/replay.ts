/**
 * Has the session of a case with the settings and the session, without a
 * process.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { parseOptions } from "../../../cmd/smtpd_options.ts";
import { delivery } from "../../../lib/deliver/qmail_queue.ts";
import { SmtpSettings } from "../../../lib/smtpd/settings.ts";
import type { Envelope } from "../../../lib/mail/envelope.ts";
import type { SessionConfig } from "../../../lib/smtp/session.ts";
import { asProgram, connectionOf } from "../../../lib/ucspi/environment.ts";
import { pieces, run } from "../run.ts";
import {
  type Case,
  envOf,
  normalQueued,
  normalReplies,
  type Seen,
} from "./case.ts";
import { writeControl } from "./live.ts";

/** The session's settings; null if the control files cannot be read. */
export async function configOf(
  recording: Case,
  folder: string,
): Promise<SessionConfig | null> {
  const control = `${folder}/control`;
  writeControl(control, recording);
  const options = (await parseOptions([], "qmail-smtpd"))!;
  const all = new SmtpSettings({ ...options, control }, () => {}, false);
  const env = asProgram(envOf(recording));
  const settings = all.forSession(connectionOf(env), env);
  return settings.type === "ready" ? settings.config : null;
}

function envelopeText({ sender, recipients }: Envelope): string {
  return `F${sender}\0${recipients.map((to) => `T${to}\0`).join("")}\0`;
}

/**
 * Has the session of a case in pieces of a size, and compares.
 *
 * @throws AssertionError
 */
export function replay(
  { env, input, waits }: Case,
  { replies, exit, queued }: Seen,
  config: SessionConfig,
  size: number,
): void {
  const status = Number(env.QEXIT ?? 0) << 8;
  const result = run(config, pieces(input, [size]), {
    committed: delivery(status, 1),
    leaving: waits ? "timeout" : "end",
  });
  const stored = result.stored.map(({ envelope, message }) =>
    normalQueued(message, envelopeText(envelope))
  );
  assertEquals({
    replies: normalReplies(result.replies),
    exit: result.exitCode,
    stored,
    abandoned: result.abandoned,
  }, {
    replies,
    exit,
    // What the queue refuses was committed all the same.
    stored: status === 0 ? queued.filter((each) => each.envelope !== "") : [],
    abandoned: queued.filter((each) => each.envelope === "").length,
  }, `in pieces of ${size}`);
}
