/**
 * postern migrate on the executable: files, stdin and a line, and a line that
 * the executable itself accepts.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const migrate = (args: string[], stdin?: string) =>
  output(postern, ["migrate", ...args], { stdin });

const script = `#!/bin/sh
exec 2>&1
exec softlimit -m 2000000 tcpserver -vRHl0 -c 7 -u1 -g1 127.0.0.1 0 qmail-smtpd
`;

/** The words that a shell makes of a line. */
async function wordsOf(line: string): Promise<string[]> {
  const { stdout } = await output("sh", [
    "-c",
    `postern() { printf '%s\\n' "$@"; }\n${line.replace(/^exec /, "")}`,
  ]);
  return stdout.trimEnd().split("\n");
}

Deno.test(
  needing({}, "migrate reads files and stdin, and prints what serve accepts"),
  () =>
    inFolder(async (folder) => {
      const run = `${folder}/run`;
      await Deno.writeTextFile(run, script);
      const { code, stdout } = await migrate([run]);
      const lines = stdout.trimEnd().split("\n");
      assertEquals([code, lines[0]], [0, `# ${run}:`]);
      assertMatch(lines[1], /^# line 3: softlimit -m 2000000 .*dropped/);
      const line = lines.at(-1)!;
      assertMatch(line, /^exec postern serve .* 127.0.0.1 0 smtpd 2>&1$/);
      const [serve, ...words] = await wordsOf(line);
      const rest = [...words, "--me", "mx.example", "--deliver", "discard"];
      const check = await output(postern, [serve, "--check", ...rest]);
      assertEquals([check.code, check.stderr], [0, ""]);
      const piped = await migrate(["-"], script);
      assertEquals(piped.stdout.split("\n").slice(1), [...lines.slice(1), ""]);
    }),
);

Deno.test(
  needing({}, "migrate --to config prints a file that serve accepts"),
  () =>
    inFolder(async (folder) => {
      const { code, stdout } = await migrate(["--to", "config", "-"], script);
      assertEquals(code, 0);
      const config = `${folder}/postern.toml`;
      const program =
        `program = ["smtpd", "--me", "mx.example", "--deliver", "discard"]`;
      const text = stdout.replace('program = [ "smtpd" ]', program);
      await Deno.writeTextFile(config, text);
      const check = await output(
        postern,
        ["serve", "--check", "--config", config],
        { cwd: folder },
      );
      assertEquals([check.code, check.stderr], [0, ""]);
    }),
);

Deno.test(needing({}, "migrate's exit codes and complaints"), async () => {
  const lost = await migrate([
    "--line",
    "tcpserver 0 25 qmail-smtpd mx /bin/true /bin/true",
  ]);
  assertEquals(lost.code, 1);
  assertMatch(lost.stdout, /^# line 1: attention: \/bin\/true takes every/m);
  const wrong = await migrate(["--line", "tcpserver -Z 0 25 qmail-smtpd"]);
  assertEquals([wrong.code, wrong.stderr], [
    100,
    "postern migrate: --line: line 1: tcpserver knows no option -Z\n",
  ]);
  for (const args of [[], ["/no/such"], ["--line", "x", "run"], ["/bin/sh"]]) {
    assertEquals((await migrate(args)).code, 100, args.join(" "));
  }
});
