/**
 * A certificate and its private key, as TLS servers take them.
 *
 * @module
 */

export interface Certificate {
  /** PEM: the certificate, then those that vouch for it. */
  readonly cert: string;
  /** PEM: its private key. */
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
