/**
 * SMTP as the gate has it: settings found for a connection, and a session.
 *
 * @module
 */
import { into } from "../support/troubles.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { parseOptions } from "../../cmd/smtpd_options.ts";
import type { Connection } from "../../lib/base/connection.ts";
import { Unusable } from "../../lib/base/unusable.ts";
import { SmtpProtocol } from "../../lib/smtpd/protocol.ts";
import { testConfig } from "../smtp/run.ts";
import { FastClock } from "../support/fast_clock.ts";
import { inFolder } from "../support/peers.ts";
import { codes, envelope, hello } from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

const { connection } = testConfig;

/** SMTP with a folder of control files, and what it has logged. */
async function open(folder: string, ...args: string[]) {
  const given = ["--control", folder, "--deliver", "discard", ...args];
  const options = (await parseOptions(given, "postern smtpd"))!;
  const logged: string[] = [];
  const protocol = new SmtpProtocol(options, into(logged));
  await protocol.prepare();
  await protocol.rehearse();
  return {
    protocol,
    logged,
    /** What a client hears who says this, and how it ends. */
    async serve(says: string, of: Partial<Connection> = {}) {
      const client = new FakeClient(says);
      const ended = await new Promise<number>((ended, broken) => {
        const told = { ...connection, ...of };
        protocol.serve(client, told, { ended, broken });
      });
      return { client, ended };
    },
  };
}

const control = (folder: string, name: string, text: string) =>
  Deno.writeTextFile(`${folder}/${name}`, text);

Deno.test(
  "a connection is served by the control files that there are",
  () =>
    inFolder(async (folder) => {
      await control(folder, "me", "mx.example.org\n");
      await control(folder, "rcpthosts", "example.com\n");
      const { serve, logged } = await open(folder);
      const { client, ended } = await serve(`${hello}${envelope}QUIT\r\n`);
      assertEquals(ended, 0);
      assertEquals(codes(client), ["220", "250", "250", "250", "221"]);
      assert(client.heard.startsWith("220 mx.example.org "), client.heard);
      assertEquals([client.closed, logged], [1, []]);
    }),
);

Deno.test(
  "what the rules set of a connection is heeded",
  () =>
    inFolder(async (folder) => {
      await control(folder, "me", "mx.example.org\n");
      const { serve } = await open(folder);
      const says = `${hello}MAIL FROM:<> SIZE=200\r\n` +
        "RCPT TO:<a@elsewhere.example>\r\nQUIT\r\n";
      const plain = await serve(says);
      assertEquals(codes(plain.client)!.slice(2, 4), ["250", "553"]);
      const variables = [["RELAYCLIENT", ""], ["DATABYTES", "1000"]] as const;
      const relay = await serve(says, { variables });
      assertEquals(codes(relay.client)!.slice(2, 4), ["250", "250"]);
      const small = [["RELAYCLIENT", ""], ["DATABYTES", "100"]] as const;
      const limited = await serve(says, { variables: small });
      assertEquals(codes(limited.client)!.slice(2, 4), ["552", "503"]);
    }),
);

Deno.test(
  "without control files that can be read a connection is turned away",
  () =>
    inFolder(async (folder) => {
      await control(folder, "rcpthosts", "example.com\n");
      const { serve, logged, protocol } = await open(folder);
      const { client, ended } = await serve(hello);
      assertEquals(ended, 1);
      assertEquals(client.heard, "421 unable to read controls (#4.3.0)\r\n");
      assertEquals(client.closed, 1);
      assertEquals(logged, [
        `unable to read ${folder}/me: file does not exist, and there is no --me`,
      ]);
      assertEquals(await protocol.problems(), logged);
      await control(folder, "smtpgreeting", "mx.example.org\n");
      await control(folder, "me", "mx.example.org\n");
      protocol.refresh(); // or it would be a second
      const after = await serve("QUIT\r\n");
      assertEquals([after.ended, await protocol.problems()], [0, []]);
    }),
);

Deno.test(
  "a session that is served can be stopped",
  () =>
    inFolder(async (folder) => {
      await control(folder, "me", "mx.example.org\n");
      const { protocol } = await open(folder);
      const client = new FakeClient();
      const ended = await new Promise<number>((ended, broken) => {
        const ending = { ended, broken };
        const serving = protocol.serve(client, connection, ending);
        setTimeout(() => serving.stop());
      });
      assertEquals([ended, codes(client)], [1, ["220", "421"]]);
    }),
);

Deno.test(
  "log-ins are offered on a connection that is encrypted from its start",
  () =>
    inFolder(async (folder) => {
      await control(folder, "me", "mx.example.org\n");
      const { serve } = await open(folder, "--passwords", "/nonexistent");
      for (const encrypted of [false, true]) {
        const says = "EHLO x\r\nQUIT\r\n";
        const { client } = await serve(says, { encrypted });
        assertEquals(/250-AUTH/.test(client.heard), encrypted, client.heard);
      }
    }),
);

Deno.test("what could never match ends the start, what is not there does not", () =>
  inFolder(async (folder) => {
    await control(folder, "me", "mx.example.org\n");
    await control(folder, "list", "a b\n@\n");
    const list = `${folder}/list`;
    for (const option of ["--rcpthosts", "--badrcptto", "--recipients"]) {
      await assertRejects(
        () => open(folder, option, list),
        Unusable,
        "(and 1 more: --check tells them all)",
      );
      await open(folder, "--classic", option, list);
    }
    const nofile = `${folder}/nofile`;
    const { logged, serve } = await open(
      folder,
      ...["--rcpthosts", nofile, "--recipients", nofile],
    );
    assertEquals(
      logged,
      ["--rcpthosts", "--recipients"].map((option) =>
        `${option}: unable to read ${nofile}: file does not exist`
      ),
    );
    assertEquals((await serve(hello)).ended, 1);
  }));

Deno.test("a wrong new file turns clients away, and is told once", () =>
  inFolder(async (folder) => {
    await control(folder, "me", "mx.example.org\n");
    await control(folder, "rcpthosts", "example.com\n");
    const { protocol, serve, logged } = await open(folder);
    const isServed = async () => {
      const { client, ended } = await serve("QUIT\r\n");
      assertEquals(ended === 0, client.heard.startsWith("220 "));
      return ended === 0;
    };
    assertEquals(await isServed(), true);
    const wrong = [
      `${folder}/badmailfrom: line 2: "@" is neither an address nor @domain: no domain is behind the @`,
    ];
    using clock = new FastClock();
    const readAgain = (text: string) => {
      Deno.writeTextFileSync(`${folder}/badmailfrom`, text);
      clock.forward(1000);
    };
    readAgain("a@b\n@\n");
    assertEquals([await isServed(), await isServed()], [false, false]);
    assertEquals(logged, wrong);
    readAgain("a@b\n@\n");
    assertEquals([await isServed(), logged], [false, wrong]);
    protocol.refresh(); // who sends SIGHUP wants to know
    assertEquals(await isServed(), false);
    assertEquals(logged, [...wrong, ...wrong]);
    readAgain("a@b\n");
    assertEquals(await isServed(), true);
    readAgain("a@b\n@\n");
    assertEquals(await isServed(), false);
    assertEquals(logged, [...wrong, ...wrong, ...wrong]);
  }));
