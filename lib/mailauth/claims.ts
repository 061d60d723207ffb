/**
 * Who a client says that a message is from, as SPF (RFC 7208) may look at it.
 *
 * @module
 */
import { isIP } from "node:net";

/** Who sends a message; byte strings. */
export interface Sender {
  readonly ip: string;
  readonly helo: string | null;
  /** Of the envelope; empty for the null sender. */
  readonly sender: string;
}

/** RFC 1035 2.3.4, RFC 5321 4.5.3.1.1. */
const nameLimit = 253;
const localPartLimit = 64;
/** Longer is no value of a macro. */
export const longestClaim = localPartLimit + 1 + nameLimit;

/**
 * Whether there is something to evaluate: not for a client without an IP
 * address, nor for one with neither a sender nor a name, nor for what is too
 * long to be a domain.
 */
export function isEvaluable({ ip, helo, sender }: Sender): boolean {
  if (isIP(ip) === 0) return false;
  const whose = sender === "" ? helo : partsOf(sender).domain;
  return whose !== null && whose.length <= nameLimit;
}

/**
 * The same, no longer than names and mailboxes are: of what is longer the
 * first part counts, so that nobody gets around a policy by his length.
 */
export function bounded({ ip, helo, sender }: Sender): Sender {
  const { local, domain } = partsOf(sender);
  return {
    ip,
    helo: helo?.slice(0, nameLimit) ?? null,
    sender: local === null
      ? domain
      : `${local.slice(0, localPartLimit)}@${domain}`,
  };
}

function partsOf(address: string): { local: string | null; domain: string } {
  const at = address.lastIndexOf("@");
  return at === -1
    ? { local: null, domain: address }
    : { local: address.slice(0, at), domain: address.slice(at + 1) };
}
