/**
 * What one client may have, and who it is behind a proxy.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { ClientFrom } from "../support/client_from.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const programs = [
  ["smtpd", "--deliver", "discard"],
  ["sh", "-c", "printf '220 hello\\r\\n'; read line"],
];

for (const program of programs) {
  Deno.test(
    needing({}, `a client over its number waits for nobody: ${program[0]}`),
    () =>
      withGate(
        [
          "-vRHl0",
          "--per-ip",
          "2",
          "--busy-reply",
          "127.0.0.1",
          "0",
          ...program,
        ],
        {},
        async (gate) => {
          const two = [
            await SmtpClient.connect(gate.port),
            await SmtpClient.connect(gate.port),
          ];
          for (const each of two) assertMatch(await each.reply(), /^220/);
          const third = await SmtpClient.connect(gate.port);
          assertEquals(
            await third.reply(),
            "421 4.7.0 too many connections, try again later\r\n",
          );
          assertEquals(await third.reply(), "");
          third.close();
          await gate.logged(
            /: pid \d+ from 127\.0\.0\.1\n.*dropping connection, too many connections from 127\.0\.0\.1: at most 2 at once\n/,
          );
          two[0].close();
          await gate.logged(/status: 1\/40\n$/);
          const fourth = await SmtpClient.connect(gate.port);
          assertMatch(await fourth.reply(), /^220/);
          fourth.close();
          two[1].close();
        },
      ),
  );

  Deno.test(
    needing({}, `workers count a client together: ${program[0]}`),
    async () => {
      const serve = ["-RHl0", "--workers", "4"];
      const greetings = async (limit: string[], froms: string[]) => {
        let count = 0;
        await withGate(
          [...serve, ...limit, "127.0.0.1", "0", ...program],
          {},
          async ({ port }) => {
            for (const from of froms) {
              const to = { ip: "127.0.0.1", port };
              const client = await ClientFrom.connect(from, to);
              await until(
                "an answer",
                () => client.ended || client.received !== "",
              );
              if (client.received.startsWith("220")) count++;
            }
          },
        );
        return count;
      };
      const often = Array.from({ length: 16 }, () => "127.0.0.1");
      assertEquals(await greetings(["--per-ip", "1"], often), 1);
      assertEquals(await greetings(["--rate", "3/3600"], often), 3);
      const many = often.map((_, i) => `127.0.0.${i + 1}`);
      assertEquals(await greetings(["--per-ip", "1"], many), 16);
    },
  );

  Deno.test(
    needing({}, `a client over its rate is closed at once: ${program[0]}`),
    () =>
      withGate(
        ["-vRHl0", "--rate", "3/3600", "127.0.0.1", "0", ...program],
        {},
        async (gate) => {
          for (const expected of [/^220/, /^220/, /^220/, /^$/, /^$/]) {
            const client = await SmtpClient.connect(gate.port);
            assertMatch(await client.reply(), expected);
            client.close();
          }
        },
      ),
  );

  Deno.test(
    needing({}, `rules see the client behind a trusted proxy: ${program[0]}`),
    () =>
      inFolder(async (folder) => {
        await Deno.writeTextFile(`${folder}/rules`, "192.0.2.7:allow\n:deny\n");
        await output(postern, [
          "rules",
          "compile",
          "-o",
          `${folder}/cdb`,
          `${folder}/rules`,
        ]);
        const serve = ["-vRHl0", "-x", `${folder}/cdb`, "--proxy-protocol"];
        const connect = async (port: number, header: string) => {
          const client = await SmtpClient.connect(port);
          await client.send(header);
          const reply = await client.reply();
          client.close();
          return reply;
        };
        const from = (ip: string) =>
          `PROXY TCP4 ${ip} 198.51.100.1 4711 25\r\n`;
        await withGate(
          [...serve, "127.0.0.0/8", "127.0.0.1", "0", ...program],
          {},
          async (gate) => {
            assertMatch(await connect(gate.port, from("192.0.2.7")), /^220/);
            await gate.logged(
              /ok \d+ 0:198\.51\.100\.1:25 :192\.0\.2\.7::4711\n/,
            );
            assertEquals(await connect(gate.port, from("192.0.2.8")), "");
            assertEquals(await connect(gate.port, "EHLO x\r\n"), "");
            await gate.logged(
              /dropping connection, unable to read the PROXY header: /,
            );
            // In pieces, and with a command right behind it.
            const client = await SmtpClient.connect(gate.port);
            const whole = from("192.0.2.7") + "HELO x\r\n";
            for (
              const piece of [
                whole.slice(0, 9),
                whole.slice(9, 30),
                whole.slice(30),
              ]
            ) {
              await client.send(piece);
              await new Promise((resolve) => setTimeout(resolve, 30));
            }
            assertMatch(await client.reply(), /^220/);
            if (program[0] === "smtpd") {
              assertMatch(await client.reply(), /^250/);
            }
            client.close();
          },
        );
        // From anybody else the header is only a bad command.
        await withGate(
          [...serve, "192.0.2.1", "127.0.0.1", "0", ...program],
          {},
          async (gate) => {
            assertEquals(await connect(gate.port, from("192.0.2.7")), "");
            await gate.logged(
              /deny \d+ 0:127\.0\.0\.1:\d+ :127\.0\.0\.1::\d+\n/,
            );
          },
        );
      }),
  );
}

for (const program of [["smtpd", "--deliver", "discard"], ["cat"]]) {
  Deno.test(
    needing(
      { peers: ["ss"] },
      `the kernel's queue is as long as -b says: ${program[0]}`,
    ),
    async () => {
      for (const host of ["127.0.0.1", "0", "::1", "::"]) {
        const serve = ["-RHl0", "-b", "7", "--workers", "2", host, "0"];
        await withGate([...serve, ...program], {}, async ({ port }) => {
          const { stdout } = await output("ss", [
            ...["-Hltn", "sport", "=", `:${port}`],
          ]);
          const queues = stdout.trim().split("\n")
            .map((line) => line.split(/\s+/)[2]);
          assertEquals(queues, ["7", "7"], host);
        });
      }
    },
  );
}

Deno.test(
  needing({}, "workers that count a client together have their clients"),
  () =>
    withGate(
      [
        ...["-vRHl0", "--workers", "4", "--per-ip", "1", "127.0.0.1", "0"],
        ...programs[0],
      ],
      {},
      async (gate) => {
        for (let i = 1; i <= 16; i++) {
          const to = { ip: "127.0.0.1", port: gate.port };
          const client = await ClientFrom.connect(`127.0.0.${i}`, to);
          await client.has("220 ");
          await gate.logged(new RegExp(`ok \\d+ .*:127\\.0\\.0\\.${i}:`));
          client.close();
        }
        const numbers = [...gate.log.matchAll(/ ok (\d+) /g)];
        // Each worker's have a remainder of their own.
        const workers = new Set(
          numbers.map(([, number]) => Number(number) % 4),
        );
        assertEquals(workers.size, 4);
      },
    ),
);

Deno.test(
  needing({}, "a gate that counts nobody does not keep clients together"),
  () =>
    withGate(
      ["-RHl0", "--workers", "2", "--per-ip", "1", "127.0.0.1", "0", "cat"],
      {},
      (counting) =>
        withGate(
          [
            ...["-vRHl0", "--workers", "2", "127.0.0.1", `${counting.port}`],
            ...programs[0],
          ],
          {},
          async (gate) => {
            assertEquals((await counting.stop()).code, 0);
            const clients = 40;
            for (let i = 0; i < clients; i++) {
              const client = await SmtpClient.connect(gate.port);
              assertMatch(await client.reply(), /^220/);
              client.close();
            }
            const numbers = () => [...gate.log.matchAll(/ ok (\d+) /g)];
            await until("all lines", () => numbers().length === clients);
            const workers = new Set(
              numbers().map(([, each]) => Number(each) % 2),
            );
            assertEquals(workers.size, 2);
          },
        ),
    ),
);

Deno.test(needing({}, "a log in JSON has the same facts"), () =>
  withGate(
    ["-vRHl0", "--log-format", "json", "127.0.0.1", "0", "smtpd"],
    {},
    async (gate) => {
      const client = await SmtpClient.connect(gate.port);
      await client.reply();
      await client.ask("QUIT");
      client.close();
      await gate.logged(
        /"event":"status","active":0,"limit":40}\n(.|\n)*"active":0/,
      );
      const events = gate.log.trim().split("\n").map((line) =>
        JSON.parse(line)
      );
      assertEquals(events.map((each) => each.event), [
        ...["status", "status", "pid", "ok", "end", "status"],
      ]);
      assertEquals([events[3].pid, events[3].remoteIp], [1, "127.0.0.1"]);
      assertEquals(events[4].status, 0);
    },
  ));
