/**
 * Bad weather: a rules file that changes, breaks and vanishes under traffic.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { randomFrom, runs } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { programs, quiet } from "../support/weather.ts";

const rounds = runs(60, 20);

async function compiled(folder: string, rules: string): Promise<Uint8Array> {
  await Deno.writeTextFile(`${folder}/rules`, rules);
  const { code, stderr } = await output(postern, [
    ...["rules", "compile", "-o", `${folder}/made`, `${folder}/rules`],
  ]);
  assertEquals([code, stderr], [0, ""]);
  return await Deno.readFile(`${folder}/made`);
}

for (const [name, program] of programs) {
  Deno.test(
    needing({}, `rules that break under traffic deny: ${name}`),
    () =>
      inFolder(async (folder) => {
        const cdb = `${folder}/cdb`;
        const allow = await compiled(folder, "127.:allow\n:deny\n");
        const deny = await compiled(folder, ":deny\n");
        const replace = async (bytes: Uint8Array) => {
          await Deno.writeFile(`${folder}/new`, bytes);
          await Deno.rename(`${folder}/new`, cdb);
        };
        await replace(allow);
        const random = randomFrom(20261125);
        const noise = (size: number) =>
          Uint8Array.from({ length: size }, () => Math.floor(random() * 256));
        const spoilers: [string, () => Promise<void>][] = [
          ["removed", () => Deno.remove(cdb)],
          ["empty", () => Deno.writeFile(cdb, new Uint8Array())],
          [
            "cut in place",
            () => Deno.truncate(cdb, Math.floor(random() * (allow.length - 1))),
          ],
          [
            "noise in place",
            () => Deno.writeFile(cdb, noise(Math.floor(random() * 5000))),
          ],
          ["noise behind its head", async () => {
            // Positions of tables that are not there: no key may be found.
            const bytes = allow.slice();
            bytes.set(noise(2048), 0);
            await replace(bytes);
          }],
          ["denying", () => replace(deny)],
        ];
        await withGate(
          [...quiet, "-b200", "-x", cdb, "127.0.0.1", "0", ...program],
          { cwd: folder },
          async (gate) => {
            const greeted = async () => {
              const client = await SmtpClient.connect(gate.port);
              const reply = await client.reply();
              client.close();
              assert(reply === "" || reply.startsWith("220"), reply);
              return reply !== "";
            };
            let going = true, served = 0, refused = 0;
            const traffic = Array.from({ length: 4 }, async () => {
              while (going) await greeted() ? served++ : refused++;
            });
            try {
              for (let round = 0; round < rounds; round++) {
                const [what, spoil] = spoilers[round % spoilers.length];
                await spoil();
                for (let i = 0; i < 3; i++) assert(!await greeted(), what);
                // Good again when the file is: replaced, or written in place.
                if (round % 2 === 0) await replace(allow);
                else await Deno.writeFile(cdb, allow);
                for (let i = 0; i < 3; i++) {
                  assert(await greeted(), `good again after: ${what}`);
                }
              }
            } finally {
              going = false;
              await Promise.all(traffic);
            }
            assert(served > rounds && refused > rounds, `${served} ${refused}`);
            assertEquals((await gate.stop()).code, 0);
          },
        );
      }),
  );
}
