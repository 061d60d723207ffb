/**
 * Mail that goes round in this process. Each round would wait for the next one
 * to answer, before any text and so before any trace, until no connection is
 * left.
 *
 * @module
 */
import { type Endpoint, isSame } from "../base/endpoint.ts";
import { later } from "../smtp_client/answer.ts";
import type { ClientFacts } from "../smtp_client/beginning.ts";
import type { HopEndpoint } from "./endpoints.ts";

/**
 * Our connections to next hops, by both ends: a port of ours may be a client's
 * at the same time, on its way to somewhere else.
 */
const ours = new Set<string>();

const keyOf = (from: Endpoint, to: Endpoint) =>
  `${from.ip} ${from.port} ${to.ip} ${to.port}`;

/** @returns what forgets it, when it is closed */
export function knowOurs(from: Endpoint, to: Endpoint): () => void {
  const key = keyOf(from, to);
  ours.add(key);
  return () => ours.delete(key);
}

/** Whether a client has come by one of our own connections to a next hop. */
export const isOurs = (client: ClientFacts): boolean =>
  ours.has(keyOf(client, client.local));

/** Whether a next hop is where our own client has come to. */
export const isOurselves = (
  endpoint: HopEndpoint,
  { local }: ClientFacts,
): boolean => endpoint.type === "tcp" && isSame(endpoint.at, local);

export const loop = later("4.4.6", "the next hop is this server itself");
