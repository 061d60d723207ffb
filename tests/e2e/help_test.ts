/** postern help NAME: the manual, on a terminal and elsewhere. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { commands } from "../../cmd/commands.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const man = new URL("../../scripts/man/", import.meta.url);

/** In a terminal, with a machine's own pager and settings left away. */
const onTerminal = async (line: string, env: Record<string, string>) => {
  const { stdout } = await output("script", ["-qec", line, "/dev/null"], {
    env: { TERM: "dumb", PATH: "/usr/bin:/bin", LC_ALL: "C", ...env },
    clearEnv: true,
  });
  return stdout.replaceAll("\r", "");
};

Deno.test(
  needing({}, "each command, each classic name and each page is shown"),
  async () => {
    const titleOf = async (word: string) => {
      // Nothing but the executable itself is needed.
      const { code, stdout, stderr } = await output(postern, ["help", word], {
        clearEnv: true,
        cwd: "/",
      });
      assertEquals([code, stderr], [0, ""], word);
      return /^(\S+)\((\d)\) /.exec(stdout)![1].toLowerCase();
    };
    for (const { name, classicNames } of commands) {
      for (const word of new Set([name, ...classicNames])) {
        assertEquals(await titleOf(word), `postern-${name}`);
      }
    }
    for (const word of ["postern", "postern-serve"]) {
      assertEquals(await titleOf(word), word);
    }
    const formats = [...Deno.readDirSync(man)]
      .flatMap(({ name }) => /^postern-(.+)\.5$/.exec(name)?.[1] ?? []);
    for (const word of formats) {
      assertEquals(await titleOf(word), `postern-${word}`);
    }
  },
);

Deno.test(needing({}, "a word without a page is told so"), async () => {
  const { code, stdout, stderr } = await output(postern, ["help", "sevre"]);
  assertEquals([code, stdout], [100, ""]);
  assertEquals(
    stderr,
    'postern: unknown subcommand "sevre"\npostern: did you mean serve?\n' +
      "postern: see postern --help\n",
  );
});

Deno.test(
  needing({ peers: ["script"] }, "on a terminal a pager shows it, as man does"),
  async () => {
    const line = `${postern} help config`;
    const shown = await onTerminal(line, { PAGER: "sed 's/^/| /'" });
    assertMatch(shown, /^\| POSTERN-CONFIG\(5\) /);
    assert(shown.includes("| N\bNA\bAM\bME\bE\n"), shown.slice(0, 300));
    // man's own variable counts more.
    const env = { PAGER: "cat", MANPAGER: "head -n 1" };
    assertMatch(await onTerminal(line, env), /^POSTERN-CONFIG\(5\)[^\n]*\n$/);
    // Without any it is printed, and without marks that nobody reads.
    const plain = await onTerminal(line, { PAGER: "no-such-pager" });
    assert(plain.includes("\nNAME\n"), plain.slice(0, 300));
  },
);

Deno.test(
  needing({ peers: ["script"] }, "a pager that has seen enough is no error"),
  () =>
    inFolder(async (folder) => {
      const line = `${postern} help smtpd; echo $? >${folder}/code`;
      await onTerminal(line, { PAGER: "head -c 1 >/dev/null" });
      assertEquals(await Deno.readTextFile(`${folder}/code`), "0\n");
    }),
);
