/**
 * A reply that is all that a client hears.
 *
 * @module
 */
import type { Stream } from "../base/stream.ts";

/** How long a client that is left may take to hear why. */
const farewellMs = 1000;

/**
 * Leaves when the client has taken it, or did not within the time.
 *
 * @param over is told of the end, once
 */
export function sayLast(
  stream: Stream,
  bytes: Uint8Array<ArrayBuffer>,
  over: () => void,
): void {
  const timer = setTimeout(() => {
    stream.close();
    over();
  }, farewellMs);
  const leave = () => {
    clearTimeout(timer);
    stream.linger(over);
  };
  stream.paused = true;
  stream.open({ received: () => {}, ended: leave, drained: leave });
  stream.write(bytes);
  if (stream.unsent === 0) leave();
}
