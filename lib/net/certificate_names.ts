/**
 * Which hosts a certificate is for (RFC 5280 4.2.1.6, RFC 9525). The runtime
 * compares without wildcards, and not each version tells the names.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";

/** DER's tags of what leads to the names. */
const sequence = 0x30, octets = 0x04, objectId = 0x06, extensions = 0xa3;
const dnsName = 0x82;
/** 2.5.29.17, subjectAltName. */
const alternativeNames = "\x55\x1d\x11";

/**
 * The DNS names of a certificate in DER, in lower case; none where it is
 * malformed.
 */
export function alternativeDnsNames(der: Uint8Array): string[] {
  const certificate = content(der, sequence);
  const signed = certificate && content(certificate, sequence);
  const list = signed && content(signed, extensions);
  const all = list && content(list, sequence);
  for (const { bytes } of all ? elements(all) : []) {
    const id = content(bytes, objectId);
    if (id === undefined || fromBytes(id) !== alternativeNames) continue;
    const value = content(bytes, octets);
    const names = value && content(value, sequence);
    return [...names ? elements(names) : []]
      .filter(({ tag }) => tag === dnsName)
      .map(({ bytes }) => fromBytes(bytes).toLowerCase());
  }
  return [];
}

/** Whether a host has one of these names, a wildcard's too. */
export function isNamed(host: string, names: readonly string[]): boolean {
  const name = host.toLowerCase();
  const wildcard = name.replace(/^[^.]+/, "*");
  return names.includes(name) || names.includes(wildcard);
}

interface Element {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

/** What the first element with a tag holds; undefined if there is none. */
function content(bytes: Uint8Array, tag: number): Uint8Array | undefined {
  for (const each of elements(bytes)) if (each.tag === tag) return each.bytes;
  return undefined;
}

/** Elements one after the other; what is malformed ends them. */
function* elements(bytes: Uint8Array): Generator<Element> {
  let at = 0;
  while (at + 2 <= bytes.length) {
    const tag = bytes[at];
    let length = bytes[at + 1];
    at += 2;
    if (length >= 0x80) {
      let more = length & 0x7f;
      for (length = 0; more > 0 && at < bytes.length; more--) {
        length = length * 256 + bytes[at++];
      }
    }
    yield { tag, bytes: bytes.subarray(at, at + length) };
    at += length;
  }
}
