import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { concat, toBytes } from "../../lib/base/bytes.ts";
import {
  agreementIn,
  macros,
  packet,
  Replies,
  type Reply,
  strings,
} from "../../lib/filter/milter_codec.ts";
import { packetOf, u32 } from "../support/milter.ts";

const byteString = fc.uint8Array({ maxLength: 300 })
  .map((bytes) => String.fromCharCode(...bytes));

const reply = fc.tuple(fc.integer({ min: 0, max: 255 }), byteString)
  .map(([n, data]): Reply => ({ letter: String.fromCharCode(n), data }));

Deno.test("Replies has each reply, however its bytes come", () =>
  fc.assert(fc.property(
    fc.array(reply, { maxLength: 8 }),
    fc.integer({ min: 1, max: 50 }),
    (all, pieceBytes) => {
      const bytes = concat(
        all.map(({ letter, data }) => packetOf([letter, data])),
      );
      const replies = new Replies();
      const found: Reply[] = [];
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        found.push(...replies.push(bytes.slice(at, at + pieceBytes)));
      }
      assertEquals(found, all);
    },
  )));

Deno.test("Replies throws at lengths that nobody means, and at nothing else", () =>
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
    const replies = new Replies();
    try {
      for (const { letter } of replies.push(Uint8Array.from(bytes))) {
        assertEquals(letter.length, 1);
      }
    } catch (error) {
      assertEquals(
        (error as Error).message,
        "it does not speak the milter protocol",
      );
    }
  })));

Deno.test("Replies holds no more than a packet, whatever is claimed", () => {
  for (const length of [0, 0x100001, 0x7fffffff, 0x80000000, 0xffffffff]) {
    assertThrows(() => new Replies().push(toBytes(u32(length))), Error);
  }
  const most = new Replies();
  assertEquals(most.push(toBytes(u32(0x100000) + "b")), []);
});

Deno.test("packet(), strings() and macros() write what the protocol has", () => {
  assertEquals(
    packet("M", strings("<a>", "b\0c")),
    packetOf(["M", "<a>\0bc\0"]),
  );
  assertEquals(
    macros("M", { i: "1", j: null, k: "" }),
    packetOf(["D", "Mi\x001\0"]),
  );
});

Deno.test("agreementIn() takes versions 2 to 6, and what was offered", () => {
  const agreed = (version: number, actions = 0, steps = 0) =>
    agreementIn({
      letter: "O",
      data: u32(version) + u32(actions) + u32(steps) + "more",
    });
  for (const version of [2, 3, 4, 6]) {
    assertEquals(agreed(version).version, version);
  }
  assertEquals(agreed(6, 0x1ff, 0x1ff7ff).steps, 0x1ff7ff);
  for (
    const bad of [
      () => agreed(1),
      () => agreed(7),
      () => agreed(6, 0x200),
      () => agreed(6, 0, 0x800),
      () => agreed(6, 0, 0x80000000),
      () => agreementIn({ letter: "O", data: u32(6) }),
      () => agreementIn({ letter: "c", data: "" }),
    ]
  ) {
    assertThrows(bad, Error);
  }
});
