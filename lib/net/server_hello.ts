/**
 * What a TLS server has agreed on, as its first message tells it: that one is
 * never encrypted (RFC 8446 4.1.3, RFC 5246 7.4.1.3), so nobody has to be asked
 * who shakes hands for us.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";

/** What was agreed on; null for what is not known here. */
export interface Agreement {
  readonly version: string | null;
  readonly cipher: string | null;
}

const unknown: Agreement = { version: null, cipher: null };

const recordHeadBytes = 5, handshakeHeadBytes = 4;
const handshakeRecord = 22, serverHello = 2;
const randomBytes = 32;
const supportedVersions = 43;

/** A ServerHello has some hundred bytes. */
const longestBytes = 2048;

const versions: Readonly<Record<number, string>> = {
  0x0301: "TLSv1",
  0x0302: "TLSv1.1",
  0x0303: "TLSv1.2",
  0x0304: "TLSv1.3",
};

/** Those that the runtime's TLS (rustls) has, by IANA's registry. */
const ciphers: Readonly<Record<number, string>> = {
  0x1301: "TLS_AES_128_GCM_SHA256",
  0x1302: "TLS_AES_256_GCM_SHA384",
  0x1303: "TLS_CHACHA20_POLY1305_SHA256",
  0xc02b: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  0xc02c: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  0xc02f: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  0xc030: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
  0xcca8: "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
  0xcca9: "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
};

/** Looks at what a server sends until it has seen what was agreed on. */
export class ServerHelloReader {
  #seen: Uint8Array = new Uint8Array(0);
  #agreement: Agreement | null = null;

  /** Takes the next bytes that the server sends. They are not kept. */
  look(bytes: Uint8Array): void {
    if (this.#agreement !== null) return;
    this.#seen = concat([this.#seen, bytes]);
    const agreement = agreementIn(this.#seen);
    if (agreement === null && this.#seen.length < longestBytes) return;
    this.#agreement = agreement ?? unknown;
    this.#seen = new Uint8Array(0);
  }

  get agreement(): Agreement {
    return this.#agreement ?? unknown;
  }
}

/** What the first bytes of a server tell; null if more have to come. */
export function agreementIn(bytes: Uint8Array): Agreement | null {
  if (bytes.length < recordHeadBytes) return null;
  if (bytes[0] !== handshakeRecord) return unknown; // an alert
  const length = at16(bytes, 3);
  if (bytes.length < recordHeadBytes + length) return null;
  const message = bytes.subarray(recordHeadBytes, recordHeadBytes + length);
  if (message[0] !== serverHello) return unknown;
  const hello = message.subarray(handshakeHeadBytes);
  const sessionAt = 2 + randomBytes;
  if (hello.length <= sessionAt) return unknown;
  const cipherAt = sessionAt + 1 + hello[sessionAt];
  if (hello.length < cipherAt + 2) return unknown;
  const suite = at16(hello, cipherAt);
  const cipher = ciphers[suite] ??
    `0x${suite.toString(16).padStart(4, "0")}`;
  const number = versionIn(hello.subarray(cipherAt + 3)) ?? at16(hello, 0);
  return { version: versions[number] ?? null, cipher };
}

/** The version in an extension, where TLS 1.3 has it; null for none. */
function versionIn(extensions: Uint8Array): number | null {
  for (let at = 2; at + 4 <= extensions.length;) {
    const type = at16(extensions, at), length = at16(extensions, at + 2);
    const isVersion = type === supportedVersions && length === 2 &&
      at + 6 <= extensions.length;
    if (isVersion) return at16(extensions, at + 4);
    at += 4 + length;
  }
  return null;
}

const at16 = (bytes: Uint8Array, at: number) => bytes[at] << 8 | bytes[at + 1];
