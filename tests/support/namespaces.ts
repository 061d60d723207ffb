/**
 * Two networks of a test's own, joined by a virtual cable: gates are in one,
 * clients with several addresses in the other. Nothing of it is seen outside.
 *
 * @module
 */
import { TestGate } from "./gate.ts";
import { inFolder, output, postern, until } from "./peers.ts";
import { SmtpClient } from "./smtp_client.ts";

/** Where gates are (documentation prefixes, RFC 5737 and RFC 3849). */
export const near = {
  v4: "192.0.2.1",
  otherV4: "192.0.2.9",
  v6: "2001:db8:1::1",
  otherV6: "2001:db8:1::9",
  linkLocal: "fe80::1",
} as const;

/** Where clients are; the first two IPv6 ones share a /64. */
export const far = {
  v4: "192.0.2.2",
  otherV4: "192.0.2.3",
  v6: "2001:db8:2::2",
  sameV6: "2001:db8:2::3",
  otherV6: "2001:db8:3::2",
  linkLocal: "fe80::2",
} as const;

/** The cable's name, the same at both ends. */
export const cable = "veth0";

const bits = (address: string) =>
  !address.includes(":") ? 24 : address.startsWith("fe80") ? 64 : 128;

const setUp = (gates: string, clients: string) => [
  `netns add ${gates}`,
  `netns add ${clients}`,
  `link add ${cable} netns ${gates} type veth peer name ${cable} netns ${clients}`,
  ...([[gates, near], [clients, far]] as const).flatMap(([name, addresses]) => [
    `-n ${name} link set lo up`,
    `-n ${name} link set ${cable} addrgenmode none up`,
    ...Object.values(addresses).map((address) =>
      `-n ${name} addr add ${address}/${bits(address)} dev ${cable}` +
      (address.includes(":") ? " nodad" : "")
    ),
  ]),
  `-n ${gates} route add 2001:db8::/32 dev ${cable}`,
  `-n ${clients} route add 2001:db8::/32 dev ${cable}`,
];

let made = 0;

/** Makes the networks for as long as `fn` runs, and a relay into the far one. */
export async function withNetworks(
  fn: (networks: Networks) => Promise<void>,
): Promise<void> {
  const name = `postern-${Deno.pid}-${++made}`;
  const gates = `${name}-near`, clients = `${name}-far`;
  try {
    for (const line of setUp(gates, clients)) {
      const { code, stderr } = await output("ip", line.split(" "));
      if (code !== 0) throw new Error(`ip ${line}: ${stderr}`);
    }
    await inFolder(async (folder) => {
      const relay = new Deno.Command("ip", {
        args: ["netns", "exec", clients, "python3", "-c", relayCode, folder],
        stdin: "null",
      }).spawn();
      try {
        const path = `${folder}/relay`;
        await until(
          "the relay",
          () => Deno.stat(path).then(() => true, () => false),
        );
        await fn(new Networks(gates, clients, folder));
      } finally {
        relay.kill("SIGKILL");
        await relay.status;
      }
    });
  } finally {
    for (const each of [gates, clients]) {
      await output("ip", ["netns", "del", each]);
    }
  }
}

export class Networks {
  constructor(
    readonly gates: string,
    readonly clients: string,
    /** The test's own; `relay` is in it. */
    readonly folder: string,
  ) {}

  /** Starts `postern serve -1 ...args` where the gates are. */
  startGate(
    args: string[],
    options: { env?: Record<string, string>; asGiven?: boolean } = {},
  ): Promise<TestGate> {
    const command = options.asGiven ? args : [postern, "serve", "-1", ...args];
    return TestGate.start(["netns", "exec", this.gates, ...command], {
      program: "ip",
      asGiven: true,
      env: options.env ?? {},
    });
  }

  /** Runs `fn` with a gate, which is stopped whatever happens. */
  async withGate(
    args: string[],
    fn: (gate: TestGate) => Promise<void>,
    options: Parameters<Networks["startGate"]>[1] = {},
  ): Promise<void> {
    const gate = await this.startGate(args, options);
    try {
      await fn(gate);
    } finally {
      await gate.stop("SIGKILL");
    }
  }

  /** Compiles rules in the test's folder; resolves to their path. */
  async rules(text: string, ...options: string[]): Promise<string> {
    const path = `${this.folder}/rules`;
    await Deno.writeTextFile(path, text);
    const { code, stderr } = await output(postern, [
      ...["rules", "compile", ...options, "-o", `${path}.cdb`, path],
    ]);
    if (code !== 0) throw new Error(stderr);
    return `${path}.cdb`;
  }

  /**
   * Connects from one of the far addresses.
   *
   * @throws Error with the system's words if the connection is refused
   */
  async connect(from: string, to: string, port: number): Promise<SmtpClient> {
    const path = `${this.folder}/relay`;
    const conn = await Deno.connect({ transport: "unix", path });
    const client = SmtpClient.over(conn);
    await client.send(`${from} ${to} ${port}\n`);
    const answer = await client.line();
    if (answer === "connected\n") return client;
    client.close();
    throw new Error(answer.trim());
  }

  /** All that a connection brings until its end. */
  async fetch(from: string, to: string, port: number): Promise<string> {
    const client = await this.connect(from, to, port);
    try {
      return await client.rest();
    } finally {
      client.close();
    }
  }
}

/** Each connection to its socket names two addresses and a port first. */
const relayCode = `
import asyncio, os, socket, sys
async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()
tasks = set() # the loop itself would let them be collected
async def relay(reader, writer):
    tasks.add(asyncio.current_task())
    asyncio.current_task().add_done_callback(tasks.discard)
    source, to, port = (await reader.readline()).decode().split()
    try:
        # A link-local address has a scope, which only getaddrinfo understands.
        family, kind, _, _, name = socket.getaddrinfo(to, int(port), type=socket.SOCK_STREAM)[0]
        scope = "%" + to.split("%")[1] if "%" in to else ""
        own = socket.getaddrinfo(source + scope, 0, type=socket.SOCK_STREAM)[0][4]
        there = socket.socket(family, kind)
        there.setblocking(False)
        there.bind(own)
        await asyncio.get_running_loop().sock_connect(there, name)
    except OSError as error:
        writer.write(f"{os.strerror(error.errno)}\\n".encode())
        writer.close()
        return
    far_reader, far_writer = await asyncio.open_connection(sock=there)
    writer.write(b"connected\\n")
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
    for each in (writer, far_writer):
        each.close()
async def main():
    path = sys.argv[1] + "/relay"
    server = await asyncio.start_unix_server(relay, path + ".new", backlog=100)
    os.rename(path + ".new", path)
    await server.serve_forever()
asyncio.run(main())
`;
