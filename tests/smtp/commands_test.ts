import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/bytes.ts";
import {
  CommandLines,
  mailParameters,
  parseCommand,
} from "../../lib/smtp/commands.ts";

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

Deno.test("mailParameters() reads SIZE and BODY, and knows no others", () => {
  const taken = (sizeBytes: number) => ({ type: "taken" as const, sizeBytes });
  const malformed = { type: "malformed" as const };
  const unknown = { type: "unknown" as const };
  const cases: Record<string, ReturnType<typeof mailParameters>> = {
    "": taken(0),
    "SIZE=1000": taken(1000),
    "size=5 body=8bitmime": taken(5),
    "BODY=7BIT   SIZE=00": taken(0),
    "SIZE=": malformed,
    "SIZE": malformed,
    "SIZE=-1": malformed,
    "SIZE=1e3": malformed,
    "SIZE=999999999999999999999": malformed,
    "BODY=": malformed,
    "BODY=BINARYMIME": malformed,
    "SMTPUTF8": unknown,
    "SIZE=1 RET=FULL": unknown,
    "=1": unknown,
  };
  for (const [text, result] of Object.entries(cases)) {
    assertEquals(mailParameters(text), result, text);
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
