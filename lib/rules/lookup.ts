/**
 * Which rule decides about a client: tcpserver's order of keys (spec/rules.md),
 * the one implementation for serve, check and explain.
 *
 * @module
 */
import { networkOf } from "../base/ip.ts";
import { fromBytes, toBytes } from "../base/bytes.ts";
import { hashByte, hashStart } from "../cdb/hash.ts";
import { CdbError, type CdbReader } from "../cdb/reader.ts";

/** A client; byte strings, null for what was not looked up or has no name. */
export interface Peer {
  readonly ip: string;
  /** TCPREMOTEHOST. */
  readonly host: string | null;
  /** TCPREMOTEINFO. */
  readonly info: string | null;
}

/** `rule` is the key that decided, null if there was none. Byte strings. */
export type Decision =
  | {
    readonly type: "allow";
    readonly rule: string | null;
    readonly env: readonly (readonly [name: string, value: string])[];
  }
  | { readonly type: "deny"; readonly rule: string };

/** Set by a rule, it lets the client relay. */
const relayVariable = "RELAYCLIENT";

/** Whether a key is for clients by their names, with a user or without. */
export const isForName = (key: string): boolean =>
  key.slice(key.lastIndexOf("@") + 1).startsWith("=");

/** Whether a decision sets what lets a client relay. */
export const relays = (decision: Decision): boolean =>
  decision.type === "allow" &&
  decision.env.some(([name]) => name === relayVariable);

/**
 * Whether a client may relay for its name, which is what whoever has its
 * address says it is, until the name is found to lead back there.
 */
export const relaysByName = (decision: Decision): boolean =>
  decision.rule !== null && isForName(decision.rule) && relays(decision);

/** Its data lists the lengths of the IPv6 ranges there are, in bits. */
export const rangeIndexKey = "/";

/**
 * The keys of a client, in the order in which they are tried.
 *
 * @param ranges the lengths of IPv6 ranges in bits, the longest first
 */
export function* keys(
  peer: Peer,
  ranges: Iterable<number> = [],
): Generator<string> {
  const { ip, host, info } = peer;
  if (info !== null) {
    yield `${info}@${ip}`;
    if (host !== null) yield `${info}@=${host}`;
  }
  yield ip;
  if (host !== null) yield `=${host}`;
  if (ip.includes(":")) {
    for (const bits of ranges) yield `${networkOf(ip, bits)}/${bits}`;
  }
  for (let i = ip.length - 1; i >= 0; i--) {
    if (ip[i] === "." || ip[i] === ":") yield ip.slice(0, i + 1);
  }
  if (host !== null) {
    for (let i = 0; i < host.length; i++) {
      if (host[i] === ".") yield `=${host.slice(i)}`;
    }
    yield "=";
  }
  yield "";
}

const noRule: Decision = { type: "allow", rule: null, env: [] };
const dot = 46;
const ipScratch = new Uint8Array(16);
const hashScratch = new Uint32Array(16);

/**
 * @param isNamedSo false: the client's name has not been confirmed, and rules
 *   that would let it relay for that are passed over
 * @throws CdbError where the database is corrupt
 */
export function decide(
  cdb: CdbReader,
  peer: Peer,
  isNamedSo = true,
): Decision {
  // Most clients are only an IPv4 address: its prefixes share one pass of hashing.
  const { ip, host, info } = peer;
  if (host === null && info === null && ip.length < 16 && !ip.includes(":")) {
    return decideByAddress(cdb, ip);
  }
  for (const key of keys(peer, rangesIn(cdb, peer))) {
    const data = cdb.find(toBytes(key));
    if (!data) continue;
    const decision = checkedDecision(key, data);
    if (isNamedSo || !relaysByName(decision)) return decision;
  }
  return noRule;
}

/** The lengths of IPv6 ranges that matter for a client; most have none. */
export function rangesIn(cdb: CdbReader, peer: Peer): Uint8Array {
  const found = peer.ip.includes(":") && cdb.find(toBytes(rangeIndexKey));
  // A database that lies about it costs no more than the longest honest list.
  return found ? found.subarray(0, 129) : new Uint8Array();
}

function decideByAddress(cdb: CdbReader, ip: string): Decision {
  let hash = hashStart;
  for (let i = 0; i < ip.length; i++) {
    ipScratch[i] = ip.charCodeAt(i);
    hashScratch[i] = hash = hashByte(hash, ipScratch[i]);
  }
  const whole = cdb.findRange(ipScratch, 0, ip.length, hash >>> 0);
  if (whole) return checkedDecision(ip, whole);
  for (let i = ip.length - 1; i >= 0; i--) {
    if (ipScratch[i] !== dot) continue;
    const data = cdb.findRange(ipScratch, 0, i + 1, hashScratch[i]);
    if (data) return checkedDecision(ip.slice(0, i + 1), data);
  }
  const data = cdb.findRange(ipScratch, 0, 0, hashStart);
  return data ? checkedDecision("", data) : noRule;
}

/** What compiling a text makes: maybe `D` NUL, then variables. */
const compiled = /^(?:D\0)?(?:\+[^=]*=[^]*\0)?$/;
/** A part of the disk that was wiped. No text has such a value. */
const wiped = /\0{3}|\xff{8}/;

/**
 * {@linkcode decision}, but for damage in the data, which nothing else in a
 * database would show.
 *
 * @throws CdbError
 */
function checkedDecision(rule: string, data: Uint8Array): Decision {
  if (data.length > 0) {
    const text = fromBytes(data);
    if (!compiled.test(text) || wiped.test(text)) {
      throw new CdbError(`damaged: what rule "${rule}" says`);
    }
  }
  return decision(rule, data);
}

/** A record's data: `D` NUL denies, `+NAME=VALUE` NUL sets a variable. */
export function decision(rule: string, data: Uint8Array): Decision {
  if (data.length === 0) return { type: "allow", rule, env: [] };
  const env: [string, string][] = [];
  for (const piece of fromBytes(data).split("\0").slice(0, -1)) {
    if (piece[0] === "D") return { type: "deny", rule };
    const equals = piece.indexOf("=");
    if (piece[0] === "+" && equals > 0) {
      env.push([piece.slice(1, equals), piece.slice(equals + 1)]);
    }
  }
  return { type: "allow", rule, env };
}

/** A decision in tcprulescheck's words, a byte string. */
export function verdict(decision: Decision): string {
  const lines = [
    decision.rule === null ? "default:" : `rule ${decision.rule}:`,
  ];
  if (decision.type === "allow") {
    for (const [name, value] of decision.env) {
      lines.push(`set environment variable ${name}=${value}`);
    }
  }
  lines.push(`${decision.type} connection`);
  return lines.join("\n") + "\n";
}
