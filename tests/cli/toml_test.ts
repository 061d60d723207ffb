/**
 * Options as keys of a TOML table.
 *
 * @module
 */
import fc from "fast-check";
import { parse, stringify } from "smol-toml";
import { assertEquals, assertThrows } from "@std/assert";
import {
  either,
  flag,
  oneOf,
  spellingsOf,
  value,
} from "../../lib/cli/option.ts";
import { number, text } from "../../lib/cli/readers.ts";
import { scan, UsageError } from "../../lib/cli/scan.ts";
import { keysOf } from "../../lib/cli/toml.ts";
import { valuesOf } from "../../lib/cli/values.ts";

const table = {
  limit: value({
    long: "limit",
    short: "c",
    value: "n",
    help: "",
    read: number(1),
    initial: 40,
  }),
  rules: value({
    long: "rules",
    value: "cdb",
    help: "",
    read: text,
    initial: null,
  }),
  proxies: value({
    long: "proxies",
    value: "list",
    isList: true,
    help: "",
    read: text,
    initial: null,
  }),
  names: either(true, { long: "names", help: "" }, {
    long: "no-names",
    help: "",
  }),
  isolate: flag({ long: "isolate", help: "" }),
  loud: oneOf<"no" | "yes">("no", [
    [{ long: "quiet", help: "" }, "no"],
    [{ long: "verbose", short: "v", help: "" }, "yes"],
  ], { scope: "process" }),
  check: flag({ long: "check", scope: "commandLine", help: "" }),
};

const place = { mayBeProcess: true };

const read = (toml: string, where = place) =>
  valuesOf(table, keysOf(parse(toml), table, where));

const initial = {
  ...{ limit: 40, rules: null, proxies: null, names: true, isolate: false },
  ...{ loud: "no" as const, check: false },
};

Deno.test("keys are long options, and false is the opposite or nothing", () => {
  const cases: [string, Partial<ReturnType<typeof read>>][] = [
    ["", {}],
    ["limit = 5", { limit: 5 }],
    ['limit = "5"', { limit: 5 }],
    ['rules = "/a,b"', { rules: "/a,b" }],
    ["rules = 5", { rules: "5" }],
    ['proxies = ["a", "b"]', { proxies: "a,b" }],
    ['proxies = "a,b"', { proxies: "a,b" }],
    ["names = false", { names: false }],
    ["no-names = true", { names: false }],
    ["no-names = false", { names: true }],
    ["names = false\nno-names = false", { names: true }],
    ["isolate = true", { isolate: true }],
    ["isolate = false", {}],
    ["verbose = true\nquiet = false", { loud: "yes" }],
    ["verbose = true\nquiet = true", { loud: "no" }],
  ];
  for (const [toml, changed] of cases) {
    assertEquals(read(toml), { ...initial, ...changed }, toml);
  }
});

Deno.test("what is wrong is told with its key", () => {
  const cases: [string, string][] = [
    ['limit = "foo"', '--limit wants a number above 0, not "foo"'],
    ["limit = 0", '--limit wants a number above 0, not "0"'],
    ["limit = -3", '--limit wants a number above 0, not "-3"'],
    ["limit = 1.5", '--limit wants a number above 0, not "1.5"'],
    ["limit = nan", '--limit wants a number above 0, not "NaN"'],
    ["limit = true", "limit wants a value, not true"],
    ["limit = {}", "limit is neither a text nor a number"],
    ["limit = [5]", "limit is neither a text nor a number"],
    ["limit = 1979-05-27", "limit is neither a text nor a number"],
    ["proxies = [5]", "proxies is neither a text nor a list of texts"],
    ["proxies = {}", "proxies is neither a text nor a list of texts"],
    ["isolate = 1", "isolate is neither true nor false"],
    ['isolate = "true"', "isolate is neither true nor false"],
    ["limt = 5", "unknown option '--limt' (did you mean --limit?)"],
    ["help = true", "help cannot be in a file"],
    ["check = true", "check cannot be in a file"],
    ["check = false", "check cannot be in a file"],
    ["v = true", "v: options have their long names, this one verbose"],
    ["z = true", "z: options have their long names"],
    ["__proto__ = 5", "unknown option '--__proto__'"],
    ["constructor = 5", "unknown option '--constructor'"],
  ];
  for (const [toml, message] of cases) {
    const error = assertThrows(() => read(toml), UsageError);
    assertEquals(error.message, message, toml);
  }
});

Deno.test("what is the process's is not a block's, and a note is kept", () => {
  const ofBlock = (toml: string, note?: string) =>
    assertThrows(
      () => read(toml, { ...{ mayBeProcess: false }, ...(note && { note }) }),
      UsageError,
    ).message;
  assertEquals(
    ofBlock("verbose = true"),
    "verbose is for the whole process: put it on top",
  );
  assertEquals(
    ofBlock("limit = 0", " (above)"),
    '--limit wants a number above 0, not "0" (above)',
  );
  assertEquals(
    ofBlock("limit = true", " (above)"),
    "limit wants a value, not true (above)",
  );
});

Deno.test("a file says what a command line says", () => {
  const option = fc.oneof(
    fc.record({
      key: fc.constantFrom("limit"),
      value: fc.integer({ min: 1, max: 1e9 }),
    }),
    fc.record({
      key: fc.constantFrom("rules", "proxies"),
      value: fc.string({ unit: "grapheme-ascii", minLength: 1 }),
    }),
    fc.record({
      key: fc.constantFrom("names", "no-names", "isolate", "verbose", "quiet"),
      value: fc.constant(true as const),
    }),
  );
  const options = fc.uniqueArray(option, { selector: ({ key }) => key });
  fc.assert(fc.property(options, (all) => {
    const toml = stringify(
      Object.fromEntries(all.map(({ key, value }) => [key, value])),
    );
    const args = all.map(({ key, value }) =>
      value === true ? `--${key}` : `--${key}=${value}`
    );
    const { given } = scan(spellingsOf([table]), args);
    assertEquals(read(toml), valuesOf(table, given));
  }));
});
