/**
 * Replays what notqmail's qmail-smtpd was seen to answer
 * (data/qmail-smtpd-dialogues.json), byte for byte, however the input is cut.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { senderMatcher } from "../../lib/policy/badmailfrom.ts";
import { classicEntries } from "../../lib/policy/control_list.ts";
import { domainMatcher } from "../../lib/policy/rcpthosts.ts";
import type { Delivery } from "../../lib/mail/answers.ts";
import type { Envelope } from "../../lib/mail/envelope.ts";
import type { SessionConfig } from "../../lib/smtp/session.ts";
import recordings from "./data/qmail-smtpd-dialogues.json" with {
  type: "json",
};
import { pieces, run, testConfig } from "./run.ts";

interface Recording {
  name: string;
  control: Record<string, string>;
  env: Record<string, string>;
  input: string;
  replies: string;
  exit: number;
  message: string | null;
  envelope: string | null;
}

/** The first line of a control file, as smtpd reads it. */
function firstLine(text: string | undefined): string | undefined {
  return text?.split("\n")[0].trimEnd();
}

function configOf({ control, env }: Recording): SessionConfig {
  const me = firstLine(control.me)!;
  return {
    ...testConfig,
    classic: true,
    greeting: firstLine(control.smtpgreeting) ?? me,
    localIpHost: firstLine(control.localiphost) ?? me,
    relayClient: env.RELAYCLIENT ?? null,
    acceptsRecipientDomain: domainMatcher(classicEntries(control.rcpthosts)),
    refusesSender: senderMatcher(classicEntries(control.badmailfrom ?? "")),
    databytes: Number(env.DATABYTES ?? control.databytes ?? 0),
    connection: {
      ...testConfig.connection,
      remoteInfo: env.TCPREMOTEINFO ?? null,
    },
  };
}

/** qmail-queue's exit code shows only in the reply to the message. */
function deliveryOf({ env, replies }: Recording): Delivery {
  if (!env.QEXIT) return { type: "stored", id: "1" };
  const [, code, text, enhanced] = /go ahead\r\n(\d+) (.*) \(#([\d.]+)\)/.exec(
    replies,
  )!;
  return code === "554"
    ? { type: "never", code: 554, text, enhanced }
    : { type: "later", code: 451, text, enhanced };
}

function queued({ sender, recipients }: Envelope): string {
  return `F${sender}\0${recipients.map((to) => `T${to}\0`).join("")}\0`;
}

function replay(recording: Recording, sizes: number[]) {
  const result = run(configOf(recording), pieces(recording.input, sizes), {
    committed: deliveryOf(recording),
  });
  const last = result.stored.at(-1);
  assertEquals({
    replies: result.replies.replace(/250 ok \d+ qp \d+/g, "250 ok N qp N"),
    exit: result.exitCode,
    message: last?.message.replace(/; .* -0000\n/, "; DATE\n") ?? null,
    envelope: last ? queued(last.envelope) : null,
  }, {
    replies: recording.replies,
    exit: recording.exit,
    message: recording.message,
    envelope: recording.envelope,
  });
}

for (const recording of recordings as unknown as Recording[]) {
  Deno.test(`qmail-smtpd was seen to answer so: ${recording.name}`, () => {
    for (const size of [1, 2, 3, 7, Infinity]) replay(recording, [size]);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (sizes) => replay(recording, sizes),
      ),
      { numRuns: 50 },
    );
  });
}
