/** A gate's facts as lines: what fits, and nothing that a terminal obeys. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { coloured, plain, screen } from "../../lib/metrics/terminal.ts";
import { periodMs } from "../../lib/metrics/facts.ts";
import { factsFor, now } from "./facts.ts";

const endless = { rows: Infinity, columns: Infinity };

const session = (number: number, more = {}) => ({
  ...{ number, ip: "192.0.2.1", host: null, helo: null },
  ...{ since: now - 5000, doing: "says nothing", ...more },
});

Deno.test("a session says who, since when, its name and what it does", () => {
  const lines = screen(
    factsFor({ sessions: [session(1, { helo: "mx.example" })] }),
    endless,
    plain,
  );
  assertEquals(
    lines.find((line) => line.startsWith("192.0.2.1")),
    `${"192.0.2.1".padEnd(24)} ${"5 s".padEnd(8)} ` +
      `${"mx.example".padEnd(24)} says nothing`,
  );
});

Deno.test("who is asked has a line: how often, and how long that took", () => {
  const rspamd = { name: "rspamd", asked: 4, minded: 1 };
  const asked = [{ ...rspamd, totalMs: 10, longestMs: 7.25 }];
  const lines = screen(factsFor({ asked }), endless, plain);
  const at = lines.indexOf("who is asked");
  assertEquals(
    lines[at + 1],
    `${"rspamd".padEnd(48)} asked 4, minded 1, 2.5 ms, at most 7.3 ms`,
  );
  assert(!screen(factsFor({}), endless, plain).includes("who is asked"));
});

Deno.test("no word of anybody moves the cursor", () => {
  const evil = "\x1b[2J\x9b1m\r\n\u202ex\x07";
  const text = screen(
    factsFor({
      sessions: [session(1, { ip: evil, host: evil, doing: evil })],
      refusals: [{ time: now, ip: evil, what: evil, why: evil }],
      levels: [{ what: evil, now: 1, most: 2 }],
      asked: [{ name: evil, asked: 1, minded: 0, totalMs: 1, longestMs: 1 }],
    }),
    endless,
    plain,
  ).join("\n");
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(text), text);
});

Deno.test("lines are no longer than the terminal, and no more", () => {
  const sessions = Array.from({ length: 100 }, (_, i) => session(i));
  const facts = factsFor({ sessions, active: 300 });
  const lines = screen(facts, { rows: 24, columns: 40 }, coloured);
  assert(lines.length <= 24, `${lines.length}`);
  for (const line of lines) {
    // deno-lint-ignore no-control-regex
    const shown = line.replace(/\x1b\[\d+m/g, "");
    assert([...shown].length <= 40, shown);
  }
  const more = lines.findLast((line) => /and \d+ more/.test(line));
  const rows = lines.filter((line) => line.startsWith("192.0.2.1")).length;
  assert(more?.includes(`and ${300 - rows} more`), more);
});

Deno.test("a letter of two units is not cut in two", () => {
  const helo = new TextDecoder("latin1").decode(
    new TextEncoder().encode("\u{1f4ec}".repeat(30)),
  );
  const text = screen(
    factsFor({ sessions: [session(1, { helo })] }),
    endless,
    plain,
  )
    .join("\n");
  assert(text.isWellFormed());
});

Deno.test("what is near its limit is red, and only with colours", () => {
  const facts = factsFor({ active: 32, limit: 40, sessions: [] });
  const [, counts] = screen(facts, endless, coloured);
  assertEquals(counts, "\x1b[31mconnections 32 of 40\x1b[0m");
  assertEquals(screen(facts, endless, plain)[1], "connections 32 of 40");
});

Deno.test("bars stand where things happened, the newest last", () => {
  const index = Math.floor(now / periodMs);
  const counts = { connections: 4, stored: 0, refused: 1, sessions: 1 };
  const lines = screen(
    factsFor({
      periods: [{ index: index - 1, ...counts, connections: 2 }, {
        index,
        ...counts,
      }],
    }),
    endless,
    plain,
  );
  const line = lines.find((each) => each.startsWith("connections  "))!;
  assertMatch(line, /^connections +6 /);
  assert(line.endsWith("▄█"), line);
});
