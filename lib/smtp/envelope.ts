/**
 * MAIL and RCPT: from argument to envelope address, or the reply that says
 * why not.
 *
 * @module
 */
import {
  atLocalHost,
  domainOf,
  looseAddress,
  type Path,
  strictPath,
} from "./address.ts";
import { mailParameters } from "./commands.ts";
import type { SessionConfig } from "./config.ts";
import type { Limits } from "./limits.ts";
import type { Replies } from "./replies.ts";

export type Reading =
  | { readonly type: "address"; readonly address: string }
  | { readonly type: "refused"; readonly reply: string };

export class EnvelopeReader {
  constructor(
    readonly config: SessionConfig,
    readonly limits: Limits,
    readonly say: Replies,
  ) {}

  /** The reverse path of MAIL. */
  sender(argument: string): Reading {
    const { config, say } = this;
    if (config.classic) return this.#classic(argument);
    const path = this.#strict("FROM:", argument);
    if (!path) return refused(say.badSender);
    const parameters = mailParameters(path.parameters);
    switch (parameters.type) {
      case "malformed":
        return refused(say.badArgument);
      case "unknown":
        return refused(say.unknownParameter);
      case "taken":
        if (config.databytes > 0 && parameters.sizeBytes > config.databytes) {
          return refused(say.tooBig);
        }
        return this.#local(path.address);
    }
  }

  /**
   * The forward path of RCPT, if mail is taken for it.
   *
   * @param senderRefused told only now, as qmail-smtpd does
   */
  recipient(argument: string, senderRefused: boolean): Reading {
    const { config, say } = this;
    const read = config.classic
      ? this.#classic(argument)
      : this.#forwardPath(argument);
    if (read.type === "refused") return read;
    if (senderRefused) return refused(say.refusedSender);
    const { address } = read;
    if (config.relayClient !== null) {
      return { type: "address", address: address + config.relayClient };
    }
    // Without a domain it is a local name, like postmaster.
    const domain = domainOf(address);
    return domain === null || config.acceptsRecipientDomain(domain)
      ? read
      : refused(say.noRelay);
  }

  #forwardPath(argument: string): Reading {
    const path = this.#strict("TO:", argument);
    if (!path || path.address === "") return refused(this.say.badRecipient);
    return path.parameters === ""
      ? this.#local(path.address)
      : refused(this.say.unknownParameter);
  }

  #strict(keyword: string, argument: string): Path | null {
    const path = strictPath(keyword, argument);
    return path && path.octets <= this.limits.pathBytes ? path : null;
  }

  #classic(argument: string): Reading {
    const read = this.#local(looseAddress(argument));
    return read.address.length <= this.limits.pathBytes
      ? read
      : refused(this.say.syntax);
  }

  #local(address: string): Reading & { type: "address" } {
    return { type: "address", address: atLocalHost(address, this.config) };
  }
}

function refused(reply: string): Reading {
  return { type: "refused", reply };
}
