import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { HopCounter } from "../../lib/smtp/hops.ts";

function count(text: string, pieceBytes: number): number {
  const hops = new HopCounter();
  const bytes = toBytes(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    hops.scan(bytes, at, Math.min(at + pieceBytes, bytes.length));
  }
  return hops.count;
}

Deno.test("HopCounter counts lines of the header, however they are cut", () => {
  const cases: Record<string, number> = {
    "": 0,
    "Received: x\r\n": 1,
    "RECEIVED": 1,
    "receive": 0,
    "rEcEiVeDx\r\nDelivered-To: y\r\ndelivered\r\n": 3,
    "x\r\nReceived\r\n received\r\n\treceived\r\n": 1,
    "xreceived\r\nReXceived\r\nrdelivered\r\n": 0,
    ".Received: x\r\n": 0,
    "Received\r\n\r\nReceived\r\n": 1,
    "x\nReceived: y\n": 1, // a line of one letter ends no header
    "x\ny\nReceived\nReceived\n": 2,
    "\r\nReceived\r\n": 0,
    "\r\r\nReceived\r\n": 1,
    "\rx\r\nReceived\r\n": 1,
    "a\r\n-\r\nReceived\r\n": 1,
    "\rReceived\r\n": 0,
    "Received: x\n\nReceived: y\n": 1,
    "Receive\xc4": 0, // D with another bit
    "\x12eceived": 0,
  };
  for (const [text, hops] of Object.entries(cases)) {
    for (const size of [1, 2, 3, 5, 8, 9, 100]) {
      assertEquals(count(text, size), hops, JSON.stringify([text, size]));
    }
  }
});
