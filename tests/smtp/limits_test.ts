/**
 * A client cannot make the session hold much, whatever it sends.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { classicLimits, defaultLimits } from "../../lib/smtp/limits.ts";
import { Recipients } from "../../lib/smtp/recipients.ts";
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

Deno.test("recipients are kept without the lines that they stood in", () => {
  const recipients = new Recipients({ ...defaultLimits, recipients: 5000 });
  const before = Deno.memoryUsage().heapUsed;
  for (let i = 0; i < 5000; i++) {
    const line = `RCPT TO:<recipient${i}@example.com>${" ".repeat(4000)}`;
    recipients.add(line.slice(9, line.indexOf(">")));
  }
  const held = Deno.memoryUsage().heapUsed - before;
  assertEquals(recipients.addresses[4999], "recipient4999@example.com");
  assertEquals(held < 10_000_000, true, `${held} bytes`);
});

Deno.test("no message has recipients of more than 3 MB", () => {
  const address = "x".repeat(876);
  for (const limits of [defaultLimits, classicLimits]) {
    const all = new Recipients({ ...limits, recipients: 10_000 });
    while (!all.isFullFor(address)) all.add(address);
    assertEquals(all.count, 3333);
    assertEquals(all.isFullFor("x".repeat(76)), false, "a short one has room");
  }
});

Deno.test("however long a name is, no text goes on with our trace", () => {
  const text = " for <forged@example.com>;\r\nSubject: x\r\n\r\nx\r\n";
  const ways = [
    `DATA\r\n${text}.\r\n`,
    `BDAT ${text.length} LAST\r\n${text}`,
    `BDAT 0\r\nBDAT 1\r\n${text[0]}BDAT ${text.length - 1} LAST\r\n` +
    text.slice(1),
  ];
  const config = { ...testConfig, limits: { commandLineBytes: 20_000 } };
  for (const bytes of [1, 63, 200, 254, 255]) {
    for (const way of ways) {
      const name = "n".repeat(bytes);
      const before = start.replace("HELO h\r\n", `EHLO ${name}\r\n`)
        .replace("DATA\r\n", "");
      for (const input of [[before + way], [before, ...way]]) {
        const { stored: [{ message }] } = run(config, input);
        const [head] = message.split("\n\n", 1), lines = head.split("\n");
        assertEquals(lines.length, 2, head);
        assertEquals(/^ {2}by \S+ with ESMTP/.test(lines[1]), true, head);
        assertEquals(lines.every((line) => line.length < 998), true, head);
      }
    }
  }
});

for (
  const [perSecond, isHeard] of [[100, true], [199, true], [
    300,
    false,
  ]] as const
) {
  Deno.test(`who says ${perSecond} NOOPs a second is ${isHeard ? "" : "not "}heard for a minute`, () => {
    let now = Date.UTC(2026, 0, 1);
    function* endless(): Generator<string> {
      for (let i = 0; i < 60 * perSecond; i++) {
        now += 1000 / perSecond;
        yield "NOOP\r\n";
      }
    }
    const config = { ...testConfig, now: () => new Date(now) };
    const { replies } = run(config, endless());
    assertEquals(!/^421 /m.test(replies), isHeard);
  });
}

Deno.test("whom there is no room for is no guess, and makes nobody wait", () => {
  const waits = (code: 452 | 550) => {
    const session = new Session({
      ...testConfig,
      asks: true,
      limits: { refusedRecipients: 2 },
    });
    session.start();
    session.ingest(toBytes("HELO h\r\nMAIL FROM:<a@b.example>\r\n"));
    let pauses = 0;
    for (let i = 0; i < 10; i++) {
      session.ingest(toBytes(`RCPT TO:<x${i}@example.com>\r\n`));
      const actions = session.answered({
        ...(code === 452
          ? { type: "later", code, enhanced: "4.5.3" }
          : { type: "never", code, enhanced: "5.1.1" }),
        text: "no",
      });
      pauses += actions.filter(({ type }) => type === "pause").length;
    }
    return pauses;
  };
  assertEquals([waits(452), waits(550)], [0, 8]);
});
