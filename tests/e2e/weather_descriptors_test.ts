/**
 * Bad weather: the process has no descriptor left.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import {
  afterShell,
  byShell,
  descriptorsOf,
  isServed,
  programs,
  quiet,
  silentClients,
} from "../support/weather.ts";

const complaint = /warning: unable to accept: process file table is full\n/g;

Deno.test(
  needing({}, "without descriptors accepting pauses, and goes on"),
  () =>
    withGate(
      afterShell("ulimit -n 40", [
        ...[...quiet, "-c100", "-b200", "127.0.0.1", "0"],
        ...["smtpd", "--deliver", "discard"],
      ]),
      byShell,
      async (gate) => {
        const clients = await silentClients(gate.port, 80);
        await gate.logged(complaint);
        const complaints = () => gate.log.match(complaint)!.length;
        const before = complaints(), since = performance.now();
        await until("another complaint", () => complaints() > before + 1);
        const seconds = (performance.now() - since) / 1000;
        assert(complaints() - before <= seconds + 1, gate.log);
        for (const client of clients) client.close();
        for (let i = 0; i < 20; i++) assert(await isServed(gate.port));
        await until(
          "no connection is left",
          () => descriptorsOf(gate.child.pid).length < 25,
        );
        assertEquals((await gate.stop()).code, 0);
      },
    ),
);

Deno.test(needing({}, "a program's connections wait for descriptors"), () =>
  // A proxy that is silent holds one in the gate; a program's client does not.
  withGate(
    afterShell("ulimit -n 40", [
      ...[...quiet, "-c100", "-b200", "--proxy-protocol", "127.0.0.1"],
      ...["127.0.0.1", "0", ...programs[1][1]],
    ]),
    byShell,
    async (gate) => {
      const proxies = await silentClients(gate.port, 80);
      await gate.logged(complaint);
      for (const proxy of proxies) proxy.close();
      for (let i = 0; i < 20; i++) {
        const client = await SmtpClient.connect(gate.port);
        await client.send("PROXY UNKNOWN\r\n");
        assertMatch(await client.reply(), /^220/);
        client.close();
      }
      assertEquals((await gate.stop()).code, 0);
    },
  ));

Deno.test(
  needing({}, "a message that finds no pipe is asked for later"),
  () =>
    withGate(
      afterShell("ulimit -n 40", [
        ...[...quiet, "-c30", "127.0.0.1", "0", "smtpd", "--open-relay"],
        ...["--deliver", "qmail-queue:/bin/cat"],
      ]),
      byShell,
      async (gate) => {
        const transaction = async (client: SmtpClient) => {
          assertMatch(await client.ask("HELO x"), /^250/);
          assertMatch(await client.ask("MAIL FROM:<a@example.com>"), /^250/);
          assertMatch(await client.ask("RCPT TO:<b@example.com>"), /^250/);
          return await client.ask("DATA");
        };
        const client = await SmtpClient.connect(gate.port);
        assertMatch(await client.reply(), /^220/);
        const others = await silentClients(gate.port, 60);
        await gate.logged(complaint);
        assertMatch(await transaction(client), /^451 /);
        for (const other of others) other.close();
        await until("there are descriptors again", async () => {
          const reply = await transaction(client);
          if (reply.startsWith("451")) return false;
          assertMatch(reply, /^354/);
          return true;
        });
        client.close();
        assertEquals((await gate.stop()).code, 0);
      },
    ),
);

Deno.test(
  needing({}, "a maildir that finds no descriptor is asked for later"),
  () =>
    inFolder((folder) =>
      withGate(
        afterShell("ulimit -n 40", [
          ...[...quiet, "-c100", "127.0.0.1", "0", "smtpd", "--open-relay"],
          ...["--deliver", `maildir:${folder}/Maildir`],
        ]),
        byShell,
        async (gate) => {
          const client = await SmtpClient.connect(gate.port);
          assertMatch(await client.reply(), /^220/);
          assertMatch(await client.ask("HELO x"), /^250/);
          const others = await silentClients(gate.port, 60);
          await gate.logged(complaint);
          const send = async () => {
            await client.ask("MAIL FROM:<a@example.com>");
            await client.ask("RCPT TO:<b@example.com>");
            // The Maildir itself may have to be made first.
            const reply = await client.ask("DATA");
            if (!reply.startsWith("354")) return reply;
            return await client.ask("Subject: x\r\n\r\nhello\r\n.");
          };
          assertMatch(await send(), /^451 /);
          for (const other of others) other.close();
          await until("it is stored", async () => /^250/.test(await send()));
          client.close();
          const stored = [...Deno.readDirSync(`${folder}/Maildir/new`)];
          const left = [...Deno.readDirSync(`${folder}/Maildir/tmp`)];
          assertEquals([stored.length, left], [1, []]);
        },
      )
    ),
);

Deno.test(
  needing({}, "-c raises the soft limit as far as it needs, no further"),
  () =>
    withGate(
      afterShell("ulimit -Sn 100; ulimit -Hn 1000", [
        ...[...quiet, "-c50", "127.0.0.1", "0", ...programs[0][1]],
      ]),
      byShell,
      async (gate) => {
        const limits = await Deno.readTextFile(
          `/proc/${gate.child.pid}/limits`,
        );
        assertMatch(limits, /^Max open files +483 +1000 /m);
        assertEquals(gate.log, "");
      },
    ),
);

Deno.test(
  needing({}, "-c above what the limit allows is said with both numbers"),
  () =>
    withGate(
      afterShell("ulimit -n 100", [
        ...[...quiet, "-c200", "127.0.0.1", "0", ...programs[0][1]],
      ]),
      byShell,
      async (gate) => {
        await gate.logged(
          /^tcpserver: warning: -c 200 needs 233 descriptors, and the limit is 100: raise the limit \(ulimit -n, LimitNOFILE=\) or lower -c\n$/,
        );
        assert(await isServed(gate.port));
      },
    ),
);
