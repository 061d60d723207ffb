/**
 * What a TLS server does, by whatever means it does it.
 *
 * @module
 */
import type { Stream } from "../base/stream.ts";

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
