/**
 * Replays what qmail-smtpd was recorded to do (scripts/record.ts) against the
 * settings and the session, however the input is cut.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { parseOptions } from "../../cmd/smtpd_options.ts";
import { delivery } from "../../lib/deliver/qmail_queue.ts";
import {
  SmtpSettings,
  unreadableControls,
} from "../../lib/gate/smtp_settings.ts";
import type { Envelope } from "../../lib/smtp/actions.ts";
import type { SessionConfig } from "../../lib/smtp/session.ts";
import { inFolder } from "../support/peers.ts";
import {
  envOf,
  normalQueued,
  normalReplies,
  type Recording,
} from "./recorded/case.ts";
import { cases } from "./recorded/cases.ts";
import { differences } from "./recorded/differences.ts";
import { writeControl } from "./recorded/live.ts";
import { expected, recordings } from "./recorded/recordings.ts";
import { pieces, run } from "./run.ts";

/** The session's settings; null if the control files cannot be read. */
async function configOf(
  recording: Recording,
  folder: string,
): Promise<SessionConfig | null> {
  const control = `${folder}/control`;
  writeControl(control, recording);
  const options = (await parseOptions([], "qmail-smtpd"))!;
  const all = new SmtpSettings({ ...options, control }, () => {});
  const settings = all.forSession(envOf(recording));
  return settings.type === "ready" ? settings.config : null;
}

function envelopeText({ sender, recipients }: Envelope): string {
  return `F${sender}\0${recipients.map((to) => `T${to}\0`).join("")}\0`;
}

function replay(recording: Recording, config: SessionConfig, size: number) {
  const { env, input, waits } = recording;
  const status = Number(env.QEXIT ?? 0) << 8;
  const result = run(config, pieces(input, [size]), {
    committed: delivery(status, 1),
    leaving: waits ? "timeout" : "end",
  });
  const { replies, exit, queued } = expected(recording);
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

Deno.test("every case was recorded, and is as it was then", () => {
  assertEquals(
    recordings.map(({ replies: _, exit: _1, queued: _2, ...rest }) => rest),
    JSON.parse(JSON.stringify(cases)),
  );
});

Deno.test("every deliberate difference is one, of a case that there is", () => {
  for (const [name, { instead }] of Object.entries(differences)) {
    const recording = recordings.find((each) => each.name === name);
    if (!recording) throw new Error(`no case ${name}`);
    for (const [what, value] of Object.entries(instead)) {
      const seen = recording[what as keyof Recording];
      if (JSON.stringify(seen) === JSON.stringify(value)) {
        throw new Error(`${name}: no difference in ${what}`);
      }
    }
  }
});

for (const recording of recordings) {
  // The queue program's own failures are not the session's.
  if (recording.env.QMAILQUEUE !== undefined) continue;
  Deno.test(`recorded, ${recording.name}`, () =>
    inFolder(async (folder) => {
      const config = await configOf(recording, folder);
      if (config === null) {
        const { replies, exit, queued } = expected(recording);
        assertEquals([unreadableControls, 1, []], [replies, exit, queued]);
        return;
      }
      const long = recording.input.length > 5000;
      for (
        const size of long ? [61, 1024, Infinity] : [1, 2, 3, 7, 64, Infinity]
      ) {
        replay(recording, config, size);
      }
    }));
}
