/** What the README begins with: the gate from its source, on this machine. */
import { fileURLToPath } from "node:url";
import { assertEquals, assertMatch } from "@std/assert";
import { freePort } from "../../scripts/bench/contestant.ts";
import { inFolder, needing, output, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const script = fileURLToPath(
  new URL("../../scripts/start.ts", import.meta.url),
);

/** Starts it in a folder, from the source. */
const start = (folder: string, port: number, stderr: "null" | "piped") =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", "--no-check", script, `${port}`],
    cwd: folder,
    ...{ stdin: "null", stdout: "null", stderr },
  }).spawn();

Deno.test(
  needing({}, "task start takes a first message"),
  () =>
    inFolder(async (folder) => {
      const port = freePort();
      const gate = start(folder, port, "null");
      try {
        let client: SmtpClient | null = null;
        await until("the gate is on", async () => {
          client = await SmtpClient.connect(port).catch(() => null);
          return client !== null;
        });
        const ask = async (line: string) => {
          await client!.send(`${line}\r\n`);
          return await client!.reply();
        };
        assertMatch(await client!.reply(), /^220 /);
        await ask("EHLO x");
        await ask("MAIL FROM:<you@example.com>");
        await ask("RCPT TO:<friend@example.org>");
        await ask("DATA");
        assertMatch(await ask("Subject: hello\r\n\r\nIt works.\r\n."), /^250 /);
        client!.close();
        assertEquals([...Deno.readDirSync(`${folder}/Maildir/new`)].length, 1);
      } finally {
        gate.kill("SIGTERM");
        await gate.status;
      }
    }),
);

Deno.test(
  needing({}, "task start says that the gate is on when it is"),
  () =>
    inFolder(async (folder) => {
      const port = freePort();
      const gate = start(folder, port, "piped");
      const reader = gate.stderr.getReader();
      try {
        let said = "";
        while (!said.includes("the gate is on")) {
          const { value, done } = await reader.read();
          if (done) throw new Error(`it ended, and said: ${said}`);
          said += new TextDecoder().decode(value);
        }
        const client = await SmtpClient.connect(port);
        assertMatch(await client.reply(), /^220 /);
        client.close();
      } finally {
        gate.kill("SIGTERM");
        await reader.cancel();
        await gate.status;
      }
    }),
);

Deno.test(
  needing({}, "task start says nothing of the kind where the port is taken"),
  () =>
    inFolder(async (folder) => {
      const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      try {
        const { port } = taken.addr as Deno.NetAddr;
        const { code, stderr } = await output(Deno.execPath(), [
          ...["run", "-A", "--unstable-net", "--no-check", script, `${port}`],
        ], { cwd: folder });
        assertEquals([code, /gate is on/.test(stderr)], [111, false]);
        assertMatch(stderr, /unable to bind/);
      } finally {
        taken.close();
      }
    }),
);
