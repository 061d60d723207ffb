/**
 * Two networks and a slow line between them, and a message that is refused
 * long before it has come.
 *
 * @module
 */
import { assertEquals } from "./assert.ts";
import { cable, near, type Networks, withNetworks } from "./namespaces.ts";
import { output } from "./peers.ts";
import { runs } from "./random.ts";

const times = runs(8, 1);
export const tcp = ["ip", "tc"];
const head = "From: <a@sender.example>\r\nSubject: x\r\n\r\n";
/** Far more than what both ends of a connection take without being read. */
const rest = `${"0123456789".repeat(7)}\r\n`.repeat(14_000);
export const faults = {
  "a bare LF": `one\ntwo\r\n`,
  "a bare CR": `one\rtwo\r\n`,
  "a NUL": `one\0two\r\n`,
};
/** What a refusal names of each. */
export const named = { "a bare LF": "LF", "a bare CR": "CR", "a NUL": "NUL" };

/**
 * Whoever connects from the far network to the gate, over a line of 10 Mbit/s,
 * sends a message of a megabyte with such a fault at its start.
 */
export async function overSlowLine(
  fault: keyof typeof faults,
  act: (networks: Networks, port: number, file: string) => Promise<void>,
): Promise<void> {
  await withNetworks(async (networks) => {
    const { folder, clients, gates } = networks;
    for (const each of [clients, gates]) {
      const { code, stderr } = await output("tc", [
        ...["-n", each, "qdisc", "add", "dev", cable, "root", "tbf"],
        ...["rate", "10mbit", "burst", "16kb", "latency", "50ms"],
      ]);
      assertEquals(code, 0, stderr);
    }
    const file = `${folder}/message.eml`;
    await Deno.writeTextFile(file, head + faults[fault] + rest);
    await networks.withGate(
      [
        ...["-vRHl", "here", near.v4, "0", "smtpd", "--me", "gate.example"],
        ...["--rcpthosts", "to.example", "--deliver", `maildir:${folder}/box`],
      ],
      async ({ port }) => {
        for (let i = 0; i < times; i++) await act(networks, port, file);
      },
    );
    const stored = await output("find", [`${folder}/box`, "-type", "f"]);
    assertEquals(stored.stdout, "", "nothing is kept");
  });
}

export const inFar = (
  { clients }: Networks,
  program: string,
  args: string[],
  stdin?: Uint8Array,
) =>
  output("ip", ["netns", "exec", clients, program, ...args], {
    stdin,
  });

/** Sends a file as it is: HOST PORT FILE. */
export const smtplib = `
import smtplib, sys
with smtplib.SMTP(sys.argv[1], int(sys.argv[2]), timeout=60) as c:
    c.sendmail("a@sender.example", ["b@to.example"], open(sys.argv[3], "rb").read())
`;
