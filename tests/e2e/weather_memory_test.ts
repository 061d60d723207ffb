/**
 * Bad weather: clients that try to make the gate grow, each with all that a
 * session lets it say, and that wait then.
 *
 * @module
 */
import { assert } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { memoryOf, quiet } from "../support/weather.ts";

const sessions = runs(200, 20);
const waves = runs(8, 4);
/** What V8 takes for code and garbage, whoever is there. */
const ownKb = 16_000;
/** And of what is in use: it may become twice as much before it collects. */
const untilCollected = 2;

/** Says what makes a session large, and stays. */
type Greed = (client: SmtpClient) => Promise<unknown>;

const local = (i: number, bytes: number) => `r${i}.`.padEnd(bytes, "x");

const begin = async (client: SmtpClient, from = "<a@b.example>") => {
  await client.ask(`EHLO ${"h".repeat(2000)}`);
  await client.ask(`MAIL FROM:${from}`);
};

async function name(client: SmtpClient, count: number, bytes: number) {
  for (let i = 0; i < count;) {
    const some = Math.min(50, count - i);
    let lines = "";
    for (let k = 0; k < some; k++, i++) {
      lines += `RCPT TO:<${local(i, bytes)}@localhost>${" ".repeat(500)}\r\n`;
    }
    await client.send(lines);
    for (let k = 0; k < some; k++) await client.reply();
  }
}

async function byByte(client: SmtpClient, text: string) {
  (client.conn as Deno.TcpConn).setNoDelay();
  for (const byte of text) await client.send(byte);
}

const line = "x".repeat(60_000);

const greeds: Greed[] = [
  async (client) => {
    await begin(client);
    await name(client, runs(1000, 300), 240);
    await byByte(client, "RCPT TO:<".padEnd(500, "x"));
  },
  async (client) => {
    await begin(client);
    await name(client, 100, 240);
    await client.ask("DATA");
    await client.send(line);
  },
  async (client) => {
    await begin(client);
    await name(client, 100, 240);
    await client.send(`BDAT 10000000\r\n${line}`);
  },
  async (client) => {
    await begin(client, `<${"x".repeat(240)}@b.example>`);
    for (let i = 0; i < 9; i++) {
      await client.ask(`RCPT TO:<${local(i, 2000)}@localhost>`);
    }
    await client.send("EHLO x\r\n".repeat(250)); // and hears none of it
  },
];

const classicGreeds: Greed[] = [
  async (client) => {
    await client.ask(`HELO ${"h".repeat(60_000)}`);
    await client.ask("MAIL FROM:<>");
    await name(client, runs(9990, 1000), 250);
    await byByte(client, "RCPT TO:<".padEnd(runs(60_000, 3000), "x"));
  },
];

for (
  const [dialect, kinds, count, mostKb] of [
    ["default", greeds, sessions, 300],
    ["classic", classicGreeds, sessions / 10, 3500],
  ] as const
) {
  Deno.test(
    needing({}, `${count} greedy clients, and then others: ${dialect}`),
    () =>
      inFolder((folder) =>
        withGate(
          [
            ...[...quiet, `-c${count * 2}`, "-b200", "127.0.0.1", "0"],
            ...["smtpd", "--me", "localhost", "--deliver"],
            ...[`maildir:${folder}/Maildir`],
            ...(dialect === "classic" ? ["--classic"] : []),
          ],
          { env: { RELAYCLIENT: "" } },
          async ({ port, child: { pid } }) => {
            /** Memory while all of them are there. */
            const wave = async (clients: number) => {
              const all = Array.from({ length: clients }, async (_, i) => {
                const client = await SmtpClient.connect(port);
                await client.reply();
                await kinds[i % kinds.length](client);
                return client;
              });
              const there = await Promise.all(all);
              const held = memoryOf(pid);
              for (const client of there) client.close();
              return held;
            };
            for (let i = 0; i < 3; i++) await wave(kinds.length); // warmed up
            const alone = memoryOf(pid);
            const held = [];
            for (let i = 0; i < waves; i++) held.push(await wave(count));
            const figures = `${alone} KB, then ${held.join(", ")}`;
            const most = ownKb + untilCollected * mostKb * count;
            assert(Math.max(...held) < alone + most, figures);
            assert(held[waves - 1] < 1.3 * held[waves / 2], figures);
          },
        )
      ),
  );
}
