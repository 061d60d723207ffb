/**
 * From words to options and operands, as getopt has it.
 *
 * @module
 */
import fc from "fast-check";
import { assertEquals, assertThrows } from "@std/assert";
import type { Spelling } from "../../lib/cli/option.ts";
import { type Habits, scan, UsageError } from "../../lib/cli/scan.ts";

const spelling = (long: string, short?: string, value?: string): Spelling => ({
  long,
  ...(short && { short }),
  ...(value && { value }),
  help: "",
  read: () => null,
});

const table = [
  spelling("verbose", "v"),
  spelling("no-info", "R"),
  spelling("rules", "x", "cdb"),
  spelling("limit", "c", "n"),
  spelling("tls-cert", undefined, "file"),
  spelling("isolate"),
];

/** Each option as `-x` or `--long`, and its text. */
function said(args: string[], habits?: Habits) {
  const { given, operands } = scan(table, args, habits);
  return [given.map(({ name, text }) => `${name} ${text}`.trim()), operands];
}

Deno.test("letters bundle, values attach, the first operand ends it", () => {
  const cases: [string[], string[], string[]][] = [
    [["-vRxa", "b"], ["-v", "-R", "-x a"], ["b"]],
    [["-vx", "a", "-R", "0", "-v"], ["-v", "-x a", "-R"], ["0", "-v"]],
    [["-x", "-v", "0"], ["-x -v"], ["0"]],
    [["-x", "", "0"], ["-x"], ["0"]],
    [["-v", "--", "-R"], ["-v"], ["-R"]],
    [["-", "-v"], [], ["-", "-v"]],
    [["--limit", "5", "--limit=6"], ["--limit 5", "--limit 6"], []],
    [["--limit=", "x"], ["--limit"], ["x"]],
    [["--tls-cert=a=b", "--isolate"], ["--tls-cert a=b", "--isolate"], []],
    [["--limit", "--isolate"], ["--limit --isolate"], []],
    [[], [], []],
  ];
  for (const [args, given, operands] of cases) {
    assertEquals(said(args), [given, operands], args.join(" "));
  }
});

Deno.test("habits: options behind operands, and words with one dash", () => {
  assertEquals(said(["a", "-v", "b", "--", "-x"], { permutes: true }), [
    ["-v"],
    ["a", "b", "-x"],
  ]);
  assertEquals(said(["--isolate", "-v", "--limit"], { longOnly: true }), [
    ["--isolate"],
    ["-v", "--limit"],
  ]);
});

Deno.test("what is wrong is named, in getopt's words too", () => {
  const cases: [string[], string, string | null][] = [
    [["-Z"], "unknown option '-Z'", "illegal option -- Z"],
    [["-vZR", "0"], "unknown option '-Z'", "illegal option -- Z"],
    [["-?"], "unknown option '-?'", "illegal option -- ?"],
    [["-vh"], "unknown option '-h'", "illegal option -- h"],
    [["-c"], "-c wants a value", "option requires an argument -- c"],
    [["-vRx"], "-x wants a value", "option requires an argument -- x"],
    [["--limit"], "--limit wants a value", null],
    [["--isolate=1"], "--isolate takes no value", null],
    [["--limt=5"], "unknown option '--limt' (did you mean --limit?)", null],
    [["--nothing"], "unknown option '--nothing'", null],
    [["--="], "unknown option '--'", null],
  ];
  for (const [args, message, getopt] of cases) {
    const error = assertThrows(() => scan(table, args), UsageError);
    assertEquals(error.message, message);
    assertEquals((error as UsageError).getopt, getopt);
  }
});

Deno.test("help is asked for, whatever comes behind it", () => {
  assertEquals(scan(table, ["-v", "--help", "--nothing"]).wantsHelp, true);
  assertEquals(scan(table, ["-h"]).wantsHelp, true);
  assertEquals(scan(table, ["0", "--help"]).wantsHelp, false);
  const remoteName = spelling("remote-name", "h");
  assertEquals(scan([...table, remoteName], ["-h"]).wantsHelp, false);
});

Deno.test("the words of an option are known", () => {
  const { given } = scan(table, ["-vc", "5", "--limit", "6", "--isolate", "x"]);
  assertEquals(given.map(({ words }) => words), [
    ...[[0, 1], [0, 2], [2, 4], [4, 5]] as const,
  ]);
});

/** POSIX getopt, a letter at a time; null for an error. */
function getopt(args: string[], letters: string): [string[], string[]] | null {
  const found: string[] = [];
  let index = 0, at = 0;
  for (;;) {
    if (at === 0) {
      if (index >= args.length || args[index] === "-") break;
      if (args[index][0] !== "-") break;
      if (args[index] === "--") {
        index++;
        break;
      }
      at = 1;
    }
    const letter = args[index][at++];
    const known = letters.indexOf(letter);
    const isLast = at === args[index].length;
    if (letter === ":" || known < 0) return null;
    if (letters[known + 1] !== ":") {
      found.push(`-${letter}`);
      if (!isLast) continue;
    } else if (!isLast) found.push(`-${letter} ${args[index].slice(at)}`);
    else if (index + 1 < args.length) found.push(`-${letter} ${args[++index]}`);
    else return null;
    index++;
    at = 0;
  }
  return [found, args.slice(index)];
}

Deno.test("any command line of letters is read as getopt reads it", () => {
  const letters = "vRx:c:";
  const word = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."vRxcZ-0 "), maxLength: 5 })
      .map((text) => `-${text}`),
    fc.constantFrom("0", "-", "--", "", "smtp"),
    fc.string({ maxLength: 3 }),
  ).filter((text) => !/^--./.test(text)); // long ones are another matter
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (args) => {
      let ours: ReturnType<typeof said> | null = null;
      try {
        const { given, operands } = scan(table, args);
        ours = [
          given.map(({ name, text, long }) =>
            ["rules", "limit"].includes(long) ? `${name} ${text}` : name
          ),
          [...operands],
        ];
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
      }
      assertEquals(ours, getopt(args, letters));
    }),
    { numRuns: 2000 },
  );
});
