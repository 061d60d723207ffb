/**
 * What a session has decided and the driver has not yet taken.
 *
 * @module
 */
import type { Action } from "./actions.ts";

/** Joins replies that nothing comes between into one action. */
export class Outbox {
  #actions: Action[] = [];
  #replies = "";

  reply(text: string): void {
    this.#replies += text;
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
