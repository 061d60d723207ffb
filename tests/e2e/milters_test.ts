/**
 * Messages that a milter is asked about before the client hears 250.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { allSteps, type Said, says, TestMilter } from "../support/milter.ts";
import {
  send,
  sendIn,
  stored,
  taken,
  withMilterGate,
} from "../support/milter_gate.ts";
import { NextHop } from "../support/next_hop.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { makePasswords, withSmtpd } from "../support/smtp_server.ts";

/** From its first field that is not a server's. */
const rest = (text: string) => text.slice(text.indexOf("Subject:"));

Deno.test(
  needing({}, "a milter is told what Postfix tells"),
  () =>
    withMilterGate({}, async ({ milter, gate, maildir }) => {
      const client = await SmtpClient.connect(gate.port);
      await client.reply();
      await client.ask("EHLO client.example");
      await client.ask(
        'MAIL FROM:<"a b"@sender.example> SIZE=99 BODY=8BITMIME',
      );
      await client.ask("RCPT TO:<ann@example.org>");
      await client.ask("RCPT TO:<ben@example.org>");
      await client.ask("DATA");
      const text = "Subject:  a\r\n b\r\nx-a:\tc\r\n\r\n..x\r\n\r\n.";
      assertMatch(await client.ask(text), /^250 /);
      client.close();
      const [mail] = milter.mails;
      const [stranger] = milter.connects;
      assertEquals(
        stranger.replace(/4[^]{2}/, "4PP").split("\0"),
        ["[127.0.0.1]", "4PP127.0.0.1", ""],
      );
      assertEquals(mail.helo, "client.example");
      assertEquals(mail.sender, '<"a b"@sender.example>');
      assertEquals(mail.parameters, ["SIZE=99", "BODY=8BITMIME"]);
      assertEquals(mail.recipients, ["<ann@example.org>", "<ben@example.org>"]);
      assertEquals(mail.header, [["Subject", " a\n b"], ["x-a", "\tc"]]);
      assertEquals(mail.body, ".x\r\n\r\n");
      assertEquals(mail.letters, "MRTLNBE");
      const [id] = /(?<= id )[\w-]+/.exec(stored(maildir)[0])!;
      const known = Object.fromEntries(mail.macros);
      assertEquals({ ...known, "{client_port}": "", "{daemon_port}": "" }, {
        i: id,
        j: "mx.example.org",
        v: "postern",
        _: "unknown [127.0.0.1]",
        "{daemon_name}": "mx.example.org",
        "{daemon_addr}": "127.0.0.1",
        "{daemon_port}": "",
        "{if_addr}": "127.0.0.1",
        "{client_addr}": "127.0.0.1",
        "{client_name}": "unknown",
        "{client_port}": "",
        "{mail_addr}": '"a b"@sender.example',
        "{rcpt_addr}": "ben@example.org",
      });
    }),
);

/** What it says at a command, and what the client hears of that, and where. */
const refusals: [letters: string, said: Said[], heard: RegExp][] = [
  ["CHMRTLNBE", [["r"]], /^550 5\.7\.1 rejected by a filter$/],
  ["CHMRTLNBE", [["t"]], /^451 4\.7\.1 /],
  ["CHMRTLNBE", [["4"]], /^421 4\.7\.0 /],
  ["MRE", [says.reply("554 5.7.9 no 100%% %way")], /^554 5\.7\.9 no 100% way$/],
  [
    "RE",
    [says.reply("550-5.7.1 one\r\n550-5.7.1 two\r\n550 5.7.1 three")],
    /^550 5\.7\.1 one two three$/,
  ],
  ["RE", [says.reply("452 no status")], /^452 4\.7\.1 no status$/],
  ["RE", [says.reply("571 5.7.1 unknown code")], /^550 5\.7\.1 unknown code$/],
  ["E", [says.reply("what?")], /^451 4\.7\.1 /],
  ["E", [says.add("X", "1"), ["r"]], /^550 5\.7\.1 /],
  ["E", [says.quarantine("why"), ["t"]], /^451 4\.7\.1 /],
  ["MRTLNBE", [["d"]], /^250 /],
];

Deno.test(
  needing({}, "a milter refuses or discards a message at each stage"),
  () =>
    withMilterGate({}, async ({ milter, gate, maildir }) => {
      for (const [letters, said, heard] of refusals) {
        for (const letter of letters) {
          milter.manners = { script: () => ({ at: { [letter]: said } }) };
          assertMatch(await send(gate.port), heard, `${said} at ${letter}`);
          assertEquals(stored(maildir), [], `${said} at ${letter}`);
        }
      }
      // Of what is not about a message, nobody is thrown away.
      for (const letter of "CH") {
        milter.manners = { script: () => ({ at: { [letter]: [["d"]] } }) };
        assertMatch(await send(gate.port), /^250 /);
        assertEquals(taken(maildir).length, 1);
      }
      for (const letter of "CHMRTLNBE") {
        milter.manners = { script: () => ({ at: { [letter]: [["a"]] } }) };
        assertMatch(await send(gate.port), /^250 /);
        assertEquals(taken(maildir).length, 1, letter);
        const { letters } = milter.mails.at(-1) ?? { letters: "" };
        if (!"CH".includes(letter)) assertEquals(letters.at(-1), letter);
      }
    }),
);

Deno.test(
  needing({}, "a milter that refuses one recipient refuses no other"),
  () =>
    withMilterGate({}, async ({ milter, gate, maildir }) => {
      const client = await SmtpClient.connect(gate.port);
      await client.reply();
      await client.ask("EHLO client.example");
      await client.ask("MAIL FROM:<bob@sender.example>");
      milter.manners = {
        script: () => ({ at: { R: [says.reply("550 5.1.1 nobody")] } }),
      };
      assertEquals(
        await client.ask("RCPT TO:<x@example.org>"),
        "550 5.1.1 nobody\r\n",
      );
      milter.manners = {};
      assertMatch(await client.ask("RCPT TO:<ann@example.org>"), /^250 /);
      await client.ask("DATA");
      assertMatch(await client.ask("Subject: a\r\n\r\n."), /^250 /);
      client.close();
      assertEquals(milter.mails.length, 1);
      assertEquals(stored(maildir).length, 1);
      await gate.logged(/ filter\.answered .* answer=never .*"nobody"/);
    }),
);

Deno.test(
  needing({}, "a milter changes header, body, sender and recipients"),
  async () => {
    const at = {
      E: [
        ["p"],
        says.add("X-New", "one\n\ttwo"),
        says.insert(0, "X-Top", "1"),
        says.change(1, "x-a", "9"),
        says.change(1, "Subject", ""),
        ["p"],
        says.body("new\r\nbo"),
        says.body("dy"),
        says.sender("<eve@sender.example>"),
        says.addRecipient("<cat@example.org>"),
        ["2", "<dan@example.org>\0NOTIFY=NEVER\0"],
        says.deleteRecipient("<ann@example.org>"),
        ["c"],
      ] satisfies Said[],
    };
    const hop = new NextHop();
    await withMilterGate(
      { at, deliver: hop.target },
      async ({ gate }) => {
        assertMatch(await send(gate.port), /^250 /);
        await gate.logged(
          /answer=pass .*remark="header edits: 4, new body, new sender, now 2 recipients"/,
        );
      },
    );
    hop.close();
    const [{ sender, recipients, text }] = hop.messages;
    assertEquals(sender, "eve@sender.example");
    assertEquals(recipients, ["cat@example.org", "dan@example.org"]);
    assertMatch(
      text,
      /^X-Top: 1\r\nReceived: [^]*\r\nX-a: 9\r\nX-New: one\r\n\ttwo\r\n\r\nnew\r\nbody\r\n$/i,
    );
    // The client's had been told, and taken back.
    assertEquals(
      hop.lines.filter((line) => /^(MAIL|RCPT|RSET)/.test(line)).length > 3,
      true,
    );
  },
);

Deno.test(
  needing({}, "recipients of a milter's that a next hop does not take"),
  async () => {
    const hop = new NextHop({
      fault: (step, line) =>
        step === "rcpt" && line.includes("cat")
          ? { say: "550 5.1.1 no cats\r\n" }
          : null,
    });
    const at = { E: [says.addRecipient("cat@example.org"), ["c"]] as Said[] };
    await withMilterGate(
      { at, deliver: hop.target },
      async ({ gate }) => {
        assertEquals(await send(gate.port), "550 5.1.1 no cats");
      },
    );
    hop.close();
    assertEquals(hop.messages, []);
  },
);

Deno.test(
  needing({}, "what a milter quarantines is in the junk folder"),
  () =>
    withMilterGate(
      { at: { E: [says.quarantine("looks odd"), ["c"]] } },
      async ({ gate, maildir }) => {
        assertMatch(await send(gate.port), /^250 /);
        assertEquals(stored(maildir), []);
        const [text] = stored(maildir, "/.Junk");
        assertMatch(text, /\nX-Quarantine: looks odd\n\nbody\n$/);
        await gate.logged(/ answer=folder .*remark=".*quarantined: looks odd"/);
      },
    ),
);

Deno.test(
  needing(
    {},
    "milters and others are asked in their order, about what is left",
  ),
  () =>
    withMilterGate(
      { at: { E: [says.insert(1, "X-One", "1"), ["c"]] } },
      async (first) => {
        await withMilterGate({
          at: { E: [says.change(1, "X-One", "2"), ["c"]] },
          smtpd: ["--milter", first.milter.address, "--authentication-results"],
        }, async ({ gate, milter, maildir }) => {
          assertMatch(await send(gate.port), /^250 /);
          // What says where it comes from is above all, and they see it.
          const names = (all: readonly (readonly [string, string])[]) =>
            all.map(([name]) => name);
          assertEquals(names(milter.mails[0].header), [
            ...["Authentication-Results", "Subject", "X-A"],
          ]);
          assertEquals(names(first.milter.mails[0].header), [
            ...["Authentication-Results", "Subject", "X-A", "X-One"],
          ]);
          assertMatch(
            stored(maildir)[0],
            /Authentication-Results: [^]*\nX-One: 1\nReceived: [^]*\nX-One: 2\n\n/,
          );
        });
      },
    ),
);

Deno.test(
  needing({}, "a milter that wants to be told little, and says less"),
  () =>
    withMilterGate(
      { steps: allSteps & ~0x400 & ~0x800 & ~0x100 },
      async ({ gate, milter, maildir }) => {
        for (let i = 0; i < 3; i++) assertMatch(await send(gate.port), /^250 /);
        assertEquals(stored(maildir).length, 3);
        assertEquals(milter.mails, []); // told of nothing but the end
      },
    ),
);

Deno.test(
  needing({}, "a milter of an old version is not told of DATA"),
  () =>
    withMilterGate({ version: 2, actions: 0x3f }, async ({ gate, milter }) => {
      assertMatch(await send(gate.port), /^250 /);
      assertEquals(milter.mails[0].letters, "MRLNBE");
    }),
);

Deno.test(
  needing({}, "a milter has one connection for a session, whatever is in it"),
  () =>
    withMilterGate({}, async ({ gate, milter, maildir }) => {
      const client = await SmtpClient.connect(gate.port);
      await client.reply();
      await client.ask("EHLO client.example");
      assertMatch(await sendIn(client), /^250 /);
      // Left: by RSET, by another MAIL, and by EHLO.
      await client.ask("MAIL FROM:<left@sender.example>");
      await client.ask("RCPT TO:<ann@example.org>");
      await client.ask("RSET");
      assertMatch(await sendIn(client), /^250 /);
      await client.ask("MAIL FROM:<left@sender.example>");
      await client.ask("RCPT TO:<ann@example.org>");
      await client.ask("EHLO other.example");
      assertMatch(await sendIn(client), /^250 /);
      // All in one go.
      await client.send(
        "MAIL FROM:<p@sender.example>\r\nRCPT TO:<ann@example.org>\r\n" +
          "RCPT TO:<ben@example.org>\r\nDATA\r\n",
      );
      for (let i = 0; i < 3; i++) assertMatch(await client.reply(), /^250 /);
      assertMatch(await client.reply(), /^354 /);
      assertMatch(await client.ask("Subject: a\r\n\r\n."), /^250 /);
      // In chunks, without an end of line, and with what is not ASCII.
      await client.ask("MAIL FROM:<\u00e9@sender.example> SMTPUTF8");
      await client.ask("RCPT TO:<ann@example.org>");
      await client.send(
        "BDAT 19\r\nSubject: \u00e9\r\n\r\nchunBDAT 3 LAST\r\nked",
      );
      await client.reply();
      assertMatch(await client.reply(), /^250 /);
      await client.ask("QUIT");
      assertEquals(milter.connections, 1);
      assertEquals(stored(maildir).length, 5);
      assertEquals(
        milter.mails.map(({ isAborted, letters, helo }) => [
          ...[isAborted, letters.at(-1), helo],
        ]),
        [
          [false, "E", "client.example"],
          [true, "R", "client.example"],
          [false, "E", "client.example"],
          [true, "R", "client.example"],
          [false, "E", "other.example"],
          [false, "E", "other.example"],
          [false, "E", "other.example"],
        ],
      );
      const last = milter.mails.at(-1)!;
      assertEquals(last.parameters, ["SMTPUTF8"]);
      assertEquals(last.body, "chunked\r\n");
      await until("the milter is left", () => milter.open === 0);
    }),
);

Deno.test(
  needing({}, "a client that goes leaves nothing behind"),
  () =>
    withMilterGate({}, async ({ gate, milter, maildir }) => {
      for (const lines of [0, 1, 2, 3, 4]) {
        const client = await SmtpClient.connect(gate.port);
        await client.reply();
        await client.ask("EHLO client.example");
        const commands = [
          ...["MAIL FROM:<b@sender.example>", "RCPT TO:<a@example.org>"],
          ...["DATA", "Subject: a\r\nhalf a text"],
        ].slice(0, lines);
        for (const each of commands) {
          if (each.startsWith("Subject")) await client.send(each);
          else await client.ask(each);
        }
        client.close();
      }
      // While it is asked.
      milter.manners = { script: () => ({ delayMs: 300 }) };
      const hasty = await SmtpClient.connect(gate.port);
      await hasty.send(
        "EHLO x\r\nMAIL FROM:<b@sender.example>\r\nRCPT TO:<a@example.org>\r\n",
      );
      await until("it is asked", () => milter.mails.length === 4);
      hasty.close();
      await until("the milter is left", () => milter.open === 0);
      milter.manners = {};
      assertEquals(stored(maildir), []);
      assertMatch(await send(gate.port), /^250 /);
      assertEquals(/unable to ask/.test(gate.log), false, gate.log);
    }),
);

Deno.test(
  needing({}, "a milter is asked about those who may relay"),
  () =>
    withMilterGate(
      { env: { RELAYCLIENT: "" }, deliver: "discard" },
      async ({ gate, milter }) => {
        assertMatch(
          await send(gate.port, { recipients: ["ann@foreign.example"] }),
          /^250 /,
        );
        assertEquals(milter.mails[0].recipients, ["<ann@foreign.example>"]);
      },
    ),
);

Deno.test(
  needing({}, "TERM waits for a milter's answer, and tells the client"),
  () =>
    withMilterGate(
      { script: () => ({ delayMs: 100 }) },
      async ({ gate, milter, maildir }) => {
        const sending = send(gate.port);
        await until("it is asked", () =>
          milter.mails.at(-1)?.letters.endsWith("B") ?? false);
        const stopped = gate.stop();
        assertMatch(await sending, /^250 /);
        assertEquals((await stopped).code, 0);
        assertEquals(stored(maildir).length, 1);
      },
    ),
);

Deno.test(
  needing({}, "a milter of `postern smtpd`, at a path"),
  () =>
    inFolder(async (folder) => {
      await withMilterGate(
        {
          path: `${folder}/milter`,
          at: { E: [says.add("X-Seen", "1"), ["c"]] },
        },
        async ({ milter }) => {
          const { code, stdout } = await output(postern, [
            ...["smtpd", "--me", "mx.example.org", "--rcpthosts"],
            ...["example.org", "--milter", milter.address],
            ...["--maildir", `${folder}/Maildir`],
          ], {
            stdin: "EHLO x\r\nMAIL FROM:<b@sender.example>\r\n" +
              "RCPT TO:<a@example.org>\r\nDATA\r\nSubject: a\r\n\r\nx\r\n" +
              ".\r\nQUIT\r\n",
            env: { PROTO: "TCP", TCPREMOTEIP: "192.0.2.9" },
          });
          assertEquals(code, 0);
          assertMatch(stdout, /\n250 [^]*\r\n354 .*\r\n250 .*\r\n221 /);
          assertMatch(
            rest(stored(`${folder}/Maildir`)[0]),
            /^Subject: a\nX-Seen: 1\n\nx\n$/,
          );
          assertMatch(milter.connects[0], /192\.0\.2\.9/);
        },
      );
    }),
);

Deno.test(
  needing({}, "a milter is told who has logged in, how, and by which TLS"),
  async () => {
    const milter = new TestMilter();
    await withSmtpd({
      relays: false,
      smtpd: async (folder) => [
        ...["--passwords", await makePasswords(`${folder}/p`, { ann: "x" })],
        ...["--milter", milter.address, "--rcpthosts", "example.org"],
      ],
    }, async ({ gate, certificate }) => {
      const client = await SmtpClient.connect(gate.port);
      await client.reply();
      await client.ask("EHLO first.example");
      await sendIn(client);
      await client.ask("STARTTLS");
      await client.encrypt(certificate.cert);
      await client.ask("EHLO second.example");
      assertMatch(await client.ask("AUTH LOGIN"), /^334 /);
      await client.ask(btoa("ann"));
      assertMatch(await client.ask(btoa("x")), /^235 /);
      assertMatch(await sendIn(client), /^250 /);
      client.close();
      const [clear, secure] = milter.mails;
      assertEquals(clear.helo, "first.example");
      assertEquals(secure.helo, "second.example");
      const { macros } = secure;
      assertEquals(macros.get("{auth_authen}"), "ann");
      assertEquals(macros.get("{auth_type}"), "LOGIN");
      assertMatch(macros.get("{tls_version}") ?? "", /^TLSv1\./);
      assertEquals(milter.connections, 1);
    });
    milter.close();
  },
);

Deno.test(
  needing({}, "a milter knows of TLS before it is told of the sender"),
  async () => {
    const milter = new TestMilter({
      script: () => ({ at: { M: [["r"]] } }),
    });
    await withSmtpd({
      relays: false,
      smtpd: () => ["--milter", milter.address, "--rcpthosts", "example.org"],
    }, async ({ gate, certificate }) => {
      const client = await SmtpClient.connect(gate.port);
      await client.reply();
      await client.ask("EHLO same.example");
      assertMatch(await sendIn(client), /^550 /);
      const [{ macros }] = milter.mails; // of the connection
      assertEquals(macros.has("{tls_version}"), false);
      await client.ask("RSET");
      assertMatch(await client.ask("STARTTLS"), /^220 /);
      await client.encrypt(certificate.cert);
      await client.ask("EHLO same.example");
      assertMatch(await sendIn(client), /^550 /);
      client.close();
      assertEquals(milter.connections, 1);
      assertMatch(macros.get("{tls_version}") ?? "", /^TLSv1\./);
      assertMatch(macros.get("{cipher}") ?? "", /^TLS_/);
    });
    milter.close();
  },
);

Deno.test(
  needing({}, "a milter of a classic smtpd"),
  () =>
    withMilterGate({
      smtpd: ["--classic"],
      at: { E: [says.insert(1, "X-Seen", "1"), ["c"]] },
    }, async ({ gate, maildir }) => {
      assertMatch(await send(gate.port), /^250 ok /);
      assertMatch(
        stored(maildir)[0],
        /\nReceived: .*\n {2}by .*\nX-Seen: 1\nSubject: hello\n/,
      );
    }),
);
