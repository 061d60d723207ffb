/**
 * What one client may have of a gate where no number is given (--per-ip).
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ClientFrom } from "../support/client_from.ts";
import { type TestGate, withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { programs, quiet as quietly } from "../support/weather.ts";

const idlers = 44;
/** All come at once. */
const quiet = [...quietly, "-b200"];

/** What becomes of so many from one address: greeted, and still there. */
async function held(gate: TestGate, from: string, count = idlers, says = "") {
  const to = { ip: "127.0.0.1", port: gate.port };
  const coming = Array.from({ length: count }, async () => {
    const client = await ClientFrom.connect(from, to);
    if (says !== "") client.send(says);
    await until("a word", () => client.ended || client.received !== "");
    return client;
  });
  const clients = await Promise.all(coming);
  return clients.filter(({ ended }) => !ended).length;
}

/** Whether somebody else is greeted. */
const isServed = async (gate: TestGate) => await held(gate, "127.3.0.1", 1) > 0;

for (const [name, program] of programs) {
  const gate = (options: string[], fn: (gate: TestGate) => Promise<void>) =>
    withGate([...quiet, ...options, "127.0.0.1", "0", ...program], {}, fn);

  Deno.test(
    needing({}, `one address cannot shut a gate: ${name}`),
    () =>
      gate(["-v"], async (gate) => {
        assertEquals(await held(gate, "127.1.0.1"), 20);
        await gate.logged(
          /dropping connection, too many connections from 127\.1\.0\.1: 20 are its share of what is free\n/,
        );
        assertEquals(await held(gate, "127.1.0.2"), 10);
        assertEquals(await isServed(gate), true);
      }),
  );

  Deno.test(
    needing({}, `this machine may have nearly all: ${name}`),
    () =>
      gate([], async (gate) => {
        assertEquals(await held(gate, "127.0.0.1"), 36);
        assertEquals(await isServed(gate), true);
      }),
  );

  Deno.test(
    needing({}, `who may relay may have all: ${name}`),
    () =>
      inFolder(async (folder) => {
        const rules = '127.1.0.1:allow,RELAYCLIENT=""\n:allow\n';
        await Deno.writeTextFile(`${folder}/rules`, rules);
        const cdb = `${folder}/cdb`;
        await output(postern, [
          ...["rules", "compile", "-o", cdb, `${folder}/rules`],
        ]);
        await gate(["-x", cdb], async (gate) => {
          assertEquals(await held(gate, "127.1.0.1", 40), 40);
        });
        // A number is for everybody.
        await gate(["-x", cdb, "--per-ip", "5"], async (gate) => {
          assertEquals(await held(gate, "127.1.0.1", 7), 5);
        });
      }),
  );

  Deno.test(
    needing({}, `--per-ip 0 is no limit: ${name}`),
    () =>
      gate(["--per-ip", "0"], async (gate) => {
        assertEquals(await held(gate, "127.1.0.1", 40), 40);
      }),
  );

  Deno.test(
    needing({}, `tcpserver knows no shares: ${name}`),
    () =>
      inFolder(async (folder) => {
        const tcpserver = `${folder}/tcpserver`;
        await Deno.symlink(postern, tcpserver);
        await Deno.symlink(postern, `${folder}/postern`);
        const argv = program[0] === "smtpd"
          ? [`${folder}/postern`, ...program]
          : program;
        await withGate(
          [...quiet, "127.0.0.1", "0", ...argv],
          { program: tcpserver },
          async (gate) => {
            assertEquals(await held(gate, "127.1.0.1", 40), 40);
          },
        );
      }),
  );

  // Its last connection may not be known to have ended by then.
  Deno.test(
    needing({}, `who hangs up may come again at once: ${name}`),
    () =>
      gate([], async (gate) => {
        const rounds = program[0] === "smtpd" ? 200 : 20;
        const comesAndGoes = async () => {
          for (let i = 0; i < rounds; i++) {
            const to = { ip: "127.0.0.1", port: gate.port };
            const client = await ClientFrom.connect("127.1.0.1", to);
            await new Promise<void>((resolve) => {
              if (client.ended || client.received !== "") resolve();
              client.socket.once("data", () => resolve());
              client.socket.once("end", () => resolve());
            });
            client.close();
            assertEquals(client.received.slice(0, 3), "220", `connection ${i}`);
          }
        };
        await Promise.all(Array.from({ length: 8 }, comesAndGoes));
      }),
  );

  Deno.test(
    needing({}, `workers give a share of their part: ${name}`),
    () =>
      gate(["--workers", "2"], async (gate) => {
        // So many that each worker is asked for more than ten.
        assertEquals(await held(gate, "127.1.0.1", 80), 20);
      }),
  );

  Deno.test(
    needing({}, `a proxy's clients have the shares: ${name}`),
    () =>
      gate(["--proxy-protocol", "127.1.0.1"], async (gate) => {
        const v1 = (ip: string) => `PROXY TCP4 ${ip} 198.51.100.1 4711 25\r\n`;
        const by = (count: number, ip: string) =>
          held(gate, "127.1.0.1", count, v1(ip));
        assertEquals(await by(idlers, "192.0.2.7"), 20);
        assertEquals(await by(1, "192.0.2.8"), 1);
        const unknown = "PROXY UNKNOWN\r\n";
        assertEquals(await held(gate, "127.1.0.1", 19, unknown), 19);
      }),
  );
}
