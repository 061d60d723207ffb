/**
 * How next hops are spoken to.
 *
 * @module
 */
import type { Credentials } from "../mail/sasl.ts";

/** `verified`: encrypted, to a host whose certificate is right. */
export const tlsModes = [
  "none",
  "opportunistic",
  "required",
  "verified",
] as const;
/** How the next hop is told of our own client, if it is. */
export const clientModes = ["none", "xclient", "proxy"] as const;

export interface HopSettings {
  readonly protocol: "smtp" | "lmtp";
  readonly tls: typeof tlsModes[number];
  readonly client: typeof clientModes[number];
  /** Connections at once, at most. */
  readonly connections: number;
  /** What we call ourselves. */
  name(): string;
  /** To log in to a host with; null for nothing. */
  credentials(host: string): Credentials | null;
  /** In PEM, beside the runtime's own. */
  authorities(): readonly string[];
}
