/**
 * What a process and its helper say to each other: frames of a length, a kind,
 * the question's number, a call's number, and bytes.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";

export interface Frame {
  readonly kind: number;
  /** Which question it is about; 0 for none. */
  readonly question: number;
  /** Which call of the helper's it is, or answers; 0 for none. */
  readonly call: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** To the helper: a question; */
export const ASK = 1;
/** what it has called for; */
export const REPLY = 2;
/** that it has to end with what it has. */
export const HURRY = 3;
/** From the helper: it wants something before it can go on; */
export const CALL = 4;
/** the answer; */
export const ANSWER = 5;
/** it cannot answer, and why; */
export const FAIL = 6;
/** it is done with what it was sent last. */
export const IDLE = 7;

const lengthBytes = 4;
const headBytes = 9;

/** A frame in writing. */
export function written(
  { kind, question, call, bytes }: Frame,
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(lengthBytes + headBytes + bytes.length);
  const view = new DataView(all.buffer);
  view.setUint32(0, headBytes + bytes.length);
  view.setUint8(4, kind);
  view.setUint32(5, question);
  view.setUint32(9, call);
  all.set(bytes, lengthBytes + headBytes);
  return all;
}

/** That the other side does not speak as it should. */
export class Nonsense extends Error {
  override readonly name = "Nonsense";
}

/** Makes frames of bytes as they come, and keeps at most one of them. */
export class FrameReader {
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #held = 0;
  #wanted = lengthBytes;

  /** @param mostBytes that a frame may carry */
  constructor(readonly mostBytes: number) {}

  /**
   * Takes the next bytes, of which it keeps a copy; returns the frames that
   * are whole by now.
   *
   * @throws Nonsense if a frame cannot be one
   */
  push(bytes: Uint8Array<ArrayBuffer>): Frame[] {
    this.#pieces.push(bytes.slice());
    this.#held += bytes.length;
    const frames: Frame[] = [];
    while (this.#held >= this.#wanted) {
      const all = concat(this.#pieces);
      const view = new DataView(all.buffer);
      const length = view.getUint32(0);
      if (length < headBytes || length > headBytes + this.mostBytes) {
        throw new Nonsense(`a frame of ${length} bytes`);
      }
      const end = lengthBytes + length;
      this.#wanted = end;
      if (all.length >= end) {
        frames.push({
          kind: view.getUint8(4),
          question: view.getUint32(5),
          call: view.getUint32(9),
          bytes: all.slice(lengthBytes + headBytes, end),
        });
        this.#wanted = lengthBytes;
      }
      const rest = all.length >= end ? all.slice(end) : all;
      this.#pieces = [rest];
      this.#held = rest.length;
    }
    return frames;
  }
}
