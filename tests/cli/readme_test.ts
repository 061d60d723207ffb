/**
 * README.md and the guides tell of the commands and options that there are,
 * README.ja.md of nothing else.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { commands } from "../../cmd/commands.ts";
import { syntax } from "../../cmd/serve_options.ts";
import { spellingsIn } from "../../lib/cli/command_line.ts";
import { durations } from "../../scripts/test/tiers.ts";

const read = (path: string) =>
  Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
const readme = read("README.md");
const inJapanese = read("README.ja.md");
const guide = read("guides/from-tcpserver.md");

Deno.test("README's table of commands is that of cmd/commands.ts", () => {
  const rows = [...readme.matchAll(
    /^\| `postern ([\w-]+)` +\| (.*?) *\| (.*?) *\|$/gm,
  )].map(([, ...cells]) => cells);
  assertEquals(
    rows,
    commands.map(({ name, classicNames, summary }) => [
      name,
      classicNames.join(", "),
      summary,
    ]),
  );
});

Deno.test("the guide's table of tcpserver's options has each letter, and no other name", () => {
  const start = guide.indexOf("| option ");
  const table = guide.slice(start, guide.indexOf("\n\n", start));
  const cells = [...table.matchAll(/^\| (`-.*?) +\|/gm)].map(([, cell]) =>
    cell
  );
  const named = cells.join(" ").match(/-[\w-]+/g) ?? [];
  const spellings = spellingsIn(syntax);
  const letters = spellings.flatMap(({ short }) => short ? [`-${short}`] : []);
  assertEquals(
    named.filter((name) => !name.startsWith("--")).sort(),
    letters.sort(),
  );
  const longs = spellings.map(({ long }) => `--${long}`);
  for (const name of named.filter((each) => each.startsWith("--"))) {
    assert(longs.includes(name), name);
  }
});

/** What is to be typed: the lines of blocks that are set in. */
const typed = (text: string) =>
  text.split("\n").filter((line) => /^ {4}\S/.test(line))
    .map((line) => line.replace(/\s+#.*$/, "").trim());

Deno.test("README.ja.md has README.md's lines, and all of its commands", () => {
  const known = new Set(typed(readme));
  const lines = typed(inJapanese).filter((line) => line !== "");
  assertEquals(lines.filter((line) => !known.has(line)), []);
  for (
    const line of [
      "scripts/deno task start",
      "scripts/deno task test",
      "dist/postern install",
      "tcpserver -v -p -u UID -g GID -x /etc/tcp.smtp.cdb 0 smtp " +
      "/var/qmail/bin/qmail-smtpd 2>&1 | splogger smtpd 3 &",
    ]
  ) assert(lines.includes(line), line);
  const rows = [
    ...inJapanese.matchAll(/^\| `postern ([\w-]+)` +\| (.*?) *\|/gm),
  ]
    .map(([, ...cells]) => cells);
  assertEquals(
    rows,
    commands.map(({ name, classicNames }) => [name, classicNames.join(", ")]),
  );
});

Deno.test("README says how long the tests take, and is short", () => {
  const line = (start: string) =>
    readme.split("\n").find((each) => each.trim().startsWith(start));
  for (
    const [command, duration] of [
      ["scripts/deno task test ", durations.e2e],
      ["scripts/deno task test:unit", durations.unit],
      ["scripts/deno task test:soak", durations.soak],
    ]
  ) assert(line(command)?.includes(duration), command);
  assert(readme.split("\n").length < 150);
});
