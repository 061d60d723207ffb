/**
 * The tables of all commands: what everybody who reads them relies on.
 *
 * @module
 */
import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { commands } from "../../cmd/commands.ts";
import { optionsFrom } from "../../cmd/serve_options.ts";
import { requestOf } from "../../cmd/smtpd/syntax.ts";
import { parseOptions } from "../../cmd/smtpd_options.ts";
import { isFatal } from "../../lib/base/fatal.ts";
import { spellingsIn, type Syntax } from "../../lib/cli/command_line.ts";
import { helpText } from "../../lib/cli/help.ts";
import { type Spelling, ValueError } from "../../lib/cli/option.ts";
import { UsageError } from "../../lib/cli/scan.ts";
import { unasked } from "../../lib/smtpd/options.ts";

const syntaxes: [name: string, syntax: Syntax][] = [];
for (const { name, load } of commands) {
  syntaxes.push([name, await (await load()).describe()]);
}

/** Those of a command, without such as it passes on. */
const own = ({ groups }: Syntax): Spelling[] => spellingsIn({ groups });

Deno.test("every command has a row of its own, and a module that fits", () => {
  const names = commands.flatMap(({ name, classicNames }) => [
    name,
    ...classicNames.filter((each) => each !== name),
  ]);
  assertEquals(new Set(names).size, names.length, names.join(" "));
  assert(!names.includes("help"));
});

Deno.test("no name is of two options, and each is one that a file may have", () => {
  for (const [command, syntax] of syntaxes) {
    const all = spellingsIn(syntax);
    for (
      const names of [
        all.map(({ long }) => long),
        all.map(({ short }) => short),
      ]
    ) {
      const given = names.filter((name) => name !== undefined);
      assertEquals(new Set(given).size, given.length, `${command}: ${given}`);
    }
    for (const { long, short = "x" } of all) {
      assert(/^[a-z][a-z0-9-]+$/.test(long), long);
      assert(/^[A-Za-z0-9]$/.test(short), short);
      assert(long !== "help", command);
    }
  }
});

Deno.test("helps are phrases, and fit 80 columns and 40", () => {
  for (const [command, syntax] of syntaxes) {
    for (const { help, long } of own(syntax)) {
      assert(/[^.]$/.test(help), `${command} --${long}: ${help}`);
    }
    for (const width of [80, 40]) {
      const text = helpText(`postern ${command}`, syntax, width);
      for (const line of text.split("\n")) {
        // A word that is longer, such as a list of names, cannot be cut.
        const isWord = !/\S\s+\S/.test(line.replace(/<.*>/, ""));
        assert(line.length <= width || isWord, `${command}: ${line}`);
      }
    }
  }
});

Deno.test("a reader refuses what it cannot use in words, whatever it is", () => {
  const words = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom("", "0", "-1", "1e9", "99999999999999999999", "a,b", "[::"),
  );
  for (const [command, syntax] of syntaxes) {
    for (const { long, value, read } of own(syntax)) {
      if (value === undefined) continue;
      fc.assert(
        fc.property(words, fc.boolean(), (text, classic) => {
          try {
            read(text, classic);
          } catch (error) {
            const isMeant = error instanceof ValueError ||
              error instanceof UsageError || isFatal(error);
            assert(isMeant, `${command} --${long}=${text}: ${error}`);
          }
        }),
        { numRuns: 50 },
      );
    }
  }
});

Deno.test("smtpd without options is what its table says of nothing", async () => {
  const { control, hashPassword, ...values } = requestOf([], "postern smtpd")!;
  assertEquals([control, hashPassword], [null, false]);
  assertEquals(values, unasked);
  const { queueProgram: _, ...whole } = (await parseOptions([], "x"))!;
  assertEquals(
    Object.keys(whole).sort(),
    [
      ...Object.keys(unasked),
      ...["control", "hashPassword"],
    ].sort(),
  );
});

Deno.test("qmail-smtpd looks at no argument", async () => {
  const nothing = await parseOptions([], "qmail-smtpd");
  assertEquals(nothing?.classic, true);
  for (
    const args of [["--nonsense"], ["--help"], ["--hash-password"], ["-h"]]
  ) {
    assertEquals(await parseOptions(args, "qmail-smtpd"), nothing);
  }
});

Deno.test("serve's defaults are tcpserver's", () => {
  const request = { given: [], host: "0", port: "25", program: ["cat"] };
  const { limit, infoTimeoutSeconds, remoteHost, remoteInfo, paranoid } =
    optionsFrom(request);
  assertEquals([limit, infoTimeoutSeconds], [40, 26]);
  assertEquals([remoteHost, remoteInfo, paranoid], [true, true, false]);
});
