/**
 * A client cannot make the session hold much, whatever it sends.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Session } from "../../lib/smtp/session.ts";
import { run, testConfig } from "./run.ts";

const start =
  "HELO h\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n";

for (const classic of [false, true]) {
  const name = classic ? "classic" : "default";
  const config = { ...testConfig, classic };

  Deno.test(`${name}: a line of 10 MB ends the session at its limit`, () => {
    const piece = "x".repeat(1000);
    let read = 0;
    function* endless(): Generator<string> {
      for (; read < 10e6; read += piece.length) yield piece;
    }
    const { replies, exitCode } = run(config, endless());
    assertEquals(exitCode, 1);
    assertEquals(replies.match(/^\d+/gm), ["220", classic ? "421" : "500"]);
    assertEquals(read <= 66000, true, `${read} bytes were read`);
  });

  Deno.test(`${name}: text is handed on while it comes`, () => {
    const session = new Session({
      ...config,
      limits: { textLineBytes: Infinity },
    });
    session.start();
    session.ingest(new TextEncoder().encode(start));
    session.opened({ type: "opened" });
    const piece = new Uint8Array(1000).fill(0x78);
    let received = 0;
    let handedOn = 0;
    for (let i = 0; i < 1000; i++) {
      received += piece.length;
      for (const action of session.ingest(piece)) {
        if (action.type === "append") handedOn += action.bytes.length;
      }
      assertEquals(received - handedOn < 5096, true, `of ${received} bytes`);
    }
  });

  Deno.test(`${name}: text in single bytes is handed on in pieces`, () => {
    const session = new Session({
      ...config,
      limits: { textLineBytes: Infinity },
    });
    session.start();
    session.ingest(new TextEncoder().encode(start));
    session.opened({ type: "opened" });
    let pieces = 0;
    const byte = new Uint8Array([0x78]);
    for (let i = 0; i < 100_000; i++) pieces += session.ingest(byte).length;
    assertEquals(pieces, 24);
  });
}

Deno.test("a target's words stay one line of at most 512 octets", () => {
  const text = "a\r\n250 ok\0\x1b\u2028" + "b".repeat(1000);
  for (const classic of [false, true]) {
    const refusal = {
      type: "never",
      code: 554,
      enhanced: "5.3.0",
      text,
    } as const;
    const config = { ...testConfig, classic };
    const stored = { type: "stored", id: text } as const;
    for (const committed of [refusal, stored]) {
      const { replies } = run(config, [start + ".\r\n"], { committed });
      const [reply, rest] = replies.split("354 go ahead\r\n")[1].split("\r\n");
      assertEquals(rest, "");
      assertEquals(reply.length, 510);
      assertEquals(/^[ -~]+$/.test(reply), true, reply);
    }
  }
});

Deno.test("the driver's word is taken once, and only when it is waited for", () => {
  const session = new Session(testConfig);
  session.start();
  assertEquals(session.opened({ type: "opened" }), []);
  assertEquals(session.committed({ type: "stored", id: "1" }), []);
  assertEquals(session.waiting, "input");
  session.ingest(new TextEncoder().encode(start));
  assertEquals(session.waiting, "opened");
  assertEquals(session.committed({ type: "stored", id: "1" }), []);
  assertEquals(session.end(), [{ type: "close", exitCode: 1 }]);
  assertEquals(session.waiting, "closed");
  assertEquals(session.opened({ type: "opened" }), []);
  assertEquals(session.end(), []);
  assertEquals(session.timeout(), []);
});
