import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import { CommandLines, parseCommand } from "../../lib/mail/command_lines.ts";
import { chunkOf, mailParameters } from "../../lib/smtp/commands.ts";

Deno.test("parseCommand() ends the verb at the first blank", () => {
  const cases: Record<string, [string, string]> = {
    "": ["", ""],
    "quit": ["QUIT", ""],
    "Mail from:<a> b ": ["MAIL", "from:<a> b "],
    "NOOP   x": ["NOOP", "x"],
    "NOOP  ": ["NOOP", ""],
    " NOOP": ["", "NOOP"],
    "NOOP\tx": ["NOOP\tX", ""],
  };
  for (const [line, [verb, argument]] of Object.entries(cases)) {
    assertEquals(parseCommand(line), { verb, argument }, line);
  }
});

Deno.test("mailParameters() reads what is offered, and knows no others", () => {
  const taken = (sizeBytes: number, binary = false, utf8 = false) => ({
    type: "taken" as const,
    parameters: { sizeBytes, binary, utf8 },
  });
  const malformed = { type: "malformed" as const };
  const unknown = { type: "unknown" as const };
  type Result = ReturnType<typeof mailParameters>;
  /** Without any offer, and with all of them. */
  const cases: Record<string, [Result, Result]> = {
    "": [taken(0), taken(0)],
    "SIZE=1000": [taken(1000), taken(1000)],
    "size=5 body=8bitmime": [taken(5), taken(5)],
    "BODY=7BIT   SIZE=00": [taken(0), taken(0)],
    "SIZE=": [malformed, malformed],
    "SIZE": [malformed, malformed],
    "SIZE=-1": [malformed, malformed],
    "SIZE=1e3": [malformed, malformed],
    "SIZE=999999999999999999999": [malformed, malformed],
    "BODY=": [malformed, malformed],
    "BODY=BINARYMIME": [malformed, taken(0, true)],
    "SMTPUTF8": [unknown, taken(0, false, true)],
    "SMTPUTF8=1": [unknown, unknown],
    "AUTH=<>": [unknown, taken(0)],
    "AUTH=a+2Bb@c": [unknown, taken(0)],
    "AUTH=": [unknown, malformed],
    "SIZE=1 RET=FULL": [unknown, unknown],
    "=1": [unknown, unknown],
  };
  const offers = (all: boolean) => ({
    startTls: all,
    auth: all,
    binaryMime: all,
    smtpUtf8: all,
  });
  for (const [text, [without, withAll]] of Object.entries(cases)) {
    assertEquals(mailParameters(text, offers(false)), without, text);
    assertEquals(mailParameters(text, offers(true)), withAll, text);
  }
});

Deno.test("chunkOf() reads a size and LAST", () => {
  const cases: Record<string, ReturnType<typeof chunkOf>> = {
    "0": { sizeBytes: 0, last: false },
    "6 LAST": { sizeBytes: 6, last: true },
    "6  last": { sizeBytes: 6, last: true },
    "": null,
    "LAST": null,
    "-1": null,
    "6 LASTS": null,
    "6LAST": null,
    "1000000000000000": null,
  };
  for (const [text, chunk] of Object.entries(cases)) {
    assertEquals(chunkOf(text), chunk, text);
  }
});

Deno.test("CommandLines cuts lines at LF and says how each ended", () => {
  const lines = new CommandLines(10);
  const input = toBytes("ab\r\ncd\n\r\r\n\nef");
  const seen = [];
  let at = 0;
  while (at < input.length) {
    const read = lines.read(input, at);
    at = read.at;
    seen.push(read.line);
  }
  assertEquals(seen, [
    { type: "line", text: "ab", ending: "crlf" },
    { type: "line", text: "cd", ending: "lf" },
    { type: "line", text: "\r", ending: "crlf" },
    { type: "line", text: "", ending: "lf" },
    null,
  ]);
  assertEquals(lines.read(toBytes("gh\r\n"), 0).line, {
    type: "line",
    text: "efgh",
    ending: "crlf",
  });
});

Deno.test("CommandLines keeps no more than its limit", () => {
  const fits = toBytes("12345678\r\n");
  assertEquals(new CommandLines(10).read(fits, 0).line?.type, "line");
  const over = toBytes("123456789\r\n");
  assertEquals(new CommandLines(10).read(over, 0).line?.type, "tooLong");
  const lines = new CommandLines(10);
  let read = 0;
  while (lines.read(toBytes("x"), 0).line === null) read++;
  assertEquals(read, 10);
});

Deno.test("CommandLines keeps no more than the bytes of a line that has begun", () => {
  const clients = 50, bytes = 60_000;
  const held = () => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  const letter = toBytes("x");
  const all = Array.from({ length: clients }, () => new CommandLines(65_536));
  for (let i = 0; i < bytes; i++) {
    for (const lines of all) lines.read(letter, 0);
  }
  // A text that is joined of so many takes 32 bytes each.
  const most = 8 * clients * bytes;
  assertEquals(held() - before < most, true, `${held() - before} bytes`);
  const { line } = all[0].read(toBytes("\r\n"), 0);
  assertEquals(line, {
    type: "line",
    text: "x".repeat(bytes),
    ending: "crlf",
  });
});
