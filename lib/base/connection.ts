/**
 * A TCP connection and what is known of it: the same for the log, for the
 * rules, for a program's environment and for a protocol.
 *
 * @module
 */
import type { Endpoint } from "./endpoint.ts";

/** A variable that the access rules set for a connection; byte strings. */
export type Variable = readonly [name: string, value: string];

/** Names are byte strings; null where there is none, or nobody asked. */
export interface Connection {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Our own host name, as far as the client has to do with it. */
  readonly localHost: string | null;
  /** The client's name in the DNS, which is what it says it is. */
  readonly remoteHost: string | null;
  /** What the client's ident server says (RFC 1413); may be empty. */
  readonly remoteInfo: string | null;
  /** What the access rules set, in their order. */
  readonly variables: readonly Variable[];
  /** That the log knows it by; not there where nobody has given one. */
  readonly number?: number;
  /** Whether the connection was encrypted from its start. */
  readonly encrypted: boolean;
}
