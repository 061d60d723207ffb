/**
 * MAIL and RCPT: from argument to envelope address, or the reply that says
 * why not.
 *
 * @module
 */
import {
  atLocalHost,
  domainOf,
  isAscii,
  isUtf8,
  looseAddress,
  type Path,
  strictPath,
  withAsciiDomain,
} from "../mail/address.ts";
import { isMailDomain, withCanonicalLiteral } from "../mail/domain.ts";
import { isPostmaster } from "../mail/postmaster.ts";
import {
  type MailParameters,
  mailParameters,
  type Offers,
  repeatsParameter,
} from "./commands.ts";
import type { SessionConfig } from "./config.ts";
import type { Limits } from "./limits.ts";
import type { Replies } from "./replies.ts";

type Refused = {
  readonly type: "refused";
  readonly reply: string;
  /** Which rule, list or limit decided. */
  readonly by: string;
};

export type Sender =
  | {
    readonly type: "sender";
    readonly address: string;
    readonly parameters: MailParameters;
    /** It was said to have bytes above 127 (RFC 6152). */
    readonly eightBit?: boolean;
  }
  | Refused;

export type Recipient =
  | { readonly type: "recipient"; readonly address: string }
  | Refused;

const noParameters: MailParameters = {
  sizeBytes: 0,
  binary: false,
  utf8: false,
};

export class EnvelopeReader {
  constructor(
    readonly config: SessionConfig,
    readonly limits: Limits,
    readonly offers: Offers,
    readonly say: Replies,
  ) {}

  /** The reverse path of MAIL. */
  sender(argument: string): Sender {
    const { config, say } = this;
    if (config.classic) {
      const address = this.#classic(argument);
      if (address === null) return refused(say.syntax);
      return { type: "sender", address, parameters: noParameters };
    }
    const path = this.#strict("FROM:", argument);
    if (!path) return refused(say.badSender);
    const read = mailParameters(path.parameters, this.offers);
    switch (read.type) {
      case "malformed":
        return refused(say.badArgument);
      case "unknown":
        return refused(say.unknownParameter);
      case "taken": {
        const { parameters } = read;
        if (config.databytes > 0 && parameters.sizeBytes > config.databytes) {
          return refused(say.tooBig, "databytes");
        }
        const given = this.#qualified(path.address);
        const why = this.#encodingFault(given, parameters.utf8);
        const address = withAsciiDomain(given);
        if (address !== given && isUnfit(address)) {
          return refused(say.badSender);
        }
        const eightBit = /(?:^| )BODY=8BITMIME(?: |$)/i.test(path.parameters);
        return why ?? { type: "sender", address, parameters, eightBit };
      }
    }
  }

  /**
   * The forward path of RCPT, if mail is taken for it.
   *
   * @param utf8 whether MAIL had SMTPUTF8
   * @param senderRefused told only now, as qmail-smtpd does
   * @param relayClient what is appended to any recipient, which is then
   * accepted; null for a client that may not relay
   */
  recipient(
    argument: string,
    utf8: boolean,
    senderRefused: boolean,
    relayClient: string | null,
  ): Recipient {
    const { config, say } = this;
    let given: string | null;
    let address: string;
    if (config.classic) {
      given = this.#classic(argument);
      if (given === null) return refused(say.syntax);
      address = given;
    } else {
      const path = this.#strict("TO:", argument);
      if (!path || path.address === "") return refused(say.badRecipient);
      if (path.parameters !== "") {
        const isTwice = repeatsParameter(path.parameters);
        return refused(isTwice ? say.badArgument : say.unknownParameter);
      }
      given = this.#qualified(path.address);
      const why = this.#encodingFault(given, utf8);
      if (why) return why;
      address = withAsciiDomain(given);
      if (address !== given && isUnfit(address)) {
        return refused(say.badRecipient);
      }
      // What RELAYCLIENT appends may be a domain.
      const isWhole = domainOf(address) !== null || relayClient ||
        isPostmaster(address);
      if (!isWhole) return refused(say.noDomain);
    }
    if (senderRefused) return refused(say.refusedSender, "badmailfrom");
    // To qmail-smtpd what has no domain is a local name.
    const ours =
      [given, address].map(domainOf).some((domain) =>
        domain === null || config.acceptsRecipientDomain(domain)
      ) || (!config.classic && config.isPostmaster?.(address));
    if (!ours && relayClient === null) return refused(say.noRelay, "rcpthosts");
    return { type: "recipient", address: address + (relayClient ?? "") };
  }

  /** RFC 6531 3.5: bytes above 127 are UTF-8, and only where that was asked for. */
  #encodingFault(address: string, utf8: boolean): Refused | null {
    if (isAscii(address)) return null;
    if (!utf8) return refused(this.say.utf8Needed);
    return isUtf8(address) ? null : refused(this.say.notUtf8);
  }

  #strict(keyword: string, argument: string): Path | null {
    const path = strictPath(keyword, argument);
    return path && path.octets <= this.limits.pathBytes ? path : null;
  }

  #classic(argument: string): string | null {
    const address = this.#local(looseAddress(argument));
    return address.length <= this.limits.pathBytes ? address : null;
  }

  /** An address in default mode, with the domain that it is ours by. */
  #qualified(address: string): string {
    const { qualifyWith } = this.config;
    const local = this.#local(withCanonicalLiteral(address));
    const isWhole = !qualifyWith || domainOf(local) !== null ||
      local === "" || isPostmaster(local);
    return isWhole ? local : `${local}@${qualifyWith}`;
  }

  #local(address: string): string {
    const { config } = this;
    return atLocalHost(address, {
      localIpHost: config.localIpHost,
      isLocalAddress: (ip) =>
        ip === config.connection.local.ip || config.isLocalAddress(ip),
    });
  }
}

/** Of an address whose domain was in UTF-8: as the DNS has it it may be none. */
function isUnfit(address: string): boolean {
  const domain = domainOf(address);
  return domain !== null && !isMailDomain(domain);
}

function refused(reply: string, by = "syntax"): Refused {
  return { type: "refused", reply, by };
}
