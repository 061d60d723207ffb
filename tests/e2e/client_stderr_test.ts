/**
 * smtpd with the client's connection as descriptors 0, 1 and 2, as inetd has
 * it: the client hears SMTP and nothing else.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { inConnection, type Kind } from "../support/one_connection.ts";
import { inFolder, needing, postern } from "../support/peers.ts";

const needs = { peers: ["python3"] };
const kinds: readonly Kind[] = ["IPv4", "IPv6", "unix"];
const smtp = /^(?:\d{3}[ -][ -~]*\r\n)*$/;

for (const kind of kinds) {
  Deno.test(
    needing(needs, `no syslog: silence, not the client's ears: ${kind}`),
    () =>
      inFolder(async (folder) => {
        const run = (...args: string[]) =>
          inConnection(kind, [postern, ...args]);
        const wrong = await run("smtpd", "--nonsense");
        assertEquals(wrong, { code: 100, heard: "" });
        const unknown = await run("smptd");
        assertEquals(unknown, { code: 100, heard: "" });
        const smtpd = ["smtpd", "--me", "a.example", "--control", folder];
        const lost = await run(...smtpd, "--maildir", "/proc/none");
        assertEquals(lost.code, 0);
        assertMatch(lost.heard, smtp);
        assertMatch(lost.heard, /^451 /m);
        const log = await run(...smtpd, "--mail-log", "stderr");
        assertMatch(log.heard, smtp);

        const queue = `${folder}/queue`;
        await Deno.writeTextFile(queue, "#!/bin/sh\necho here >&2\nexit 31\n");
        await Deno.chmod(queue, 0o755);
        const told = await run(...smtpd, "--deliver", `qmail-queue:${queue}`);
        assertMatch(told.heard, smtp);
        assertMatch(told.heard, /^554 /m);

        await Deno.symlink(postern, `${folder}/qmail-smtpd`);
        const classic = await inConnection(kind, [`${folder}/qmail-smtpd`], {
          QMAILHOME: `${folder}/none`,
        });
        assertMatch(classic.heard, smtp);
      }),
  );
}

Deno.test(
  needing(needs, "words for a terminal are none for a client"),
  async () => {
    for (const kind of ["IPv4", "IPv6"] as const) {
      for (const word of ["--help", "--hash-password"]) {
        assertEquals(
          await inConnection(kind, [postern, "smtpd", word]),
          { code: 100, heard: "" },
        );
      }
    }
  },
);
