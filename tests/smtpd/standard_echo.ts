/**
 * A program for standard_stream_test.ts: says again what it hears on
 * descriptors 0 and 1, `(end)` at the end, and on descriptor 2, as JSON, what
 * it was told.
 *
 *     standard_echo.ts READ_BYTES [pauses|closes]
 *
 * @module
 */
import { StandardStream } from "../../lib/smtpd/standard_stream.ts";

const [readBytes, how] = Deno.args;
const stream = new StandardStream();
const told: (number | "ended")[] = [];
/** What should not have been told. */
const wrong: string[] = [];
let isOpen = false, isOver = false;

function leave(): void {
  Deno.stderr.writeSync(
    new TextEncoder().encode(JSON.stringify({ told, wrong })),
  );
  Deno.exit(0);
}

stream.readBytes = Number(readBytes);
stream.open({
  received(bytes) {
    if (!isOpen) wrong.push("before open returned");
    if (stream.paused) wrong.push("while paused");
    if (stream.unsent > 0) wrong.push("while something is unsent");
    if (isOver) wrong.push("after the end");
    told.push(bytes.length);
    stream.write(bytes);
    bytes.fill(0x21); // it may be used again
    if (how === "pauses") {
      stream.paused = true;
      setTimeout(() => stream.paused = false, 20);
    }
    if (how === "closes") {
      stream.close();
      isOver = true;
      setTimeout(leave, 100);
    }
  },
  ended() {
    if (isOver) wrong.push("ended after the end");
    if (stream.unsent > 0) wrong.push("ended while something is unsent");
    told.push("ended");
    isOver = true;
    stream.write(new TextEncoder().encode("(end)"));
  },
  drained() {
    if (stream.unsent > 0) wrong.push("drained, but not");
    if (isOver && how !== "closes") leave();
  },
});
isOpen = true;
