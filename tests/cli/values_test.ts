/**
 * From what was said to values, by the readers of a table.
 *
 * @module
 */
import { assertEquals, assertThrows } from "@std/assert";
import {
  defaultOf,
  either,
  flag,
  oneOf,
  spellingsOf,
  value,
} from "../../lib/cli/option.ts";
import {
  classicNumber,
  leadingDigits,
  number,
  path,
  word,
} from "../../lib/cli/readers.ts";
import { scan, UsageError } from "../../lib/cli/scan.ts";
import { valuesOf } from "../../lib/cli/values.ts";

const both = { long: "both", short: "U", help: "", read: () => -1 };
const id = (long: string, short: string) => ({
  initial: 0,
  scope: "process" as const,
  spellings: [
    { long, short, value: "id", help: "", read: number() },
    both,
  ],
});

const table = {
  limit: value({
    long: "limit",
    short: "c",
    value: "n",
    help: "",
    read: classicNumber(number(1)),
    initial: 40,
  }),
  file: value({
    long: "file",
    value: "file",
    help: "",
    read: path,
    initial: null,
  }),
  names: either(true, { long: "names", short: "h", help: "" }, {
    long: "no-names",
    short: "H",
    help: "",
  }),
  isolate: flag({ long: "isolate", help: "" }),
  loud: oneOf<"no" | "yes">("no", [
    [{ long: "quiet", short: "q", help: "" }, "no"],
    [{ long: "verbose", short: "v", help: "" }, "yes"],
  ]),
  uid: id("uid", "u"),
  gid: id("gid", "g"),
};

const read = (args: string[], classic = false) =>
  valuesOf(table, scan(spellingsOf([table]), args).given, classic);

const initial = {
  ...{
    limit: 40,
    file: null,
    names: true,
    isolate: false,
    loud: "no" as const,
  },
  ...{ uid: 0, gid: 0 },
};

Deno.test("the last one counts, and what is not said is as it was", () => {
  const cases: [string[], Partial<ReturnType<typeof read>>][] = [
    [[], {}],
    [["-c5", "--limit", "6"], { limit: 6 }],
    [["-c", "nonsense", "-c6"], { limit: 6 }],
    [["-H"], { names: false }],
    [["-Hh"], { names: true }],
    [["-vq"], { loud: "no" }],
    [["-qv", "--isolate"], { loud: "yes", isolate: true }],
    [["--file", "/x"], { file: "/x" }],
    // One spelling of two options.
    [["-U"], { uid: -1, gid: -1 }],
    [["-U", "-u5"], { uid: 5, gid: -1 }],
    [["-u5", "-g6", "-U"], { uid: -1, gid: -1 }],
  ];
  for (const [args, changed] of cases) {
    assertEquals(read(args), { ...initial, ...changed }, args.join(" "));
  }
});

Deno.test("a value that is none is named as it was said", () => {
  const cases: [string[], string][] = [
    [["-c", "foo"], '-c wants a number above 0, not "foo"'],
    [["-c0"], '-c wants a number above 0, not "0"'],
    [["--limit=-3"], '--limit wants a number above 0, not "-3"'],
    [["--limit=5 "], '--limit wants a number above 0, not "5 "'],
    [["--file="], '--file wants a path, not ""'],
    [["-u", "a\nb"], '-u wants a number, not "a\\nb"'],
  ];
  for (const [args, message] of cases) {
    const error = assertThrows(() => read(args), UsageError);
    assertEquals(error.message, message);
  }
});

Deno.test("under a classic name any text is a number", () => {
  const limits = ["foo", "0", "-3", "7x", "", "12"].map((text) =>
    read(["-c", text], true).limit
  );
  assertEquals(limits, [0, 0, 0, 7, 0, 12]);
  assertEquals(leadingDigits("12 34"), 12);
});

Deno.test("readers", () => {
  const wants = (act: () => unknown) => assertThrows(act, Error).message;
  assertEquals(number(2, 9)("9", false), 9);
  assertEquals(
    wants(() => number(2, 9)("1", false)),
    "a number from 2 on is wanted",
  );
  assertEquals(
    wants(() => number(2, 9)("10", false)),
    "a number up to 9 is wanted",
  );
  assertEquals(wants(() => number()("1e3", false)), "a number is wanted");
  assertEquals(wants(() => number()("٣", false)), "a number is wanted");
  assertEquals(word(["a", "b"])("b", false), "b");
  assertEquals(wants(() => word(["a", "b"])("c", false)), "a or b is wanted");
});

Deno.test("defaults that are told", () => {
  assertEquals(defaultOf(table.limit), "40");
  assertEquals(defaultOf(table.file), null);
  assertEquals(defaultOf({ ...table.file, usual: "none" }), "none");
  assertEquals(defaultOf(table.isolate), null);
});
