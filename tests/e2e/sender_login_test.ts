/**
 * Who may send as whom, once logged in.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { dovecotAuthPeers, withDovecotAuth } from "../support/dovecot_auth.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import {
  makePasswords,
  type SmtpServer,
  withSmtpd,
} from "../support/smtp_server.ts";

async function encrypted({ gate, certificate }: SmtpServer) {
  const client = await SmtpClient.connect(gate.port);
  await client.reply();
  await client.ask("EHLO client.example");
  await client.ask("STARTTLS");
  await client.encrypt(certificate.cert);
  await client.ask("EHLO client.example");
  return client;
}

async function loggedIn(server: SmtpServer, user: string) {
  const client = await encrypted(server);
  const response = btoa(`\0${user}\0x`);
  assertMatch(await client.ask(`AUTH PLAIN ${response}`), /^235 /);
  return client;
}

async function from(client: SmtpClient, sender: string): Promise<string> {
  const reply = await client.ask(`MAIL FROM:<${sender}>`);
  await client.ask("RSET");
  return reply.trimEnd();
}

const ok = "250 2.1.0 ok";
const refused = (user: string, sender: string) =>
  `553 5.7.1 <${sender}>: Sender address rejected: not owned by user ${user}`;
const unknown = "451 4.3.5 unable to tell who may send as whom for now";

for (const gate of [[], ["--isolate"], ["--confine"]]) {
  Deno.test(
    needing(
      { peers: ["openssl"] },
      `--sender-login FILE: a sender that is somebody else's is refused ${gate}`,
    ),
    () =>
      withSmtpd({
        gate,
        relays: false,
        smtpd: async (folder) => {
          await Deno.mkdir(`${folder}/lists`);
          await Deno.writeTextFile(
            `${folder}/lists/senders`,
            "# who\nann@a.example ann\ninfo@a.example: ann, bob\n@b.example: bob\n",
          );
          const passwords = await makePasswords(`${folder}/passwords`, {
            ann: "x",
            bob: "x",
          });
          return [
            ...["--passwords", passwords, "--relay", "discard"],
            ...["--mail-log", "stderr"],
            ...["--sender-login", `${folder}/lists/senders`],
          ];
        },
      }, async (server) => {
        const stranger = await encrypted(server);
        assertEquals(await from(stranger, "ann@a.example"), ok);
        stranger.close();
        const ann = await loggedIn(server, "ann");
        assertEquals(await from(ann, "ann@a.example"), ok);
        assertEquals(await from(ann, "Ann+lists@A.Example"), ok);
        assertEquals(await from(ann, "info@a.example"), ok);
        assertEquals(await from(ann, ""), ok);
        assertEquals(
          await from(ann, "x@b.example"),
          refused("ann", "x@b.example"),
        );
        assertEquals(
          await from(ann, "x@c.example"),
          refused("ann", "x@c.example"),
        );
        await server.gate.logged(
          /message\.refused .* user=ann from=x@b\.example .* code=553 by=sender-login /,
        );
        const path = `${server.folder}/lists/senders`;
        await Deno.writeTextFile(`${path}.new`, "@b.example: ann\n");
        await Deno.rename(`${path}.new`, path);
        assertEquals(await from(ann, "x@b.example"), ok);
        assertMatch(await from(ann, "ann@a.example"), /^553 /);
        await Deno.writeTextFile(path, "@b.example: ann\nnonsense\n");
        assertEquals(await from(ann, "x@b.example"), unknown);
        await server.gate.logged(/senders: line 2: "nonsense" is no ADDRESS/);
        ann.close();
      }),
  );
}

Deno.test(
  needing(
    { peers: [...dovecotAuthPeers, "openssl"], root: true },
    "--sender-login dovecot: one may be whom Dovecot calls one, and what it says",
  ),
  () =>
    inFolder(async (folder) => {
      const users = {
        "ann@a.example": {
          scheme: "PLAIN",
          fields: "senders=info@a.example,@b.example",
        },
        "bob@a.example": { scheme: "PLAIN", fields: "sender=info@a.example" },
        carl: { scheme: "PLAIN" },
      };
      await withDovecotAuth(folder, users, async (dovecot) => {
        await withSmtpd({
          relays: false,
          smtpd: () => [
            ...["--dovecot-auth", dovecot.path, "--relay", "discard"],
            ...["--sender-login", "dovecot"],
          ],
        }, async (server) => {
          const may = async (user: string) => {
            const client = await loggedIn(server, user);
            const owned: string[] = [];
            for (
              const sender of [
                "",
                "ann@a.example",
                "bob@a.example",
                "bob+x@a.example",
                "info@a.example",
                "x@b.example",
                "carl@mx.example",
              ]
            ) {
              const reply = await from(client, sender);
              if (reply === ok) owned.push(sender);
              else assertEquals(reply, refused(user, sender));
            }
            client.close();
            return owned;
          };
          assertEquals(await may("ann@a.example"), [
            ...["", "ann@a.example", "info@a.example", "x@b.example"],
          ]);
          assertEquals(await may("bob@a.example"), [
            ...["", "bob@a.example", "bob+x@a.example", "info@a.example"],
          ]);
          assertEquals(await may("carl"), [""]);
        });
      });
    }),
);

Deno.test("--check reads the list, and dovecot wants --dovecot-auth", () =>
  inFolder(async (folder) => {
    const check = async (source: string) => {
      const { code, stderr, stdout } = await output(postern, [
        ...["serve", "--check", "-RHl0", "127.0.0.1", "0", "smtpd"],
        ...["--me", "mx.example", "--deliver", "discard", "--relay", "discard"],
        ...["--checkpassword", "/bin/true", "--sender-login", source],
      ]);
      return { code, said: stderr + stdout };
    };
    const missing = await check(`${folder}/senders`);
    assertEquals(missing.code, 100);
    assertMatch(
      missing.said,
      /--sender-login: unable to read \S+senders: file does not exist/,
    );
    await Deno.writeTextFile(`${folder}/senders`, "\nann\n");
    const wrong = await check(`${folder}/senders`);
    assertEquals(wrong.code, 100);
    assertMatch(wrong.said, /senders: line 2: "ann" is no ADDRESS/);
    await Deno.writeTextFile(`${folder}/senders`, "@a.example: ann\n");
    assertEquals((await check(`${folder}/senders`)).code, 0);
    const dovecot = await check("dovecot");
    assertEquals(dovecot.code, 100);
    assertMatch(
      dovecot.said,
      /--sender-login dovecot goes with --dovecot-auth/,
    );
  }));
