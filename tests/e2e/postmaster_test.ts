/**
 * Mail for postmaster is always taken, and somebody has it (RFC 5321 4.5.1).
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, output, postern } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const ours = ["postmaster", "PostMaster@a.example", "postmaster@mx.example"];

/** Sends to each in a message of its own; the codes of RCPT and DATA. */
async function send(port: number, recipients: string[]): Promise<string[]> {
  const client = await SmtpClient.connect(port);
  await client.reply();
  const codes = [];
  for (const to of recipients) {
    await client.ask("MAIL FROM:<x@y.example>");
    let reply = await client.ask(`RCPT TO:<${to}>`);
    if (reply.startsWith("250")) {
      await client.ask("DATA");
      reply = await client.ask("Subject: x\r\n\r\n.");
    } else await client.ask("RSET");
    codes.push(`${to} ${reply.slice(0, 3)}`);
  }
  await client.ask("QUIT");
  client.close();
  return codes;
}

const taken = (recipients: string[]) => recipients.map((each) => `${each} 250`);

const smtpd = [
  "smtpd",
  "--me",
  "mx.example",
  "--rcpthosts",
  "a.example,b.example",
];
const serve = ["-vRHl0", "127.0.0.1", "0", ...smtpd];

async function count(folder: string): Promise<number> {
  const { stdout } = await output("find", [folder, "-path", "*/new/*"]);
  return stdout.split("\n").length - 1;
}

/** Everything that could keep it away. */
async function lists(folder: string): Promise<string[]> {
  await Deno.writeTextFile(`${folder}/known`, "someone@a.example\n");
  return ["--recipients", `${folder}/known`, "--badrcptto", "@a.example"];
}
const nobodyThere = { env: { RCPTCHECK: "/bin/false" } };

Deno.test("where each user has a mailbox, it is that of the host's postmaster", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/mx.example/postmaster`, { recursive: true });
    await Deno.mkdir(`${folder}/b.example/postmaster`, { recursive: true });
    const args = [
      ...[...serve, "--maildir", `${folder}/{domain}/{user}`],
      ...await lists(folder),
    ];
    await withGate(args, nobodyThere, async ({ port }) => {
      const all = [...ours, "postmaster@b.example"];
      assertEquals(await send(port, all), taken(all));
      assertEquals(
        await send(port, ["postmaster@elsewhere.example", "x@b.example"]),
        [
          "postmaster@elsewhere.example 553",
          "x@b.example 550",
        ],
      );
    });
    assertEquals(await count(`${folder}/mx.example/postmaster`), 3);
    assertEquals(await count(`${folder}/b.example/postmaster`), 1);
  }));

for (
  const [what, mailbox, where] of [
    ["an address", "jane@a.example", "a.example/jane"],
    ["a name", "jane", "mx.example/jane"],
    ["a path", "FOLDER/pm/Maildir", "pm/Maildir"],
  ]
) {
  Deno.test(`--postmaster of ${what} has it`, () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/${where}`, { recursive: true });
      const args = [
        ...[...serve, "--maildir", `${folder}/{domain}/{user}`],
        ...["--postmaster", mailbox.replace("FOLDER", folder)],
        ...await lists(folder),
      ];
      await withGate(args, nobodyThere, async ({ port }) => {
        assertEquals(await send(port, ours), taken(ours));
      });
      assertEquals(await count(`${folder}/${where}`), 3);
    }));
}

Deno.test("one mailbox for all is the postmaster's; badrcptto may name him", () =>
  inFolder(async (folder) => {
    const args = [
      ...[...serve, "--maildir", `${folder}/all`],
      ...["--badrcptto", "postmaster@b.example"],
    ];
    await withGate(args, {}, async ({ port }) => {
      assertEquals(await send(port, [...ours, "postmaster@b.example"]), [
        ...taken(ours),
        "postmaster@b.example 553",
      ]);
    });
    assertEquals(await count(`${folder}/all`), 3);
  }));

Deno.test("--check says that nobody has it who was named", () =>
  inFolder(async (folder) => {
    const check = async (...more: string[]) => {
      const args = ["serve", "--check", ...serve, ...more];
      const { code, stderr } = await output(postern, args);
      return `${code} ${stderr}`;
    };
    const users = ["--maildir", `${folder}/{user}`];
    const nobody = /^100 .*--postmaster: nobody takes mail for jane@/;
    assertEquals(await check(...users), "0 "); // not every gate has somebody
    assertMatch(await check(...users, "--postmaster", "jane"), nobody);
    await Deno.mkdir(`${folder}/jane`);
    assertEquals(await check(...users, "--postmaster", "jane"), "0 ");
    assertEquals(await check(...users, "--postmaster", `${folder}/x`), "0 ");
    assertEquals(await check(...users, "--create-mailboxes"), "0 ");
    assertEquals(await check("--maildir", `${folder}/all`), "0 ");
    assertMatch(await check(...users, "--postmaster", "<>"), /--postmaster/);
  }));

Deno.test("--qualify adds our name, and --max-errors 0 is no limit", () =>
  inFolder(async (folder) => {
    const deliver = ["--maildir", `${folder}/{user}`, "--create-mailboxes"];
    const args = [
      ...["-vRHl0", "127.0.0.1", "0", "smtpd", "--me", "mx.example"],
      ...[...deliver, "--qualify", "--max-errors", "0"],
    ];
    await withGate(args, {}, async ({ port }) => {
      const client = await SmtpClient.connect(port);
      await client.reply();
      for (let i = 0; i < 50; i++) assertMatch(await client.ask("X"), /^500/);
      client.close();
      assertEquals(await send(port, ["joe"]), ["joe 250"]);
    });
    assertEquals(await count(`${folder}/joe`), 1);
  }));
