/**
 * A clock that is set while a gate runs: ages are not measured by it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { FakeClock } from "../support/fake_clock.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

for (
  const [name, at] of [
    ["set back by two hours", "2026-11-24T06:00:00Z"],
    ["set forth by two hours", "2026-11-24T10:00:00Z"],
    ["that goes on", "2026-11-24T08:00:00Z"],
  ]
) {
  Deno.test(
    needing(
      { peers: ["faketime"] },
      `control files are read again under a clock ${name}`,
    ),
    () =>
      inFolder(async (folder) => {
        const clock = await FakeClock.at("2026-11-24T08:00:00Z", folder);
        const write = (name: string, text: string) =>
          Deno.writeTextFile(`${folder}/${name}`, text);
        await write("me", "one.example\n");
        const args = [
          "--no-confine", // libfaketime wants memory that it shares
          ...["-RHl0", "127.0.0.1", "0", "smtpd", "--control", folder],
        ];
        await withGate(args, { env: clock.env }, async (gate) => {
          const greeting = async () => {
            const client = await SmtpClient.connect(gate.port);
            const reply = await client.reply();
            client.close();
            return reply.split(" ")[1];
          };
          assertEquals(await greeting(), "one.example");
          await clock.set(at);
          await write("me", "two.example\n");
          await until(
            "the new name is known",
            async () => await greeting() === "two.example",
            5,
          );
        });
      }),
  );
}
