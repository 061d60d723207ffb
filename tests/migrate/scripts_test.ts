/**
 * Run scripts of old set-ups, and what becomes of each: NAME.sh and NAME.line
 * (or NAME.toml) beside it, which are written anew where
 * POSTERN_WRITE_EXPECTED is set; look at what has changed then.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { migrated } from "../../cmd/migrate/migrated.ts";
import { parseCommand } from "../../cmd/serve_options.ts";
import type { Machine } from "../../lib/migrate/machine.ts";

const folder = new URL("scripts/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, folder));

/** A machine with nothing of qmail's on it but what is written here. */
const files: Record<string, string> = {
  "/etc/default/smtpd": read("gentoo.conf"),
  "/etc/passwd": "root:x:0:0::/:/bin/sh\nqmaild:x:7791:2108::/:/bin/false\n",
  "/var/qmail/control/me": "mx.example.org\n",
};

const machine: Machine = {
  read: (path) => files[path] ?? null,
  list: () => null,
  bytes: () => null,
  hostName: () => "mx.example.org",
};

/** Whether an account exists is looked up on the real machine. */
const settled = (lines: readonly string[]) =>
  lines.filter((line) => !line.endsWith(", on this machine"));

const names = [...Deno.readDirSync(folder)]
  .map(({ name }) => /^(.*)\.sh$/.exec(name)?.[1])
  .filter((name) => name !== undefined).sort();

for (const name of names) {
  Deno.test(`${name} becomes the line that does the same`, async () => {
    const source = { name: "run", text: read(`${name}.sh`) };
    const { lines, loses } = await migrated([source], "line", machine);
    const code = `exit ${loses ? 1 : 0}`;
    const answer = [...settled(lines), code, ""].join("\n");
    if (Deno.env.has("POSTERN_WRITE_EXPECTED")) {
      Deno.writeTextFileSync(new URL(`${name}.line`, folder), answer);
    }
    assertEquals(answer, read(`${name}.line`));
    const attention = lines.some((line) => line.includes(": attention: "));
    assertEquals(loses, attention);
  });
}

Deno.test("each script has its answer, and there are many", () => {
  assert(names.length >= 20, `${names.length}`);
});

for (const name of ["life-with-qmail", "several", "qmailrocks", "sslserver"]) {
  Deno.test(`${name} becomes a configuration file`, async () => {
    const source = { name: "run", text: read(`${name}.sh`) };
    const { lines } = await migrated([source], "config", machine);
    const answer = [...settled(lines), ""].join("\n");
    if (Deno.env.has("POSTERN_WRITE_EXPECTED")) {
      Deno.writeTextFileSync(new URL(`${name}.toml`, folder), answer);
    }
    assertEquals(answer, read(`${name}.toml`));
  });
}

Deno.test("a line is one that serve's own parser takes", async () => {
  const source = {
    name: "run",
    text: "tcpserver -vRHl0 -c5 -u1 -g2 0 25 qmail-smtpd",
  };
  const { lines } = await migrated([source], "line", machine);
  const words = lines.at(-1)!.split(" ");
  assertEquals(words.slice(0, 2), ["postern", "serve"]);
  const command = parseCommand(words.slice(2), "postern serve");
  assertEquals(command!.operands, ["0", "25", "smtpd"]);
});
