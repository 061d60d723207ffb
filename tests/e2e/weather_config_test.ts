/**
 * Bad weather: a --config file that is huge, or nonsense.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { isServed } from "../support/weather.ts";

const block = `[[listen]]
host = "127.0.0.1"
port = 0
limit = 2
program = ["smtpd", "--deliver", "discard"]
`;
/** The port is printed because the file says so. */
const startedAs = { program: postern, asGiven: true };
const head = "print-port = true\nremote-name = false\nremote-info = false\n";

Deno.test(
  needing({}, "hundreds of blocks are served"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      await Deno.writeTextFile(path, head + block.repeat(300));
      const serve = ["serve", "--config", path];
      await withGate(serve, startedAs, async (gate) => {
        assertEquals(new Set(gate.ports).size, 300);
        for (const port of [gate.ports[0], gate.ports[299]]) {
          assert(await isServed(port));
        }
        assertEquals((await gate.stop()).code, 0);
      });
    }),
);

Deno.test(
  needing({}, "more blocks than descriptors are refused with both numbers"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      await Deno.writeTextFile(path, head + block.repeat(3000));
      const { code, stdout, stderr } = await output("/bin/sh", [
        "-c",
        `ulimit -n 1000; exec ${postern} serve --config ${path}`,
      ]);
      assertEquals([code, stdout], [100, ""]);
      assertMatch(
        stderr,
        /^tcpserver: 3000 \[\[listen\]\] blocks need 3032 descriptors, and the limit is 1000: .*\n$/,
      );
    }),
);

const nonsense: [key: string, value: string][] = [
  ...["limit", "backlog", "grace", "workers", "per-ip"].flatMap((key) =>
    ["-1", "1.5", "inf", "nan", '"many"', "99999999999999999999", "[]", "true"]
      .map((value): [string, string] => [key, value])
  ),
  ["port", '"70000"'],
  ["port", "-1"],
  ["port", "1.5"],
  ["host", "[]"],
  ["program", "[1]"],
  ["program", "[]"],
  ["rate", '"1"'],
  ["log-format", '"xml"'],
  ["ready-fd", "0"],
  ["verbose", "{}"],
  ["proxy-protocol", '"everyone"'],
  ["no-such-key", "1"],
  ["__proto__", "1"],
  ["constructor", "1"],
  ["toString", "true"],
];

Deno.test(
  needing({}, "nonsense is refused in one line that names the block"),
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/gate.toml`;
      const process = ["grace", "workers", "log-format", "ready-fd", "verbose"];
      const accepted: string[] = [];
      for (const [key, value] of nonsense) {
        const line = `${key} = ${value}\n`;
        const kept = block.split("\n").filter((each) =>
          !each.startsWith(`${key} `)
        ).join("\n");
        await Deno.writeTextFile(
          path,
          process.includes(key) ? head + line + block : head + kept + line,
        );
        const { code, stderr } = await output(postern, [
          ...["serve", "--check", "--config", path],
        ]);
        if (code === 0) accepted.push(line.trim());
        else {
          assertEquals(code, 100, line + stderr);
          assertMatch(stderr, /^tcpserver: .+\n$/, line);
        }
      }
      assertEquals(accepted, []);
    }),
);
