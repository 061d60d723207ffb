/**
 * Who is taken and who is asked: the policies of smtpd, each by its option.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { records, txt, withDns } from "../support/dns_server.ts";
import { TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { loopback } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const serve = ["-RHl0", "127.0.0.1", "0", "smtpd", "--me", "mx.example.org"];
const domain = ["--rcpthosts", "example.org"];

/** What RCPT is answered with, for each recipient of one transaction. */
async function answers(
  gate: TestGate,
  sender: string,
  recipients: string[],
): Promise<string[]> {
  const client = await SmtpClient.connect(gate.port);
  await client.reply();
  await client.ask("EHLO client.example");
  assertMatch(await client.ask(`MAIL FROM:<${sender}>`), /^250/);
  const replies: string[] = [];
  for (const recipient of recipients) {
    replies.push((await client.ask(`RCPT TO:<${recipient}>`)).trimEnd());
  }
  client.close();
  return replies;
}

const codes = (replies: string[]) => replies.map((each) => each.slice(0, 9));

Deno.test(
  needing({}, "lists of recipients, and mailboxes that are there"),
  () =>
    inFolder(async (folder) => {
      await Deno.writeTextFile(
        `${folder}/known`,
        "ann@example.org\nbob@example.org\neve@example.org\n",
      );
      for (const name of ["ann", "eve"]) {
        await Deno.mkdir(`${folder}/home/${name}`, { recursive: true });
      }
      await withGate(
        [
          ...[...serve, ...domain, "--recipients", `${folder}/known`],
          ...["--badrcptto", "eve@example.org"],
          ...["--maildir", `${folder}/home/{user%+}/Maildir`],
        ],
        {},
        async (gate) => {
          const ask = (...names: string[]) =>
            answers(gate, "a@b.example", names);
          assertEquals(
            codes(
              await ask(
                "Ann@Example.org",
                "ann+lists@example.org",
                "bob@example.org", // no mailbox
                "joe@example.org", // not listed
                "eve@example.org", // badrcptto
                "ann@elsewhere.example",
              ),
            ),
            [
              ...["250 2.1.5", "250 2.1.5", "550 5.1.1", "550 5.1.1"],
              ...["553 5.7.1", "553 5.7.1"],
            ],
          );
          await Deno.mkdir(`${folder}/home/joe`);
          await Deno.writeTextFile(`${folder}/known`, "joe@example.org\n");
          await until("the new list counts", async () => {
            const [joe] = await ask("joe@example.org");
            return joe.startsWith("250");
          });
          await Deno.remove(`${folder}/known`);
          assertEquals(codes(await ask("joe@example.org")), ["451 4.3.0"]);
          await gate.logged(/unable to read \S+known: file does not exist\n/);
        },
      );
    }),
);

Deno.test(
  needing({}, "RCPTCHECK decides by its exit code, in process and isolated"),
  () =>
    inFolder(async (folder) => {
      const program = `${folder}/check`;
      await Deno.writeTextFile(
        program,
        "#!/bin/sh\n" +
          `echo "$SENDER $RECIPIENT $TCPREMOTEIP" >> ${folder}/asked\n` +
          "echo noise; case $RECIPIENT in no@*) exit 100;; " +
          "later@*) exit 111;; die@*) kill -9 $$;; esac\n",
      );
      await Deno.chmod(program, 0o755);
      for (const isolate of [[], ["--isolate"]]) {
        await withGate(
          [...isolate, ...serve, ...domain, "--deliver", "discard"],
          { env: { RCPTCHECK: program } },
          async (gate) => {
            const names = ["yes", "no", "later", "die"];
            const replies = await answers(
              gate,
              "a@b.example",
              names.map((name) => `${name}@example.org`),
            );
            assertEquals(codes(replies), [
              ...["250 2.1.5", "550 5.7.1", "451 4.3.0", "451 4.3.0"],
            ]);
          },
        );
      }
      const asked = (await Deno.readTextFile(`${folder}/asked`)).split("\n");
      assertEquals(asked[0], "a@b.example yes@example.org 127.0.0.1");
      assertEquals(asked.length, 9);
    }),
);

Deno.test(
  needing({}, "a policy program is asked, and without an answer it is later"),
  async () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const requests: string[] = [];
    const serving = (async () => {
      for await (const conn of listener) {
        (async () => {
          let text = "";
          const buffer = new Uint8Array(4096);
          for (let n; (n = await conn.read(buffer)) !== null;) {
            text += new TextDecoder().decode(buffer.subarray(0, n));
            if (!text.endsWith("\n\n")) continue;
            requests.push(text);
            const bad = text.includes("recipient=bad@");
            const action = bad ? "REJECT go\taway" : "DUNNO";
            const answer = `action=${action}\n\n`;
            await conn.write(new TextEncoder().encode(answer));
            text = "";
          }
        })().catch(() => {}).finally(() => conn.close());
      }
    })().catch(() => {});
    const { port } = listener.addr;
    await withGate(
      [
        ...[...serve, ...domain, "--deliver", "discard"],
        ...["--policy", `127.0.0.1:${port}`],
      ],
      {},
      async (gate) => {
        const names = ["good@example.org", "bad@example.org"];
        const [good, bad] = await answers(gate, "a@b.example", names);
        assertMatch(good, /^250 /);
        assertMatch(bad, /^554 5\.7\.1 go.away$/);
        assertMatch(requests[0], /^request=smtpd_access_policy\n/);
        for (
          const line of [
            "client_address=127.0.0.1",
            "helo_name=client.example",
            "sender=a@b.example",
            "protocol_state=RCPT",
          ]
        ) assert(requests[0].split("\n").includes(line), line);
        listener.close();
        await serving;
        const [later] = await answers(gate, "a@b.example", [names[0]]);
        // Its connection may still be there.
        if (!later.startsWith("250")) assertMatch(later, /^451 4\.3\.5 /);
      },
    );
  },
);

Deno.test(
  needing(
    { root: true },
    "a blocklist, SPF, and what is recorded of a message",
  ),
  () =>
    inFolder((folder) => {
      const zone = {
        "1.0.0.127.bl.example A": records({ type: "A", data: "127.0.0.2" }),
        "1.0.0.127.bl.example TXT": txt("seen sending"),
        "forbids.example TXT": txt("v=spf1 -all"),
        "allows.example TXT": txt("v=spf1 ip4:127.0.0.1 -all"),
        "broken.example TXT": { type: "failure" as const, rcode: 2 },
      };
      return withDns(loopback(), zone, async ({ ip, asked }) => {
        const env = { DNSCACHEIP: ip };
        const to = ["x@example.org", "y@example.org"];
        const smtpd = [...serve, ...domain, "--deliver", "discard"];
        for (
          const [option, code] of [
            [["--dnsbl", "bl.example"], "451 4.7.1"],
            [["--dnsbl", "bl.example", "--dnsbl-reject"], "550 5.7.1"],
            [["--dnsbl", "other.example"], "250 2.1.5"],
          ] as const
        ) {
          await withGate([...smtpd, ...option], { env }, async (gate) => {
            const replies = await answers(gate, "a@b.example", to);
            assertEquals(codes(replies), [code, code]);
            if (code[0] !== "2") assertMatch(replies[0], /seen sending/);
          });
        }
        // One look-up of each kind for a connection, not for a recipient.
        const listed = asked.filter((q) => q === "1.0.0.127.bl.example A");
        assertEquals(listed.length, 2);

        await withGate([...smtpd, "--spf"], { env }, async (gate) => {
          for (
            const [sender, code] of [
              ["a@forbids.example", "550 5.7.2"],
              ["a@allows.example", "250 2.1.5"],
              ["a@none.example", "250 2.1.5"],
              ["a@broken.example", "451 4.4.3"],
            ]
          ) {
            const replies = await answers(gate, sender, to.slice(0, 1));
            assertEquals(codes(replies), [code], sender);
          }
        });

        await withGate(
          [
            ...[...serve, ...domain, "--maildir", `${folder}/Maildir`],
            "--authentication-results",
          ],
          { env },
          async (gate) => {
            const client = await SmtpClient.connect(gate.port);
            await client.reply();
            await client.ask("EHLO client.example");
            await client.ask("MAIL FROM:<a@allows.example>");
            await client.ask("RCPT TO:<x@example.org>");
            await client.ask("DATA");
            const text =
              "Authentication-Results: mx.example.org; spf=fail\r\n" +
              "From: a@allows.example\r\n\r\nhello\r\n.";
            assertMatch(await client.ask(text), /^250 /);
            client.close();
            const [{ name }] = [...Deno.readDirSync(`${folder}/Maildir/new`)];
            const stored = await Deno.readTextFile(
              `${folder}/Maildir/new/${name}`,
            );
            assertMatch(
              stored,
              /^Return-Path: .*\nDelivered-To: .*\nAuthentication-Results: mx\.example\.org;\n\tspf=pass /,
            );
            assertEquals(stored.match(/^Authentication-Results/gm)?.length, 1);
            assertMatch(stored, /dkim=none(.|\n)*dmarc=none/);
          },
        );
      });
    }),
);
