/**
 * What a session has decided and the driver has not yet taken.
 *
 * @module
 */
import type { Action } from "./actions.ts";

/** A peer that pipelines commands gets no more at once than so much. */
const mostReplyBytes = 4096;

/** Joins replies that nothing comes between into one action. */
export class Outbox {
  #actions: Action[] = [];
  #replies = "";
  #replyBytes = 0;

  /** Whether what was said should be sent before more is read. */
  get isFull(): boolean {
    return this.#replyBytes >= mostReplyBytes;
  }

  /** The driver has sent all replies that it took. */
  sent(): void {
    this.#replyBytes = 0;
  }

  reply(text: string): void {
    this.#replies += text;
    this.#replyBytes += text.length;
  }

  act(action: Action): void {
    this.#endReply();
    this.#actions.push(action);
  }

  take(): Action[] {
    this.#endReply();
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #endReply(): void {
    if (this.#replies === "") return;
    this.#actions.push({ type: "reply", text: this.#replies });
    this.#replies = "";
  }
}
