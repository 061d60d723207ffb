import { assertEquals, assertMatch } from "@std/assert";
import { inFolder, needing, output, postern } from "../support/peers.ts";

const links = (folder: string) =>
  [...Deno.readDirSync(folder)].filter((entry) => entry.isSymlink)
    .map((entry) => entry.name).sort();

Deno.test(
  needing(
    {},
    "install-links makes the classic names, and never takes a stranger's",
  ),
  () =>
    inFolder(async (folder) => {
      const run = (...args: string[]) =>
        output(postern, ["install-links", ...args]);
      assertEquals((await run("--dry-run", folder)).code, 0);
      assertEquals(links(folder), []);
      await Deno.writeTextFile(`${folder}/splogger`, "a stranger's");
      const refused = await run(folder);
      assertEquals([refused.code, links(folder)], [100, []]);
      assertMatch(refused.stderr, /not ours.*splogger/);
      assertEquals((await run("--force", folder)).code, 0);
      assertEquals((await run(folder)).code, 0, "our own are ours");
      assertEquals(links(folder), [
        "fixcrio",
        "qmail-smtpd",
        "rblsmtpd",
        "recordio",
        "splogger",
        "tcprules",
        "tcprulescheck",
        "tcpserver",
      ]);
      const usage = async (name: string) =>
        (await output(`${folder}/${name}`, [])).stderr.split("\n")[0];
      assertMatch(await usage("tcpserver"), /^tcpserver: usage: tcpserver \[/);
      assertMatch(
        await usage("tcprules"),
        /^tcprules: usage: tcprules rules.cdb/,
      );
      assertMatch(await usage("tcprulescheck"), /^tcprulescheck: usage: /);
      const smtp = await output(`${folder}/qmail-smtpd`, ["ignored"], {
        stdin: "EHLO x\r\nQUIT\r\n",
        env: { QMAILHOME: "/nonexistent" },
      });
      assertMatch(
        smtp.stdout,
        /^220 \S+ ESMTP\r\n250-\S+\r\n250-PIPELINING\r\n250 8BITMIME\r\n221 \S+\r\n$/,
      );
    }),
);

Deno.test(needing({}, "help, version, and what is unknown"), async () => {
  assertMatch(
    (await output(postern, ["--help"])).stdout,
    /^usage: postern SUBCOMMAND/,
  );
  for (
    const name of [
      "serve",
      "rules",
      "smtpd",
      "splogger",
      "init-script",
      "install-links",
    ]
  ) {
    const help = await output(postern, [name, "--help"]);
    assertEquals(help.code, 0, name);
    assertMatch(help.stdout, /^usage:/i);
  }
  const wrong = await output(postern, ["nonsense"]);
  assertEquals(wrong.code, 100);
  assertMatch(wrong.stderr, /^postern: unknown subcommand "nonsense"\n/);
});
