/**
 * --help in any width.
 *
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { columns, helpText, helpWidth, wrap } from "../../lib/cli/help.ts";
import { either, flag, sections, value } from "../../lib/cli/option.ts";
import { number } from "../../lib/cli/readers.ts";

const { groups } = sections({
  title: "Who may connect",
  options: {
    limit: value({
      long: "limit",
      short: "c",
      value: "n",
      help: "connections at once",
      read: number(),
      initial: 40,
    }),
    format: value({
      long: "log-format",
      value: "format",
      words: ["text", "json"],
      help: "how it is written",
      read: (text: string) => text,
      initial: "text",
    }),
    names: either(true, {
      long: "remote-name",
      short: "h",
      help: "look up the client's host name",
    }, { long: "no-remote-name", short: "H", help: "do not" }),
    isolate: flag({ long: "isolate", help: "execute it like any program" }),
  },
});

const description = {
  synopsis: ["[--format text] FILE", "FILE"],
  description: ["Does this.", "And that."],
  groups,
  notes: ["Exit codes: 0."],
};

Deno.test("usages, descriptions, groups with defaults, notes", () => {
  assertEquals(
    helpText("postern x", description, 80),
    `usage: postern x [--format text] FILE
       postern x FILE

Does this.

And that.

Who may connect:
  -c, --limit <n>           connections at once (default 40)
  --log-format <text|json>  how it is written (default text)
  -h, --remote-name         look up the client's host name (default)
  -H, --no-remote-name      do not
  --isolate                 execute it like any program

  --help  print this help

Exit codes: 0.`,
  );
});

Deno.test("a narrow terminal has texts below their terms", () => {
  assertEquals(
    helpText("postern x", { ...description, notes: [] }, 30),
    `usage: postern x
           [--format text]
           FILE
       postern x FILE

Does this.

And that.

Who may connect:
  -c, --limit <n>
      connections at once
      (default 40)
  --log-format <text|json>
      how it is written
      (default text)
  -h, --remote-name
      look up the client's
      host name (default)
  -H, --no-remote-name
      do not
  --isolate
      execute it like any
      program

  --help
      print this help`,
  );
});

Deno.test("no line is wider than it may be, and no word is lost", () => {
  const word = fc.string({ unit: fc.constantFrom(..."ab-"), maxLength: 12 });
  const words = fc.array(word, { maxLength: 30 });
  const width = fc.integer({ min: 20, max: 100 });
  fc.assert(fc.property(words, width, (all, width) => {
    const text = wrap(all.join(" "), width, "    ");
    assertEquals(
      text.split(/\s+/).filter(Boolean),
      all.filter(Boolean),
    );
    for (const line of text.split("\n")) assert(line.length <= width, line);
  }));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, words)), width, (rows, width) => {
      const text = columns(rows.map(([a, b]) => [a, b.join(" ")]), width);
      for (const line of text.split("\n")) assert(line.length <= width, line);
    }),
  );
});

Deno.test("COLUMNS counts, between a least and 80", () => {
  const before = Deno.env.get("COLUMNS");
  try {
    for (
      const [columns, width] of [
        ["40", 40],
        ["200", 80],
        ["5", 30],
      ] as const
    ) {
      Deno.env.set("COLUMNS", columns);
      assertEquals(helpWidth(), width, columns);
    }
  } finally {
    if (before === undefined) Deno.env.delete("COLUMNS");
    else Deno.env.set("COLUMNS", before);
  }
});
