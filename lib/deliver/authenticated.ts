/**
 * A target around another one: it keeps a message until it is whole, checks
 * where it comes from, and hands it on with the results on top.
 *
 * @module
 */
import { trouble } from "../base/events.ts";
import { toBytes } from "../base/bytes.ts";
import {
  type AuthenticationOptions,
  authenticationResults,
} from "../mailauth/authentication.ts";
import { ForgedResultsFilter } from "../mailauth/forged_results.ts";
import { authservIdOf } from "../mailauth/results_header.ts";
import { reason } from "../base/reason.ts";
import { Spool, spoolDescriptors } from "./spool.ts";
import { storageFailure } from "./storage_failure.ts";
import type { Message, Outcome, Refusal, Target } from "./target.ts";

/** Once for the checks, once for the inner target. */
const readings = 2;

export interface AuthenticatedOptions extends AuthenticationOptions {
  /** Where messages past 64 kB are kept meanwhile, in files without a name. */
  readonly folder: string;
  readonly clientIp: string;
}

/**
 * Writes Authentication-Results (RFC 8601) on top of each message, and removes
 * those that it brings in our name. No message is refused for its results,
 * DMARC's neither; one that cannot be checked in time is handed on too, with
 * `temperror`. Without room to keep it, 452.
 */
export function authenticated(
  inner: Target,
  options: AuthenticatedOptions,
): Target {
  return {
    takesBinary: false, // what is signed are lines
    takesUtf8: inner.takesUtf8,
    descriptors: inner.descriptors + spoolDescriptors,
    async open(envelope, submitter) {
      const message = await inner.open(envelope, submitter);
      if ("type" in message) return message;
      const { sender } = envelope, { helo } = submitter;
      return new AuthenticatedMessage(message, { sender, helo }, options);
    },
  };
}

class AuthenticatedMessage implements Message {
  readonly #spool: Spool;

  constructor(
    readonly inner: Message,
    readonly claims: { readonly sender: string; readonly helo: string | null },
    readonly options: AuthenticatedOptions,
  ) {
    this.#spool = new Spool(options.folder, readings);
  }

  append(bytes: Uint8Array<ArrayBuffer>): void | Promise<void> {
    return this.#spool.append(bytes);
  }

  async commit(): Promise<Outcome> {
    const { inner, options, claims } = this;
    try {
      const header = await authenticationResults(
        { ip: options.clientIp, ...claims },
        () => this.#spool.read(),
        options,
      );
      await inner.append(toBytes(header));
      const filter = new ForgedResultsFilter(authservIdOf(options.me));
      for await (const chunk of this.#spool.read()) {
        await inner.append(filter.push(chunk));
      }
      await inner.append(filter.end());
    } catch (error) {
      options.emit(
        trouble(
          `unable to keep a message in ${options.folder}: ${reason(error)}`,
        ),
      );
      await this.abandon();
      return storageFailure(error) satisfies Refusal;
    }
    this.#spool.close();
    return await inner.commit();
  }

  async abandon(): Promise<void> {
    this.#spool.close();
    await this.inner.abandon();
  }
}
