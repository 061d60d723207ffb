/**
 * The filter that checks where a message comes from, writes that on top of it,
 * and, if that is wanted, refuses what the author's domain wants refused.
 *
 * @module
 */
import {
  type AuthenticationOptions,
  authenticationResults,
} from "../mailauth/authentication.ts";
import { ForgedResultsFilter } from "../mailauth/forged_results.ts";
import { authservIdOf } from "../mailauth/results_header.ts";
import type { Refusal } from "../mail/answers.ts";
import type { FilterSession, Read } from "./filter.ts";

export interface AuthenticationFilterOptions extends AuthenticationOptions {
  /** Whether the results are written on top. */
  readonly records: boolean;
  /** Whether DMARC's `reject` is obeyed. */
  readonly obeysDmarc: boolean;
}

const unwanted: Refusal = {
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text: "the author's domain wants messages refused that fail DMARC",
  by: "dmarc",
};

/**
 * Writes Authentication-Results (RFC 8601) on top of each message, and removes
 * those that it brings in our name. One that cannot be checked in time is
 * handed on too, with `temperror`: it fails open.
 */
export function authentication(
  options: AuthenticationFilterOptions,
): FilterSession {
  const { me, records, obeysDmarc } = options;
  return {
    name: "authentication",
    async judge({ user, connection, envelope, helo, read }) {
      if (user !== null) return { verdict: "pass", remark: "logged in" };
      const { header, isUnwanted, remark } = await authenticationResults(
        { ip: connection.remote.ip, sender: envelope.sender, helo },
        read,
        options,
      );
      if (obeysDmarc && isUnwanted) return { verdict: unwanted, remark };
      if (!records) return { verdict: "pass", remark };
      return {
        ...{ verdict: "pass", remark },
        top: header,
        rewrite: (read) => withoutForged(read, me),
      };
    },
  };
}

async function* withoutForged(
  read: Read,
  me: string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const filter = new ForgedResultsFilter(authservIdOf(me));
  for await (const bytes of read()) yield filter.push(bytes);
  yield filter.end();
}
