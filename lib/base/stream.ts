/**
 * A connection's bytes, as a protocol needs them: plain or encrypted, from the
 * network or from descriptors 0 and 1.
 *
 * Bytes are pushed: a promise for each read would cost more than all that a
 * protocol does with them, and a buffer for each waiting session its memory.
 *
 * @module
 */

/** Who is told what happens to a stream. Nothing is told after `close`. */
export interface Receiver {
  /** Bytes have come. They are there until this returns: keep a copy. */
  received(bytes: Uint8Array<ArrayBuffer>): void;
  /** Nothing more will come: the peer has ended its side, or has gone. */
  ended(): void;
  /** All that was written is on its way, and it had to wait before. */
  drained(): void;
}

/** What was agreed on in a TLS handshake. */
export interface TlsFacts {
  /** As in `TLSv1.3`; null where it could not be seen. */
  readonly version: string | null;
  /** IANA's name of the cipher suite; null where it could not be seen. */
  readonly cipher: string | null;
  readonly handshakeMs: number;
}

/** How a stream that looks at bytes steps aside for those of a handshake. */
export interface Around {
  /** What is to be encrypted. */
  readonly beneath: Stream;
  /** The same look at what comes of that. */
  again(secured: Stream): Stream;
}

export interface Stream {
  /** Of one that is encrypted. */
  readonly tls?: TlsFacts;
  /** Of one that looks at the bytes of another. */
  readonly around?: Around;
  /**
   * Begins to read.
   *
   * @param receiver is told from now on, never before this returns
   */
  open(receiver: Receiver): void;
  /**
   * How many bytes are wanted at once, at most. A small number keeps what one
   * peer can ask for in a turn of the event loop small.
   */
  readBytes: number;
  /** While true nothing is received. What the peer sends stays with it. */
  paused: boolean;
  /**
   * Takes all bytes; what the peer does not take now is kept and sent later,
   * and nothing is received until then. The caller may use the bytes again.
   */
  write(bytes: Uint8Array<ArrayBuffer>): void;
  /** Bytes that were written and are not on their way yet. */
  readonly unsent: number;
  /**
   * Ends our direction, throws away what the peer still sends, and closes when
   * that has ended or gone on for long: what was written last is heard also by
   * a peer that listens only after it has sent. Nothing is unsent.
   *
   * @param over is told of the end, maybe before this returns
   */
  linger(over: () => void): void;
  /** Ends both directions at once; unsent bytes are lost. May be repeated. */
  close(): void;
}
