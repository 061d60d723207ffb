/**
 * A new executable in the place of the old one, while clients come all the
 * time: the steps of postern-install(1), "Upgrades". Nobody is refused or
 * reset, and every message that was accepted is stored.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { ClientFrom } from "../support/client_from.ts";
import { TestGate } from "../support/gate.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";

const ip = "127.0.0.1";
const clientsAtOnce = 50;

/** What became of the sessions of all clients. */
interface Tally {
  stored: number;
  readonly lost: string[];
}

/** One session, from the greeting to the end. */
async function session(from: string, port: number): Promise<void> {
  const client = await ClientFrom.connect(from, { ip, port });
  const has = async (code: string) => {
    const came = () => client.received.includes(code);
    await until(`${code} comes`, () => came() || client.ended);
    if (!came()) throw new Error(`reset before ${code}`);
  };
  try {
    await has("220 ");
    client.send("HELO client.example\r\n");
    await has("250 ");
    client.send(
      "MAIL FROM:<a@client.example>\r\nRCPT TO:<b@localhost>\r\nDATA\r\n",
    );
    await has("354 ");
    client.send("Subject: hello\r\n\r\nIt works.\r\n.\r\nQUIT\r\n");
    await has("221 ");
    const codes = client.received.match(/^\d{3}/gm)!.join(" ");
    assertEquals(codes, "220 250 250 250 354 250 221");
  } finally {
    client.close();
  }
}

/** Clients, each from an address of its own, one session after the other. */
function load(port: number) {
  const tally: Tally = { stored: 0, lost: [] };
  let isOver = false;
  const running = Array.from({ length: clientsAtOnce }, async (_, i) => {
    while (!isOver) {
      try {
        await session(`127.0.0.${10 + i}`, port);
        tally.stored++;
      } catch (error) {
        tally.lost.push((error as Error).message);
      }
    }
  });
  return {
    tally,
    /** Waits for some more sessions to have gone well, or any not to. */
    some: (count: number) => {
      const wanted = tally.stored + count;
      return until(
        `${count} more sessions`,
        () => tally.stored >= wanted || tally.lost.length > 0,
      );
    },
    async end() {
      isOver = true;
      await Promise.all(running);
      return tally;
    },
  };
}

const messages = (folder: string) =>
  [...Deno.readDirSync(`${folder}/Maildir/new`)].length;

/** Puts the executable into a folder, as an administrator does. */
async function install(folder: string): Promise<string> {
  const args = ["install", "--create", "--to", `${folder}/bin`];
  const { code, stderr } = await output(postern, args);
  assertEquals(code, 0, stderr);
  return `${folder}/bin/postern`;
}

const smtpd = (folder: string) => [
  ...["smtpd", "--me", "localhost", "--deliver", `maildir:${folder}/Maildir`],
];

for (
  const [name, sessions, limits] of [
    ["a gate with room", 500, ["-c100"]],
    ["a gate that is full", 100, ["-c16"]],
    ["a gate that counts clients", 100, ["-c100", "--per-ip", "5"]],
  ] as const
) {
  Deno.test(
    needing({}, `an upgrade by --workers loses no connection: ${name}`),
    () =>
      inFolder(async (folder) => {
        const program = await install(folder);
        const start = (port: string) =>
          TestGate.start([
            ...["serve", "-1", "-v", "-RHl0", "--workers", "2", ...limits],
            ...["--no-confine", ip, port, ...smtpd(folder)],
          ], { program, asGiven: true });
        const old = await start("0");
        let fresh: TestGate | null = null;
        const clients = load(old.port);
        try {
          await clients.some(sessions / 4);
          await Deno.chmod(program, 0o700); // as if it were another version
          await install(folder);
          fresh = await start(`${old.port}`);
          await clients.some(sessions / 4);
          assertEquals((await old.stop()).code, 0);
          await clients.some(sessions / 2);
          const { lost, stored } = await clients.end();
          assertEquals(lost, []);
          assertEquals(messages(folder), stored);
        } finally {
          await clients.end();
          await old.stop("SIGKILL");
          await fresh?.stop("SIGKILL");
        }
      }),
  );
}

/** Holds a socket as systemd does, and starts the gate again when it ends. */
const holder = `
import os, signal, socket, sys
s = socket.create_server(("127.0.0.1", 0), backlog=128)
print(s.getsockname()[1], flush=True)
while True:
    pid = os.fork()
    if pid == 0:
        os.dup2(s.fileno(), 100)
        os.dup2(100, 3)
        os.closerange(4, 200)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execv(sys.argv[1], sys.argv[1:])
    print(pid, file=sys.stderr, flush=True)
    os.waitpid(pid, 0)
`;

Deno.test(
  needing({ peers: ["python3"] }, "an upgrade of who was handed its socket"),
  () =>
    inFolder(async (folder) => {
      const program = await install(folder);
      const args = ["serve", "-RHl0", ip, "0", ...smtpd(folder)];
      const gate = await TestGate.start(["-c", holder, program, ...args], {
        program: "python3",
        asGiven: true,
      });
      const pids = () => (gate.log.match(/^\d+$/gm) ?? []).map(Number);
      await until("the gate runs", () => pids().length === 1);
      const clients = load(gate.port);
      try {
        await clients.some(50);
        await Deno.chmod(program, 0o700);
        await install(folder);
        Deno.kill(pids()[0], "SIGTERM");
        await clients.some(100);
        assertEquals(pids().length, 2);
        const { lost, stored } = await clients.end();
        assertEquals(lost, []);
        assertEquals(messages(folder), stored);
      } finally {
        await clients.end();
        await gate.stop("SIGKILL");
        Deno.kill(pids().at(-1)!, "SIGKILL");
      }
    }),
);
