/**
 * Bad weather: a gate that is started without stdin, stdout or stderr.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { needing, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { programs, quiet } from "../support/weather.ts";

const closings = ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-"];

/** A port that was free a moment ago: a closed stdout tells none. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

for (const [name, program] of programs) {
  for (const closing of [...closings, "<&- >&- 2>&-"]) {
    Deno.test(needing({}, `started with ${closing}: ${name}`), async () => {
      const port = freePort();
      const args = [...quiet, "-v", "-1", "127.0.0.1", `${port}`, ...program];
      const child = new Deno.Command("/bin/sh", {
        args: ["-c", `exec "$@" ${closing}`, "sh", postern, "serve", ...args],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      try {
        await until(
          "it listens",
          () =>
            Deno.connect({ port }).then(
              (conn) => (conn.close(), true),
              () => false,
            ),
        );
        // Several at once, so that a low number would be one of theirs.
        const clients = await Promise.all(
          Array.from({ length: 5 }, () => SmtpClient.connect(port)),
        );
        for (const client of clients) {
          assertMatch(await client.reply(), /^220 \S.*\r\n$/);
        }
        for (const fd of [0, 1]) {
          const link = await Deno.readLink(`/proc/${child.pid}/fd/${fd}`);
          assertEquals(link, "/dev/null");
        }
        const stderr = await Deno.readLink(`/proc/${child.pid}/fd/2`);
        assertMatch(stderr, closing.includes("2>") ? /^\/dev\/null$/ : /^pipe/);
        for (const client of clients) {
          await client.send("QUIT\r\n");
          const rest = await client.reply();
          assert(!rest.includes("tcpserver"), rest);
          if (name === "built-in smtpd") assertMatch(rest, /^221/);
          assertEquals(await client.reply(), "");
          client.close();
        }
      } finally {
        child.kill("SIGTERM");
      }
      const { code, stderr } = await child.output();
      assertEquals(code, 0);
      const log = new TextDecoder().decode(stderr);
      if (closing.includes("2>")) assertEquals(log, "");
      else assertMatch(log, /^tcpserver: status: 0\/40\n(.|\n)*end \d+/);
    });
  }
}
