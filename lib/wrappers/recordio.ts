/**
 * recordio: tells all that goes by, line by line.
 *
 * @module
 */
import type { Lens } from "./layer.ts";
import {
  type Direction,
  recordedEnd,
  type RecordedLine,
  recordedLines,
} from "./lines.ts";

/**
 * Tells of bytes before anybody else has them. What is encrypted is not for
 * others to read, passwords least of all: from there on nothing is told.
 */
export function recorder(
  tell: (direction: Direction, line: RecordedLine) => void,
): Lens {
  const tellAll = (direction: Direction, bytes: Uint8Array<ArrayBuffer>) => {
    for (const line of recordedLines(bytes)) tell(direction, line);
    return bytes;
  };
  return {
    received: (bytes) => tellAll("<", bytes),
    written: (bytes) => tellAll(">", bytes),
    ended: () => tell("<", recordedEnd),
    closed: () => tell(">", recordedEnd),
    again: () => null,
  };
}
