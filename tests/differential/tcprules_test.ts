/**
 * postern's rules against the C programs: the same bytes from the same text or
 * both refuse, and the same answer about the same client.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { CdbReader } from "../../lib/cdb/reader.ts";
import { compileInMemory } from "../../lib/rules/compile.ts";
import { RuleError } from "../../lib/rules/grammar.ts";
import { decide, verdict } from "../../lib/rules/lookup.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { corners } from "./rule_texts.ts";

const tcprules = peer("tcprules")!;
const tcprulescheck = peer("tcprulescheck")!;

/** The cdb as a byte string, or the exit code of a refusal. */
async function theirs(folder: string, text: string): Promise<string | number> {
  const { code } = await output(tcprules, ["cdb", "tmp"], {
    cwd: folder,
    stdin: toBytes(text),
  });
  if (code !== 0) return code;
  return fromBytes(await Deno.readFile(`${folder}/cdb`));
}

function ours(text: string): string | number {
  try {
    return fromBytes(compileInMemory(toBytes(text)));
  } catch (error) {
    if (error instanceof RuleError) return 100;
    throw error;
  }
}

/** Without printing both databases. */
function assertSame(
  text: string,
  actual: string | number,
  expected: string | number,
): void {
  const shown = (made: string | number) =>
    typeof made === "number"
      ? `refused (${made})`
      : `${made.length}: ${JSON.stringify(made.slice(2048, 2248))}`;
  const [own, other] = [actual, expected].map(shown);
  const from = JSON.stringify(text.slice(0, 500));
  assert(actual === expected, `${from}: ours ${own}, theirs ${other}`);
}

Deno.test(
  needing({ peers: ["tcprules"] }, "corners of the grammar"),
  () =>
    inFolder(async (folder) => {
      assert(corners.length >= 300, `only ${corners.length} texts`);
      let refused = 0;
      for (const text of corners) {
        const expected = await theirs(folder, text);
        assertSame(text, ours(text), expected);
        if (typeof expected === "number") refused++;
      }
      // Both kinds are there, and in numbers.
      assert(refused > 50 && corners.length - refused > 150, `${refused}`);
    }),
);

Deno.test(
  needing(
    { peers: ["tcprules"] },
    "the executable under the name tcprules does the same",
  ),
  () =>
    inFolder(async (folder) => {
      await Deno.symlink(postern, `${folder}/tcprules`);
      const own = await Deno.makeTempDir({ dir: folder });
      for (let i = 0; i < corners.length; i += 7) {
        const text = corners[i];
        const expected = await theirs(folder, text);
        await Deno.writeTextFile(`${own}/cdb`, "the old one");
        const { code, stderr } = await output(
          `${folder}/tcprules`,
          ["cdb", "tmp"],
          { cwd: own, stdin: toBytes(text) },
        );
        const made = fromBytes(await Deno.readFile(`${own}/cdb`));
        if (typeof expected === "number") {
          assertEquals(code, expected);
          assertSame(text, made, "the old one");
          assert(stderr.includes("unable to parse this line: "), stderr);
          assert(/stdin: line \d+, column \d+: expected /.test(stderr), stderr);
        } else assertSame(text, code || made, expected);
      }
    }),
);

const piece = fc.constantFrom(
  ...["1", "2", "7", "10", "255", "256", "300", "0", "007", ".", ".", ".", "-"],
  ...["=", "@", "host", "example", " ", "\t", "#", "a", "\0", "\r", "\xe9"],
  ...["4294967297", "18446744073709551616", "18446744073709551623"],
);
const address = fc.oneof(
  fc.array(piece, { maxLength: 8 }).map((all) => all.join("")),
  fc.tuple(fc.nat(20), fc.nat(20)).map(([a, b]) => `10.0.${a}.${b}`),
  fc.tuple(fc.nat(20), fc.nat(300)).map(([a, b]) => `10.${a}-${b}.`),
);
const variable = fc.tuple(
  fc.constantFrom("A", "RELAYCLIENT", "", " B", "é", "+", "A:"),
  fc.constantFrom("=", "=", "=", "=", "==", ""),
  fc.constantFrom('"', "'", "/", "x", " ", ""),
  fc.constantFrom("", "v", "a,b", "allow", "=", "\0", "\xff", ":"),
).chain(([name, equals, quote, value]) =>
  fc.constantFrom(quote, quote, quote, quote, "", '"').map((closing) =>
    name + equals + quote + value + closing
  )
);
const line = fc.oneof(
  { weight: 6, arbitrary: ruleOf(fc.constantFrom("allow", "deny")) },
  {
    weight: 1,
    arbitrary: ruleOf(
      fc.constantFrom("Allow", "allowed", "den", "", " allow", "deny ", "x"),
    ),
  },
  { weight: 1, arbitrary: address },
  fc.constantFrom("", "#x:allow", "  ", "\t", " #:deny", ":"),
);

function ruleOf(instruction: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(
    address,
    instruction,
    fc.array(variable, { maxLength: 3 }),
    fc.constantFrom("", "", "", " ", "\t ", ",", "\r"),
  ).map(([a, i, vars, tail]) =>
    `${a}:${i}${vars.map((each) => "," + each).join("")}${tail}`
  );
}

const text = fc.tuple(
  fc.array(line, { maxLength: 12 }),
  fc.constantFrom("", "\n", "\n\n"),
).map(([lines, tail]) => lines.join("\n") + tail);

Deno.test(
  needing({ peers: ["tcprules"] }, "any text"),
  () =>
    inFolder((folder) =>
      fc.assert(
        fc.asyncProperty(text, async (each) => {
          assertSame(each, ours(each), await theirs(folder, each));
        }),
        { numRuns: runs(10_000, 1_000) },
      )
    ),
);

const label = fc.constantFrom("a", "b", "mx", "example", "org");
const host = fc.oneof(
  fc.constantFrom(null, null, ""),
  fc.array(label, { minLength: 1, maxLength: 4 }).map((all) => all.join(".")),
);
const octet = fc.constantFrom("1", "2", "10");
const ip = fc.tuple(octet, octet, octet, octet).map((all) => all.join("."));
const info = fc.constantFrom(null, null, "", "joe", "a@b");
const key = fc.oneof(
  fc.tuple(ip, fc.nat(4)).map(([full, parts]) =>
    full.split(".").slice(0, parts).map((part) => part + ".").join("")
  ),
  ip,
  fc.tuple(fc.constantFrom("", "."), host).map((all) => "=" + all.join("")),
  fc.tuple(info, ip).map((all) => all.join("@")),
  fc.tuple(info, host).map((all) => all.join("@=")),
);
const lookupRule = fc.tuple(
  key,
  fc.constantFrom(
    ...["allow", "deny", 'allow,A="1",B="2"', 'deny,A="1"', 'allow,="v"'],
    ...['allow,D="x"', "allow,A=''", 'allow,A="1",A="2"', 'allow,A="x=y"'],
  ),
).map((all) => all.join(":"));

Deno.test(
  needing(
    { peers: ["tcprules", "tcprulescheck"] },
    "any client under any rules",
  ),
  () =>
    inFolder((folder) =>
      fc.assert(
        fc.asyncProperty(
          fc.array(lookupRule, { maxLength: 10 }),
          fc.array(fc.record({ ip, host, info }), {
            minLength: 10,
            maxLength: 10,
          }),
          async (lines, clients) => {
            const made = await theirs(folder, lines.join("\n"));
            const cdb = new CdbReader(toBytes(made as string));
            for (const client of clients) {
              const { code, stdout } = await output(tcprulescheck, ["cdb"], {
                cwd: folder,
                clearEnv: true,
                env: {
                  TCPREMOTEIP: client.ip,
                  ...(client.host !== null && { TCPREMOTEHOST: client.host }),
                  ...(client.info !== null && { TCPREMOTEINFO: client.info }),
                },
              });
              assertEquals([verdict(decide(cdb, client)), 0], [stdout, code]);
            }
          },
        ),
        { numRuns: runs(1_000, 100) },
      )
    ),
);
