/**
 * What the subcommands of postern queue have in common: a connection, and what
 * becomes of a failure.
 *
 * @module
 */
import type { ChannelModel } from "amqplib";
import { Fatal, isFatal } from "../../lib/base/fatal.ts";
import { escaped } from "../../lib/base/foreign_text.ts";
import { bytesOf } from "../../lib/base/bytes.ts";
import { reason } from "../../lib/base/reason.ts";
import { type Finding, Remediable } from "../../lib/queue/finding.ts";
import { connect, disconnect } from "../../lib/queue/link.ts";
import { explained } from "../../lib/queue/link_remedy.ts";
import { setupLine } from "../../lib/queue/looking.ts";
import type { QueueOptions } from "../../lib/queue/options.ts";
import { writtenUrl } from "../../lib/queue/url.ts";

/** Does something; who cannot be asked ends the command. Throws Fatal. */
export async function asking<T>(
  options: QueueOptions,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (isFatal(error)) throw error;
    const { code } = error as { code?: unknown };
    if (code === 404) {
      throw new Fatal(1, `there is no such queue: ${setupLine(options)}`);
    }
    const why = error instanceof Remediable && error.remedy !== null
      ? `${error.message}: ${error.remedy}`
      : explained(reason(error));
    throw new Fatal(111, `unable to ask ${writtenUrl(options.url)}: ${why}`, {
      cause: error,
    });
  }
}

/** The same with a connection. */
export const connected = <T>(
  options: QueueOptions,
  act: (model: ChannelModel) => Promise<T>,
): Promise<T> =>
  asking(options, async () => {
    const model = await connect(options, "postern queue");
    try {
      return await act(model);
    } finally {
      await disconnect(model);
    }
  });

const words = {
  ok: "ok",
  note: "note",
  wrong: "WRONG",
  unseen: "not seen",
} as const;

/** A finding for a terminal: what is seen, and under it what to type. */
export const findingLines = (
  { check, state, told, remedy }: Finding,
): string[] => [
  `${words[state].padEnd(8)}  ${check}: ${safe(told)}`,
  ...remedy === null ? [] : [`          -> ${safe(remedy)}`],
];

/** A text of a broker's, or of the command line. */
export const safe = (text: string): string => escaped(bytesOf(text));

/** One object in which nothing moves the cursor of who looks at it. */
export const json = (value: unknown): string =>
  JSON.stringify(value, null, 2).replace(
    /[\x7f-\uffff]/g,
    (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
