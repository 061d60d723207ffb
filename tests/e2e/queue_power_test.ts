/**
 * The power of all nodes of a shared queue is cut at once: what a client was
 * told 250 for is there afterwards, and a queue that is too young to outlive
 * that is not used. With POSTERN_RUNS=all only: a queue has to be a minute old.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { Ledger } from "../support/ledger.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { cutPower, Disk, whyNoPowerCut } from "../support/power_cut.ts";
import {
  type RabbitNode,
  rabbitPeers,
  withRabbit,
} from "../support/rabbitmq.ts";
import { runs } from "../support/random.ts";
import { queueArgs, setUpQueue } from "../support/site.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { Supervised } from "../support/supervised.ts";

/** What `postern queue setup` waits where nobody says otherwise. */
const waitSeconds = 60;
const messages = 3000;

async function lived(
  nodes: readonly RabbitNode[],
  disks: readonly Disk[],
  folder: string,
): Promise<void> {
  const { url, options } = queueArgs(nodes);
  const gateArgs = (...more: string[]) => [
    ...["-RHl0", "-c100", "127.0.0.1", "0", "smtpd", "--me", "mx.example"],
    ...["--rcpthosts", "in.example", "--deliver", url, ...options, ...more],
    ...["--queue-seconds", "5"],
  ];
  await setUpQueue(nodes, waitSeconds);

  const ledger = new Ledger(messages, 1, () => "ann@in.example");
  const young = ["--queue-prefix", "young"];
  await withGate(gateArgs(), {}, async (gate) => {
    // Declared just now, on one node's disk only.
    const setup = new Supervised("setup", postern, [
      ...["queue", "setup", ...options, ...young, url],
    ]);
    try {
      const status = ["queue", "status", ...options, ...young, url];
      await until("it is declared", async () => {
        const { stdout } = await output(postern, status);
        return /ok +queue young: quorum/.test(stdout);
      });
      await refuses(gateArgs(...young));
    } finally {
      await setup.stop();
    }
    const sent = ledger.send(gate.port, 20).catch(() => {});
    await until(
      "mail is on its way",
      () => ledger.acknowledged.size > messages / 3,
    );
    await cutPower(disks);
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    const before = ledger.acknowledged.size;
    assert(before < messages, "all were taken before the cut");
    for (const disk of disks) {
      await disk.unmount();
      await disk.mount();
    }
    for (const node of nodes) node.start();
    await Promise.all(nodes.map((node) => node.up()));
    await sent;
    assertEquals(ledger.acknowledged.size, messages);
  });

  await using _drain = disposable(
    new Supervised("drain", postern, [
      ...["drain", "--me", "drain.example", ...options, "--mail-log", "off"],
      ...["--maildir", `${folder}/box`, url],
    ]),
  );
  await until("all have arrived", async () => {
    await ledger.look(`${folder}/box/new`);
    return ledger.missing === 0;
  }, 60).catch(() => {}); // what is lost is told by numbers
  const { lost, broken, sentAgain } = ledger.arrivals();
  console.log(
    `${ledger.acknowledged.size} acknowledged, ${lost.length} lost; ` +
      `${sentAgain} twice, of ${ledger.unsure} whose answer was another`,
  );
  assertEquals({ lost, broken }, { lost: [], broken: [] });
  await refuses(gateArgs(...young)); // whatever of it is left
}

/** A gate takes nothing, and a check says why. */
async function refuses(args: readonly string[]): Promise<void> {
  await withGate([...args], {}, async (gate) => {
    const client = await SmtpClient.connect(gate.port);
    await client.reply();
    await client.ask("EHLO c.example");
    await client.ask("MAIL FROM:<s@out.example>");
    const said = await client.ask("RCPT TO:<ann@in.example>");
    assertMatch(said, /^451 4\.3\.0 /);
    client.close();
  });
  const check = await output(postern, ["serve", "--check", ...args]);
  assertEquals(check.code, 100);
  assertMatch(check.stderr + check.stdout, /postern queue setup/);
}

const disposable = (one: Supervised) => ({
  [Symbol.asyncDispose]: () => one.stop(),
});

if (runs(1, 0) > 0) {
  const why = await whyNoPowerCut();
  const definition = needing(
    { peers: [...rabbitPeers, "python3", "mkfs.ext4"], root: true },
    "a power cut of all nodes takes nothing that was acknowledged" +
      (why === null ? "" : ` (skipped: no ${why})`),
  );
  Deno.test(
    { ...definition, ignore: definition.ignore || why !== null },
    () =>
      inFolder(async (folder) => {
        const disks = ["r1", "r2", "r3"].map((name) =>
          new Disk(`${folder}/${name}.disk`, `${folder}/rabbit/${name}/mnesia`)
        );
        try {
          for (const disk of disks) await disk.make();
          await withRabbit(
            `${folder}/rabbit`,
            3,
            (nodes) => lived(nodes, disks, folder),
          );
        } finally {
          for (const disk of disks) await disk[Symbol.asyncDispose]();
        }
      }),
  );
}
