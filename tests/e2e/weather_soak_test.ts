/**
 * Bad weather: it goes on for long. Nothing may grow with the connections that
 * have been served.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { needing, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { descriptorsOf, memoryOf, quiet } from "../support/weather.ts";

const concurrency = 10;
const batch = runs(5000, 1000);
/** V8 takes memory as long as it is cheaper than collecting, then stops. */
const longestWarmUp = 100_000;
const settled = 1.01;

/** Serves a batch; the least memory seen on the way, in KB. */
async function serve(port: number, pid: number): Promise<number> {
  let left = batch, least = Infinity;
  const one = async () => {
    while (left > 0) {
      if (--left % 400 === 0) least = Math.min(least, memoryOf(pid));
      const client = await SmtpClient.connect(port);
      assert((await client.reply()).startsWith("220"));
      await client.ask("QUIT");
      client.close();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return least;
}

/** The memory of a process that takes no more: three batches in a row. */
async function warmUp(port: number, pid: number): Promise<number> {
  let last = Infinity, calm = 0;
  for (let served = 0; served < longestWarmUp && calm < 3; served += batch) {
    const now = await serve(port, pid);
    calm = now < last * settled ? calm + 1 : 0;
    last = now;
  }
  return last;
}

const soaks: [name: string, argv: string[], count: number][] = [
  ["built-in smtpd", ["smtpd", "--deliver", "discard"], runs(50_000, 5000)],
  [
    "a program",
    ["sh", "-c", "printf '220 hello\\r\\n'; read line; printf '221 bye\\r\\n'"],
    runs(50_000, 3000),
  ],
];

for (const [name, program, count] of soaks) {
  Deno.test(
    needing({}, `${count} connections leave nothing behind: ${name}`),
    () =>
      withGate(
        [
          ...[...quiet, "-b200", "--per-ip", "100", "--rate", "1000000/1"],
          ...["127.0.0.1", "0", ...program],
        ],
        {},
        async (gate) => {
          const { pid } = gate.child;
          const before = await warmUp(gate.port, pid);
          const open = () => descriptorsOf(pid).length;
          const openBefore = open();
          let after = before;
          for (let i = 0; i < count / batch; i++) {
            after = await serve(gate.port, pid);
          }
          await until("its descriptors are closed", () => open() <= openBefore);
          const figures = `${before} KB before, ${after} KB after`;
          assert(after < before * 1.05, figures);
          assertEquals((await gate.stop()).code, 0);
        },
      ),
  );
}
