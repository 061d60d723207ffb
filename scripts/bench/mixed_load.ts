/**
 * Clients of all kinds at once, good and bad, for some seconds:
 *
 *     deno run -A mixed_load.ts PORT SECONDS
 *
 * A quarter of them each pipeline EHLO without end, send messages of 1 MB one
 * after the other, are idle after EHLO, or connect and reset.
 *
 * @module
 */
export const connections = 200;

const messageBytes = 1_000_000;
const floodBlockBytes = 65_536;
/** Long enough for a greeting, which has to be unread for close to reset. */
const beforeResetMs = 50;

/** Has a connection to itself; when it is over, the next one begins. */
type Client = (conn: Deno.TcpConn) => Promise<unknown>;

const encoder = new TextEncoder();
const flood = encoder.encode(
  "EHLO flood.example\r\n".repeat(floodBlockBytes / 20),
);
const text = encoder.encode(
  ("x".repeat(76) + "\r\n").repeat(messageBytes / 78) + ".\r\n",
);

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array) {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(await conn.write(rest));
  }
}

const buffer = new Uint8Array(65_536);

/** Replies here fit into one read; what they say does not matter. */
async function reply(conn: Deno.TcpConn) {
  if (await conn.read(buffer) === null) throw new Error("closed");
}

async function ask(conn: Deno.TcpConn, line: string) {
  await writeAll(conn, encoder.encode(line + "\r\n"));
  await reply(conn);
}

const floods: Client = async (conn) => {
  const read = (async () => {
    while (await conn.read(buffer) !== null);
  })();
  read.catch(() => {});
  for (;;) await writeAll(conn, flood);
};

const sends: Client = async (conn) => {
  await reply(conn);
  await ask(conn, "EHLO good.example");
  for (;;) {
    await ask(conn, "MAIL FROM:<a@sender.example>");
    await ask(conn, "RCPT TO:<b@foreign.example>");
    await ask(conn, "DATA");
    await writeAll(conn, text);
    await reply(conn);
  }
};

const waits: Client = async (conn) => {
  await reply(conn);
  await ask(conn, "EHLO idle.example");
  await reply(conn); // none comes
};

const resets: Client = () =>
  new Promise((over) => setTimeout(over, beforeResetMs));

async function again(port: number, client: Client): Promise<never> {
  for (;;) {
    try {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      await client(conn);
    } catch {
      // The server has closed.
    }
  }
}

if (import.meta.main) {
  const [port, seconds] = Deno.args.map(Number);
  const clients = [floods, sends, waits, resets];
  for (let i = 0; i < connections; i++) {
    again(port, clients[i % clients.length]);
  }
  setTimeout(() => Deno.exit(0), seconds * 1000);
}
