/**
 * Why a connection to a server is of no more use, in words for our client and
 * for a log. None of them is for good: no message is returned for them.
 *
 * @module
 */
import type { Refusal } from "../mail/answers.ts";
import { later, wordsOf } from "./answer.ts";
import type { Reply } from "./reply.ts";

export const noTls = later("4.7.4", "the next hop offers no TLS");

export const noTlsForPassword = later(
  "4.7.0",
  "the next hop gets no password without TLS",
);

export const noMechanism = later(
  "4.7.0",
  "the next hop offers neither AUTH PLAIN nor LOGIN",
);

export const leftEarly = later("4.4.2", "the client left");

/** @param isAfterText it may have the message */
export const hangUp = (isAfterText: boolean): Refusal =>
  later(
    "4.4.2",
    isAfterText
      ? "the next hop hung up when it had the message, which may come twice"
      : "the next hop hung up",
  );

export const silence = (isAfterText: boolean): Refusal =>
  later(
    "4.4.2",
    isAfterText
      ? "the next hop does not say whether it has the message, which may come twice"
      : "the next hop does not answer",
  );

export const fault = (what: string | number): Refusal =>
  later("4.5.0", `the next hop said what was not due: ${what}`);

/** About the connection, and no message. */
export const unwelcome = (what: string, reply: Reply): Refusal =>
  later("4.4.0", `the next hop ${what} ${reply.code} ${wordsOf(reply)}`);
