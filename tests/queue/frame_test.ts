import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { framed, type Queued, unframed } from "../../lib/queue/frame.ts";

const facts: Queued = {
  id: "k3v9-1-1",
  sender: "",
  recipients: ["a@b.example", "\xc3\xa4 x@c.example"],
  binary: false,
  acceptedAt: 1_795_000_000_000,
  client: { ip: "::1", host: null, helo: "h", user: null, protocol: "ESMTP" },
  attempts: 2,
  due: 5,
  troubles: { "a@b.example": { code: 451, enhanced: "4.3.0", text: "no" } },
};

const byteString = fc.string({
  unit: fc.integer({ min: 32, max: 255 }).filter((each) => each !== 127)
    .map((each) => String.fromCharCode(each)),
});

Deno.test("unframed() gives what framed() was given", () =>
  fc.assert(fc.property(
    byteString,
    fc.array(byteString, { minLength: 1 }),
    fc.uint8Array(),
    (sender, recipients, text) => {
      const message = { ...facts, sender, recipients };
      const read = unframed(framed(message, new Uint8Array(text)));
      assertEquals(read.facts, message);
      assertEquals(read.text, text);
    },
  )));

Deno.test("unframed() takes nothing else for a message", () => {
  const whole = framed(facts, toBytes("text"));
  for (let end = 0; end < whole.length - 4; end++) {
    assertThrows(() => unframed(whole.slice(0, end)));
  }
  const changed = (with_: object) => {
    const written = JSON.stringify({ ...facts, ...with_ });
    const json = new TextEncoder().encode(written);
    const length = String.fromCharCode(
      0,
      0,
      json.length >> 8,
      json.length & 255,
    );
    return toBytes(`PQ1\n${length}${fromBytes(json)}text`);
  };
  assertEquals(unframed(changed({})).facts, facts);
  for (
    const wrong of [
      { recipients: [] },
      { recipients: ["a\nb"] },
      { recipients: "a" },
      { sender: "x\r\nDATA" },
      { sender: "\u20ac" },
      { id: null },
      { attempts: -1 },
      { due: 1.5 },
      { due: 9e15 },
      { acceptedAt: 253402300800000 },
      { client: null },
      { troubles: { a: {} } },
    ]
  ) {
    assertThrows(() => unframed(changed(wrong)), Error, "its ");
  }
});
