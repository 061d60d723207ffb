/**
 * Completion, as a shell would have it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { bash } from "../../lib/cli/completion/bash.ts";
import type { Completed } from "../../lib/cli/completion/completed.ts";
import { fish } from "../../lib/cli/completion/fish.ts";
import { zsh } from "../../lib/cli/completion/zsh.ts";
import { peer } from "../support/peers.ts";

const read = () => null;

const commands: Completed[] = [
  {
    name: "serve",
    classicNames: ["tcpserver"],
    summary: "accept, and it's done",
    subcommands: [],
    spellings: [
      { long: "rules", short: "x", value: "cdb", help: "rules [a:b]", read },
      { long: "limit", short: "c", value: "n", help: "at once", read },
      {
        ...{ long: "log-format", value: "format", help: "of the log", read },
        words: ["text", "json"],
      },
      { long: "verbose", short: "v", help: "the client's words", read },
    ],
  },
  {
    name: "smtpd",
    classicNames: [],
    summary: "speak",
    subcommands: [],
    spellings: [{ long: "me", value: "name", help: "who we are", read }],
  },
  {
    name: "rules",
    classicNames: [],
    summary: "compile",
    subcommands: [{ name: "lint", summary: "l" }, {
      name: "dump",
      summary: "d",
    }],
    spellings: [],
  },
];

/** What bash offers for a command line of which the last word is unfinished. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(" ").map((word) => `'${word}'`).join(" ");
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: [
      ...["--norc", "-c"],
      `${bash("postern", commands)}
COMP_WORDS=(${words}) COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_postern
printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
  }).output();
  assertEquals(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).split("\n").filter(Boolean);
}

Deno.test({
  name: "bash: subcommands, options, values",
  ignore: peer("bash") === null,
  async fn() {
    const cases: [line: string, words: string[]][] = [
      ["postern s", ["serve", "smtpd"]],
      ["postern help r", ["rules"]],
      ["postern serve --l", ["--limit", "--log-format"]],
      ["postern serve -v --verb", ["--verbose"]],
      ["tcpserver --r", ["--rules"]],
      ["postern serve --log-format t", ["text"]],
      ["postern serve --log-format = j", ["json"]],
      ["postern serve --limit 5", []],
      ["postern serve -x deno.j", ["deno.json"]],
      ["postern serve 0 25 smtpd --", ["--help", "--me"]],
      ["postern serve --rules = SECU", ["SECURITY.md"]],
      ["postern rules ", ["lint", "dump"]],
      ["postern rules lint SECU", ["SECURITY.md"]],
      ["/usr/bin/postern rules d", ["dump"]],
    ];
    for (const [line, words] of cases) {
      assertEquals(await offered(line), words, line);
    }
  },
});

for (const [shell, script] of [["zsh", zsh], ["fish", fish]] as const) {
  const text = script("postern", commands);
  Deno.test(`${shell}: each command and each option is there`, () => {
    for (const { name, spellings } of commands) {
      assert(text.includes(name), name);
      for (const { long } of spellings) {
        assert(new RegExp(`(--|-l )${long}\\b`).test(text), long);
      }
    }
    // An odd number of quotes would swallow what follows.
    for (const line of text.replaceAll("'\\''", "").split("\n")) {
      if (line.startsWith("#") || line.includes("# ")) continue;
      assertEquals((line.match(/'/g) ?? []).length % 2, 0, line);
    }
  });
  Deno.test({
    name: `${shell}: the shell itself finds no error`,
    ignore: peer(shell) === null,
    async fn() {
      const path = await Deno.makeTempFile();
      await Deno.writeTextFile(path, text);
      const { success } = await new Deno.Command(shell, { args: ["-n", path] })
        .output();
      await Deno.remove(path);
      assert(success);
    },
  });
}
