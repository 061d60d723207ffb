/**
 * The server's side of TLS on a connection that is there already (STARTTLS,
 * or after a PROXY header).
 *
 * Newer runtimes have that: node:tls on a stream of ours. Older ones have TLS
 * for listeners and clients only; with them the bytes go through a TLS
 * connection to ourselves.
 *
 * @module
 */
import { type Certificate, checkCertificate } from "./certificate.ts";
import type { TlsServer } from "./tls_server.ts";

/** Found out with the first certificate: the runtime stays the same. */
let nodeServes: Promise<boolean> | undefined;

/**
 * A server in the best way that this runtime has.
 *
 * @throws if certificate and key are malformed or do not belong together
 */
export async function tlsServer(certificate: Certificate): Promise<TlsServer> {
  checkCertificate(certificate);
  nodeServes ??= import("./tls_probe.ts")
    .then(({ hasNodeTls }) => hasNodeTls(certificate));
  if (await nodeServes) {
    const { NodeTls } = await import("./tls_node.ts");
    return new NodeTls(certificate);
  }
  const { LoopbackTls } = await import("./tls_loopback.ts");
  return new LoopbackTls(certificate);
}
