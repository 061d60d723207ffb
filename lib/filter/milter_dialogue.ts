/**
 * A command to a milter, and what it thinks of that.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import { type Answer, answerIn } from "./milter_changes.ts";
import { type Command, macros, packet } from "./milter_codec.ts";
import type { MilterConnection } from "./milter_connection.ts";
import type { Macros } from "./milter_facts.ts";

export interface Told {
  readonly data?: Uint8Array<ArrayBuffer> | string;
  readonly macros: Macros;
  /** The step by which it was agreed not to send the command. */
  readonly unwanted: number;
  /** The step by which it was agreed that there is no reply. */
  readonly unanswered: number;
}

/** @returns null where it goes on */
export async function ask(
  milter: MilterConnection,
  letter: Command,
  told: Told,
): Promise<Answer | null> {
  const about = macros(letter, told.macros);
  // As Postfix does: a milter may want to know, and not to be asked.
  if (milter.agrees(told.unwanted)) {
    await milter.send(about);
    return null;
  }
  await milter.send(concat([about, packet(letter, told.data)]));
  return milter.agrees(told.unanswered) ? null : await answerOf(milter);
}

/** @throws Error */
export async function answerOf(
  milter: MilterConnection,
): Promise<Answer | null> {
  const answer = answerIn(await milter.reply());
  if (answer === null) throw new Error("its answer makes no sense here");
  return answer.type === "goOn" ? null : answer;
}
