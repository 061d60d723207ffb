/**
 * README.md tells of the commands and options that there are.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { commands } from "../../cmd/commands.ts";
import { syntax } from "../../cmd/serve_options.ts";
import { spellingsIn } from "../../lib/cli/command_line.ts";

const readme = Deno.readTextFileSync(
  new URL("../../README.md", import.meta.url),
);

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

Deno.test("README's table of tcpserver's options has each letter, and no other name", () => {
  const start = readme.indexOf("| option ");
  const table = readme.slice(start, readme.indexOf("\n\n", start));
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
