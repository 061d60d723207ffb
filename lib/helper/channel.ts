/**
 * One end of what a process and its helper speak through.
 *
 * @module
 */
import { SocketStream } from "../sys/socket_stream.ts";
import { type Frame, FrameReader, written } from "./frames.ts";

export interface Listener {
  heard(frame: Frame): void;
  /** The other side has gone, or speaks nonsense: then with an error. */
  lost(error?: Error): void;
}

/** Bytes that are read in a turn. */
const readBytes = 65_536;

export class Channel {
  readonly #stream: SocketStream;
  #closed = false;

  /**
   * @param fd a socket, closed by {@linkcode close}
   * @param mostBytes that a frame of the other side may carry
   */
  constructor(fd: number, mostBytes: number, listener: Listener) {
    const reader = new FrameReader(mostBytes);
    const stream = this.#stream = new SocketStream(fd);
    stream.readBytes = readBytes;
    // Neither side may wait for the other to read before it reads itself.
    stream.readsAlways = true;
    stream.open({
      received: (bytes) => {
        try {
          for (const frame of reader.push(bytes)) {
            if (!this.#closed) listener.heard(frame);
          }
        } catch (error) {
          if (!this.#closed) listener.lost(error as Error);
        }
      },
      ended: () => listener.lost(),
      drained: () => {},
    });
  }

  send(frame: Frame): void {
    this.#stream.write(written(frame));
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
  }
}
