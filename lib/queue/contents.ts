/**
 * What lies in a shared queue: looked at, put to be delivered again, or thrown
 * away.
 *
 * A broker has no way to look at a message but to be given it and to give it
 * back, which it counts (x-delivery-limit). Whoever dies meanwhile has given
 * all of it back.
 *
 * @module
 */
import type { Channel, ChannelModel, GetMessage } from "amqplib";
import { fromBytes } from "../base/bytes.ts";
import { type Queued, unframed } from "./frame.ts";

export interface Lying {
  readonly queue: string;
  /** The message's own, or one made of its bytes where it is not ours. */
  readonly id: string;
  /** null if it is no message of ours. */
  readonly facts: Queued | null;
  /** Why not; null if it is. */
  readonly why: string | null;
  readonly text: Uint8Array<ArrayBuffer>;
  /** How often it has come back. */
  readonly returns: number;
}

/** What becomes of a message that was looked at. */
export type Verdict = "stays" | "goes";

/**
 * Looks at the messages of a queue, the oldest first, at so many at the most.
 * Those that stay are given back when all have been seen.
 *
 * @param judge may do with one what it wants before it is settled
 * @returns how many there are still that were not looked at
 */
export async function walk(
  model: ChannelModel,
  queue: string,
  most: number,
  judge: (lying: Lying) => Verdict | Promise<Verdict>,
): Promise<number> {
  const channel = await model.createChannel();
  channel.on("error", () => {}); // told by the call
  try {
    const { messageCount } = await channel.checkQueue(queue);
    // What comes while we look, such as those that fail again, is not seen.
    let left = messageCount;
    for (let seen = 0; seen < Math.min(most, messageCount); seen++) {
      const message = await channel.get(queue);
      if (message === false) return 0;
      left = Math.max(left - 1, 0);
      if (await judge(await lyingIn(queue, message)) === "goes") {
        channel.ack(message);
      }
    }
    return left;
  } finally {
    await giveBack(channel);
  }
}

async function giveBack(channel: Channel): Promise<void> {
  try {
    await channel.close(); // the broker takes back what was not settled
  } catch {
    // It was closed by the broker, with the same effect.
  }
}

async function lyingIn(queue: string, message: GetMessage): Promise<Lying> {
  const bytes = new Uint8Array(message.content);
  const returns = Number(
    message.properties.headers?.["x-delivery-count"] ?? 0,
  );
  try {
    const { facts, text } = unframed(bytes);
    return { queue, id: facts.id, facts, why: null, text, returns };
  } catch (error) {
    const { message: why } = error as Error;
    const id = `x${await digest(bytes)}`;
    return { queue, id, facts: null, why, text: bytes, returns };
  }
}

/** Enough to tell strangers from each other. */
async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash.subarray(0, 8)]
    .map((each) => each.toString(16).padStart(2, "0")).join("");
}

/** A message as it is put to be delivered: as if it had just come. */
export const renewed = (facts: Queued, nowMs: number): Queued => ({
  ...facts,
  acceptedAt: nowMs,
  attempts: 0,
  due: 0,
  troubles: {},
});

/** Its header, as a byte string. */
export function headerOf(text: Uint8Array): string {
  const whole = fromBytes(text.subarray(0, mostHeaderBytes));
  const end = /\r?\n\r?\n/.exec(whole);
  return end === null ? whole : whole.slice(0, end.index);
}

const mostHeaderBytes = 65536;
