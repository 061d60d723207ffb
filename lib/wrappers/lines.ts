/**
 * What recordio writes of bytes that go by.
 *
 * @module
 */

/** recordio reads so much at once, and a line of its log has no more. */
const pieceBytes = 256;
const lineFeed = 10;

/** From the client, or to it. */
export type Direction = "<" | ">";

/** A line of what was recorded. */
export interface RecordedLine {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Behind the bytes: a line has ended, or goes on; or all has. */
  readonly end: " " | "+" | "[EOF]";
}

/** Bytes that came together, as lines. They are not copied. */
export function* recordedLines(
  bytes: Uint8Array<ArrayBuffer>,
): Generator<RecordedLine> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes);
    for (let from = 0; from < piece.length;) {
      const to = piece.indexOf(lineFeed, from);
      if (to < 0) {
        yield { bytes: piece.subarray(from), end: "+" };
        break;
      }
      yield { bytes: piece.subarray(from, to), end: " " };
      from = to + 1;
    }
  }
}

/** That nothing more comes. */
export const recordedEnd: RecordedLine = {
  bytes: new Uint8Array(new ArrayBuffer(0)),
  end: "[EOF]",
};
