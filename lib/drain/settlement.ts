/**
 * What is put into the queue in the place of a message that was tried, before
 * the message itself is acknowledged: what of it is left. Pure.
 *
 * @module
 */
import type { Delivery, Refusal } from "../deliver/target.ts";
import type { Queued, Trouble } from "../queue/frame.ts";
import type { Pauses } from "./pauses.ts";
import { reportId, reportText } from "./report.ts";

/** What became of a recipient; `aside`: nothing, it was not tried. */
export type Fate =
  | Delivery
  | { readonly type: "aside"; readonly pauseMs: number };

/** A message to be put into a queue. */
export interface Copy {
  readonly queue: string;
  readonly facts: Queued;
  /** As of the message that was tried, unless it is another one. */
  readonly text: Uint8Array<ArrayBuffer>;
}

/** What is to be told of recipients that have not got it. */
export interface Unsettled {
  readonly recipient: string;
  readonly trouble: Trouble;
  /** When it is tried again; null for never. */
  readonly due: number | null;
  /** The message that tells its sender; null if nobody does. */
  readonly report: string | null;
}

export interface Settlement {
  readonly copies: readonly Copy[];
  readonly unsettled: readonly Unsettled[];
}

export interface SettlementRules {
  readonly pauses: Pauses;
  /** What we call ourselves in reports; null: nobody is sent one. */
  readonly reportsAs: string | null;
}

/** RFC 3463 3.5: delivery time expired. */
const expired = (last: Refusal): Trouble => ({
  code: 554,
  enhanced: "4.4.7",
  text: `tried for too long, and was told: ${last.code} ` +
    `${last.enhanced} ${last.text}`.replace(/ {2,}/g, " "),
});

/** @param fates of all recipients */
export function settlementOf(
  { facts, text }: {
    readonly facts: Queued;
    readonly text: Uint8Array<ArrayBuffer>;
  },
  fates: ReadonlyMap<string, Fate>,
  { pauses, reportsAs }: SettlementRules,
  now: number,
): Settlement {
  const { topology } = pauses;
  const aside: string[] = [];
  let asidePauseMs = 0;
  const later = new Map<string, Trouble>(), never = new Map<string, Trouble>();
  const isTooOld = pauses.isTooOld(facts.acceptedAt, now);
  for (const [recipient, fate] of fates) {
    if (fate.type === "aside") {
      aside.push(recipient);
      asidePauseMs = Math.max(asidePauseMs, fate.pauseMs);
    } else if (fate.type === "never") never.set(recipient, troubleOf(fate));
    else if (fate.type === "later") {
      if (isTooOld) never.set(recipient, expired(fate));
      else later.set(recipient, troubleOf(fate));
    }
  }
  const attempts = facts.attempts + 1;
  const copies: Copy[] = [], unsettled: Unsettled[] = [];
  if (aside.length > 0) {
    const isNow = asidePauseMs === 0;
    copies.push({
      queue: isNow ? topology.ready : pauses.queueFor(asidePauseMs),
      facts: {
        ...left(facts, aside),
        due: now + asidePauseMs,
      },
      text,
    });
  }
  if (later.size > 0) {
    const pauseMs = pauses.after(attempts);
    const due = now + pauseMs;
    const rest = left(facts, [...later.keys()], later);
    copies.push({
      queue: pauses.queueFor(pauseMs),
      facts: { ...rest, attempts, due },
      text,
    });
    for (const [recipient, trouble] of later) {
      unsettled.push({ recipient, trouble, due, report: null });
    }
  }
  if (never.size > 0) {
    const failed = left(facts, [...never.keys()], never);
    // Nobody is told of a message that nobody sent (RFC 5321 4.5.5).
    const isReported = reportsAs !== null && facts.sender !== "" &&
      !facts.isReport;
    const dead: Queued = { ...failed, attempts, due: 0 };
    const copy = isReported
      ? reportOn(dead, text, reportsAs, topology.ready, now)
      : { queue: topology.dead, facts: dead, text };
    copies.push(copy);
    const report = isReported ? copy.facts.id : null;
    for (const [recipient, trouble] of never) {
      unsettled.push({ recipient, trouble, due: null, report });
    }
  }
  return { copies, unsettled };
}

/** A message of our own, which goes to the sender of another one. */
function reportOn(
  failed: Queued,
  text: Uint8Array<ArrayBuffer>,
  host: string,
  queue: string,
  now: number,
): Copy {
  const id = reportId(failed);
  return {
    queue,
    facts: {
      id,
      sender: "",
      recipients: [failed.sender],
      binary: false,
      acceptedAt: now,
      client: {
        ...{ ip: "127.0.0.1", host: null, helo: null, user: null },
        protocol: "SMTP",
      },
      attempts: 0,
      due: 0,
      troubles: {},
      isReport: true,
    },
    text: reportText({ failed, text, host, id, now }),
  };
}

/** The same message for some of its recipients. */
const left = (
  facts: Queued,
  recipients: readonly string[],
  troubles: ReadonlyMap<string, Trouble> = new Map(),
): Queued => ({
  ...facts,
  recipients,
  troubles: Object.fromEntries(
    recipients.flatMap((recipient) => {
      const isKnown = Object.hasOwn(facts.troubles, recipient);
      const trouble = troubles.get(recipient) ??
        (isKnown ? facts.troubles[recipient] : undefined);
      return trouble === undefined ? [] : [[recipient, trouble]];
    }),
  ),
});

const troubleOf = ({ code, enhanced, text }: Refusal): Trouble => ({
  code,
  enhanced,
  text: text.replace(/[^ -~]/g, "?"),
});
