/**
 * What tests of targets have in common.
 *
 * @module
 */
import type { Emit } from "../../lib/base/events.ts";
import { type MaildirContext, Maildirs } from "../../lib/deliver/maildir.ts";
import { MailboxPath } from "../../lib/deliver/mailbox.ts";
import { fold } from "../../lib/deliver/outcome.ts";
import type { Delivery, Message, Submitter } from "../../lib/deliver/target.ts";
import { asProgram } from "../../lib/ucspi/environment.ts";
import { testConfig } from "../smtp/run.ts";

/** Who has said nothing of themselves, in an environment with a PATH. */
export const stranger: Submitter = {
  helo: null,
  user: null,
  tls: null,
  protocol: "SMTP",
  session: "a-1",
  id: "a-1-1",
  connection: testConfig.connection,
  env: asProgram(new Map([["PATH", "/bin:/usr/bin"]])),
};

/** Maildirs by a template. */
export const maildirsAt = (
  template: string,
  host: string,
  emit: Emit,
  more: Partial<MaildirContext> = {},
): Maildirs =>
  new Maildirs(new MailboxPath(template), {
    host,
    emit,
    createMailboxes: false,
    minFreePercent: 0,
    ...more,
  });

/** What SMTP hears of a message that is committed. */
export const committed = async (message: Message): Promise<Delivery> =>
  fold(await message.commit());
