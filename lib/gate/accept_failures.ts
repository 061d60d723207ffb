/**
 * What to do when accept(2) fails.
 *
 * @module
 */
import { codeOf } from "../base/reason.ts";

const complainEveryMs = 1000;

/** Errors of the one client that was to be accepted, who is gone with it. */
const clientsOwn = new Set([
  ...["ECONNABORTED", "ECONNRESET", "ENOTCONN", "EINTR", "EPERM", "EPROTO"],
  ...["ENETDOWN", "ENOPROTOOPT", "EHOSTDOWN", "ENONET", "EHOSTUNREACH"],
  ...["EOPNOTSUPP", "ENETUNREACH"],
]);

export class AcceptFailures {
  #complainedAt = -Infinity;

  constructor(readonly complain: (error: unknown) => void) {}

  /**
   * Takes note of a failure, with a complaint once a second.
   *
   * @param nowMs any clock that only goes forward
   * @returns whether everyone's accept would fail now (EMFILE, ENFILE, ENOMEM)
   */
  isEveryones(error: unknown, nowMs: number): boolean {
    const code = codeOf(error);
    if (code !== undefined && clientsOwn.has(code)) return false;
    if (nowMs - this.#complainedAt >= complainEveryMs) {
      this.#complainedAt = nowMs;
      this.complain(error);
    }
    return true;
  }
}
