/**
 * Why a TLS handshake failed, in words for an administrator. Both ways of
 * having TLS rest on rustls, whose errors are read here.
 *
 * @module
 */
import { reason } from "../base/reason.ts";

export const tookTooLong = "it took too long";
export const clientEnded = "the client ended the connection";

/** Told apart by what the runtime says; the rest is given as it is. */
const known: readonly (readonly [RegExp, string])[] = [
  [/InvalidContentType|UnknownProtocolVersion/, "the client speaks no TLS"],
  [
    // The last is what clients from before TLS 1.2 do not send.
    /Tls12NotOffered|SupportedVersionsEx|SignatureAlgorithmsEx/,
    "the client speaks no version of TLS that we do",
  ],
  [/NoCipherSuitesInCommon/, "the client has no cipher suite that we have"],
  [/NoKxGroupsInCommon/, "the client has no key exchange that we have"],
  [
    /NoSignatureSchemesInCommon/,
    "the client has no signature scheme for our certificate",
  ],
  [/ eof|end of file|connection reset|broken pipe/i, clientEnded],
];

/** The same for whole families; what follows is rustls's name for it. */
const families: readonly (readonly [RegExp, string])[] = [
  [/fatal alert: (\w+)/, "the client refused"],
  [/corrupt message of type (\w+)/, "the client sent a malformed message"],
  [/peer misbehaved: (\w+)/, "the client broke the protocol"],
  [/peer is incompatible: (\w+)/, "the client is incompatible"],
  [/unexpected \w*\s?message: got (\w+)/, "the client sent what was not due"],
];

const longestReason = 200;

/** The reason that an error of the runtime's stands for. */
export function handshakeFailure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, text] of known) if (pattern.test(message)) return text;
  for (const [pattern, text] of families) {
    const name = pattern.exec(message)?.[1];
    if (name !== undefined) return `${text}: ${words(name)}`;
  }
  const text = reason(error); // of ours, such as a lack of descriptors
  return text.replace(/[^\x20-\x7e]+/g, "?").slice(0, longestReason);
}

/** `CertificateUnknown` as words, `UnknownCA` too. */
function words(name: string): string {
  return name.replace(/([a-z0-9])(?=[A-Z])/g, "$1 ").split(" ")
    .map((word) => /^[A-Z]+$/.test(word) ? word : word.toLowerCase())
    .join(" ");
}
