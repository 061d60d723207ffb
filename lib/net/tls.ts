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
import type { Stream } from "../base/stream.ts";
import { type Certificate, checkCertificate } from "./certificate.ts";

export interface TlsServer {
  /**
   * Shakes hands with the client on a stream, which belongs to the stream that
   * comes of it, and is closed if nothing does. What came before is the
   * caller's: to lose nothing of the handshake, the stream has to be paused
   * or this be called as soon as the client was told to begin.
   *
   * @throws Error that says why it failed, in words for a log; also when it
   *   takes longer than `seconds`
   */
  secure(stream: Stream, seconds: number): Promise<Stream>;
}

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
