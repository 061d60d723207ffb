/**
 * A certificate and its private key, as TLS servers take them.
 *
 * @module
 */
import { reason } from "../base/reason.ts";

export interface Certificate {
  /** PEM: the certificate, then those that vouch for it. */
  readonly cert: string;
  /** PEM: its private key. */
  readonly key: string;
}

/** Where the two are from, which may be one file. */
export interface CertificatePaths {
  readonly cert: string;
  readonly key: string;
}

/**
 * A TLS listener that nobody finds in the moment before we have connected: at
 * one of 16 million addresses of the loopback interface, on any port.
 *
 * @throws if certificate and key are malformed or do not belong together
 */
export function listenTls(certificate: Certificate): Deno.TlsListener {
  const [a, b, c] = crypto.getRandomValues(new Uint8Array(3));
  const hostname = `127.${a}.${b}.${Math.max(1, Math.min(c, 254))}`;
  return Deno.listenTls({ hostname, port: 0, ...certificate });
}

/** @throws if certificate and key are malformed or do not belong together */
export function checkCertificate(certificate: Certificate): void {
  // Of all that a runtime has for TLS, a listener alone looks at once.
  listenTls(certificate).close();
}

/**
 * Says with which file it is that certificate and key cannot be used, and why.
 *
 * @param error of {@linkcode checkCertificate}
 */
export function whyUnusable(
  { cert, key }: Certificate,
  paths: CertificatePaths,
  error: unknown,
): string {
  if (!cert.includes("-----BEGIN CERTIFICATE-----")) {
    return `unable to use ${paths.cert}: no certificate in PEM is in it`;
  }
  const kinds = key.matchAll(/^-----BEGIN ((?:\w+ )*)PRIVATE KEY-----/gm);
  const [kind] = [...kinds].map(([, name]) => name.trim());
  if (kind === undefined) {
    return `unable to use ${paths.key}: no private key in PEM is in it`;
  }
  if (kind === "ENCRYPTED" || /^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    return `unable to use ${paths.key}: the private key wants a passphrase, ` +
      "for which nobody is here; openssl pkey takes it off";
  }
  const why = reason(error);
  return `unable to use ${paths.cert}: ` +
    (why.includes("keymismatch")
      ? `the private key in ${paths.key} is another certificate's`
      : why);
}
