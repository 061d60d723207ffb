/**
 * Lines of a mail log behind whatever others put in front of them, and lines
 * that only look like it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { recordOf, text, values } from "../../lib/trace/record.ts";

const line = "2026-11-25T08:12:19.204Z message.stored conn=1 id=k3v9-1-2 " +
  'from=a\\x20b@c to=d@e,f\\x2cg@h reply="2.0.0 ok"';
const json = '{"time":"2026-11-25T08:12:19.204Z","event":"message.stored",' +
  '"conn":1,"id":"k3v9-1-2","from":"a b@c","to":["d@e","f,g@h"],' +
  '"reply":"2.0.0 ok"}';

const prefixes = [
  "",
  "Nov 25 08:12:19 mx1 postern[123]: ",
  "Nov  5 08:12:19 mx1.example.org splogger: 1764058339.204001 ",
  "2026-11-25T08:12:19.204123+01:00 mx1 postern[123]: ",
  "2026-11-25T08:12:19.204Z mx1.example postern[123]: ",
  "2026-11-25T08:12:19+0100 mx1 tcpserver[9]: ",
  "@400000006925a5b30c28ce4c ",
  "2026-11-25_08:12:19.20412 ",
  "<22>Nov 25 08:12:19 postern[123]: ",
  "<22>1 2026-11-25T08:12:19.204Z mx1 postern 123 - - ",
  "mx-1  | ",
  "postern[12]: ",
];

Deno.test("a line is read behind any prefix that it is known to have", () => {
  for (const own of [line, json]) {
    for (const prefix of prefixes) {
      const record = recordOf(prefix + own);
      assertEquals(record?.line, own, prefix);
      assertEquals([record!.time, record!.verb], [
        "2026-11-25T08:12:19.204Z",
        "message.stored",
      ]);
      assertEquals(text(record!, "from"), "a b@c");
      assertEquals(values(record!, "to"), ["d@e", "f,g@h"]);
      assertEquals(text(record!, "reply"), "2.0.0 ok");
    }
  }
});

Deno.test("what a stranger has said to somebody else is none", () => {
  const others = [
    "Nov 25 08:12:19 mx1 sshd[12]: Invalid user " + line,
    "Nov 25 08:12:19 mx1 postfix/smtpd[12]: warning: x " + line,
    "tcpserver: ok 1 :::1:25 " + line,
    `GET /${line}`,
    line.replace("message.stored", "message.invented"),
    line.replace("Z", ""),
    json.replace("message.stored", "pid"),
    json.slice(0, -1),
    '{"time":1,"event":"message.stored"}',
    '{"time":"yesterday","event":"message.stored"}',
  ];
  for (const other of others) assertEquals(recordOf(other), null, other);
});

Deno.test("any line is read in no time, or not at all", () => {
  const part = fc.constantFrom(...prefixes, line, json, " ", ": ", "a ", "-");
  fc.assert(fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
    recordOf(parts.join("")); // a pattern that backtracks would not end
  }));
  recordOf("a ".repeat(50_000) + line);
});
