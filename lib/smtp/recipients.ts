/**
 * The recipients of a transaction, within their limits.
 *
 * @module
 */
import { flatCopy } from "../base/bytes.ts";
import type { Limits } from "./limits.ts";

/** What a recipient takes beside the bytes of its address. */
const overheadBytes = 24;

/** Recipients beyond the limit that are no errors yet; Postfix's number. */
const overshoot = 1000;

export class Recipients {
  readonly addresses: string[] = [];
  #bytes = 0;
  /** Recipients that came when there was no room for more. */
  #excess = 0;

  constructor(readonly limits: Limits) {}

  get count(): number {
    return this.addresses.length;
  }

  /** Whether one more would be too many, or too much. */
  isFullFor(address: string): boolean {
    const { recipients, recipientBytes } = this.limits;
    return this.count >= recipients ||
      this.#bytes + overheadBytes + address.length > recipientBytes;
  }

  /**
   * Counts one that there is no room for. A client that does not know of the
   * limit sends all the rest at once, and keeps those that were taken (RFC
   * 5321 4.5.3.1.10).
   *
   * @returns whether that goes on for too long
   */
  isOneTooMany(): boolean {
    return ++this.#excess > overshoot;
  }

  /** Keeps an address, and not the command that it was cut out of. */
  add(address: string): void {
    this.#bytes += overheadBytes + address.length;
    this.addresses.push(flatCopy(address));
  }
}
