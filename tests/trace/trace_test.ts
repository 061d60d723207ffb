/**
 * Questions to logs in memory, in blocks of any size.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import type { Source } from "../../lib/trace/blocks.ts";
import type { Query } from "../../lib/trace/query.ts";
import { type Record, text } from "../../lib/trace/record.ts";
import { colours, noColours, sentence } from "../../lib/trace/story.ts";
import { type Notes, trace } from "../../lib/trace/trace.ts";

const everything: Query = {
  ...{ id: null, from: null, to: null, user: null, client: null },
  ...{ sinceMs: -Infinity, untilMs: Infinity },
};

const a = "bcdfghjkmnpq-1", b = "bcdfghjkmnpq-1x";
const first = `2026-11-25T08:00:01.000Z tls.begun session=${a} client=192.0.2.7
2026-11-25T08:00:02.000Z login.accepted session=${a} client=192.0.2.7 user=Anne
tcpserver: status: 1/40
2026-11-25T08:00:04.000Z recipient.refused session=${a} id=${a}-1 client=192.0.2.7 from=A@b.c to=no@d.e code=550 by=recipients
2026-11-25T08:00:05.000Z message.stored session=${a} id=${a}-1 client=192.0.2.7 user=Anne from=A@b.c to=d@d.e,e@d.e code=250 queued=17.R1
2026-11-25T08:00:09.000Z message.stored session=${a} id=${a}-2 client=192.0.2.7 user=Anne from=A@b.c to=f@f.g code=250 queued=17.R2
`;
const second =
  `{"time":"2026-11-25T08:00:03.000Z","event":"tls.begun","session":"${b}","client":"2001:db8::7"}
Nov 25 08:00:06 mx postern[1]: 2026-11-25T08:00:06.000Z message.refused session=${b} id=${b}-1 client=2001:db8::7 name=mail.Example from=<> to=d@d.e code=554 by=text
{"time":"2026-11-25T08:00:07.000Z","event":"message.stored","session":"${b}","id":"${b}-2","client":"2001:db8::7","from":"caf\\u00c3\\u00a9@b.c","to":["d@d.e","x,y@z"],"queued":"17.R3"}
2026-11-25T08:00:08.000Z message.abandoned session=${b} id=${b}-3 client=2001:db8::7 from=a\\xc3\\xa9@b.c to=x@y.z by=clie`;

function source(log: string, size: number): Source {
  return {
    name: "log",
    sizeBytes: null,
    async *blocks() {
      const bytes = toBytes(log), block = new Uint8Array(size);
      for (let at = 0; at < bytes.length; at += size) {
        const part = bytes.subarray(at, at + size);
        block.set(part); // the same for all, as from a file
        yield block.subarray(0, part.length);
      }
    },
  };
}

const newNotes = (): Notes => ({
  span: { first: null, last: null },
  outOfTime: 0,
  isShort: false,
});

async function found(
  query: Partial<Query>,
  logs = [first, second],
  size = 1000,
  notes = newNotes(),
): Promise<Record[]> {
  const sources = logs.map((log) => source(log, size));
  const all = trace(sources, { ...everything, ...query }, notes);
  return await Array.fromAsync(all);
}

/** The second of each record that is found. */
const seconds = async (...of: Parameters<typeof found>) =>
  (await found(...of)).map(({ time }) => Number(time.slice(17, 19))).join(" ");

Deno.test("what is asked for, with its session, in the order of time", async () => {
  const cases: [query: Partial<Query>, seconds: string][] = [
    [{}, "1 2 3 4 5 6 7 8 9"],
    [{ id: `${a}-1` }, "1 2 4 5"],
    [{ id: a }, "1 2 4 5 9"],
    [{ id: `${b}-2` }, "3 7"],
    [{ id: "17.R2" }, "9"],
    [{ from: "a@B.c" }, "1 2 4 5 9"],
    [{ from: "<>" }, "3 6"],
    [{ from: "" }, "3 6"],
    [{ from: "caf\xc3\xa9@b.c" }, "3 7"],
    [{ from: "@b.c" }, "1 2 3 4 5 7 8 9"],
    [{ to: "D@d.e" }, "1 2 3 4 5 6 7"],
    [{ to: "no@d.e" }, "1 2 4 5"],
    [{ to: "x,y@z" }, "3 7"],
    [{ to: "@f.g" }, "1 2 9"],
    [{ from: "a@b.c", to: "f@f.g" }, "1 2 9"],
    [{ user: "anne" }, "1 2 4 5 9"],
    [{ client: "192.0.2.7" }, "1 2 4 5 9"],
    [{ client: "192.0.2.0/24" }, "1 2 4 5 9"],
    [{ client: "2001:DB8:0::7" }, "3 6 7 8"],
    [{ client: "mail.example" }, "6"],
    [{ client: "192.0.2.70" }, ""],
    [{ sinceMs: Date.parse("2026-11-25T08:00:07Z") }, "7 8 9"],
    [{ untilMs: Date.parse("2026-11-25T08:00:02Z") }, "1 2"],
    [{ id: "no-such" }, ""],
  ];
  for (const [query, wanted] of cases) {
    for (const size of [1, 7, 100, 5000]) {
      const name = `${JSON.stringify(query)} by ${size}`;
      assertEquals(await seconds(query, undefined, size), wanted, name);
    }
  }
});

Deno.test("the order of the logs is not that of the story", async () => {
  assertEquals(await seconds({}, [second, first]), "1 2 3 4 5 6 7 8 9");
  assertEquals(await seconds({}, [first, first]), "1 1 2 2 4 4 5 5 9 9");
  assertEquals(await seconds({}, ["", first, ""]), "1 2 4 5 9");
});

Deno.test("it is told what was looked at, and what another time hides", async () => {
  const notes = newNotes();
  const sinceMs = Date.parse("2027-01-01T00:00:00Z");
  assertEquals(
    await seconds({ from: "a@b.c", sinceMs }, [first], 9, notes),
    "",
  );
  assertEquals(notes, {
    span: {
      first: "2026-11-25T08:00:01.000Z",
      last: "2026-11-25T08:00:09.000Z",
    },
    outOfTime: 3,
    isShort: false,
  });
});

Deno.test("lines that splogger has cut are put together", async () => {
  const whole = `2026-11-25T08:00:01.000Z message.stored session=${a} ` +
    `id=${a}-1 to=x@y.z target=maildir:/${"m".repeat(2000)}/end reply="ok"`;
  const head = "Nov 25 08:00:01 mx splogger: 1764057601.000123";
  const [one, two, three] = whole.match(/.{1,799}/g)!;
  const log = [
    `${head} ${one}`,
    "Nov 25 08:00:01 mx other: between",
    `${head}+${two}`,
    `${head}+${three}`,
    "Nov 25 08:00:01 mx splogger: 1764057601.000124 x",
  ].join("\n");
  const [record] = await found({ to: "x@y.z" }, [log], 5000);
  assertEquals(text(record, "reply"), "ok");
  assertEquals(record.line, whole);
});

Deno.test("a line without end costs no memory, and those after it are found", async () => {
  const long = "x".repeat(5 << 20);
  assertEquals(
    await seconds({ id: `${a}-2` }, [`${long}\n${first}`], 1 << 16),
    "1 2 9",
  );
});

Deno.test("a sentence has no byte that a terminal would obey", async () => {
  const log = `2026-11-25T08:00:01.000Z message.stored session=${a} ` +
    `id=${a}-1 from=\\x1b[31m\\x0a@b to=d@e rcpts=12 size=9 target=discard ` +
    'queued=1 wait_ms=3 reply="2.0.0 ok"\n';
  const [record] = await found({ id: a }, [log]);
  assertEquals(
    sentence(record, noColours),
    `2026-11-25T08:00:01.000Z ${a}-1 stored: from \\x1b[31m\\x0a@b to d@e ` +
      "and 11 more (9 bytes); in discard as 1 [ms: wait 3]",
  );
  const coloured = sentence(record, colours);
  assert(coloured.includes("\x1b[32mstored:\x1b[0m"), coloured);
  // deno-lint-ignore no-control-regex
  assert(!/\x1b(?!\[\d+m)|\n/.test(coloured), coloured);
});
