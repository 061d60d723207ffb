/**
 * What the bad-weather tests have in common: both kinds of program, and looks
 * at a process from outside.
 *
 * @module
 */
import { output, postern } from "./peers.ts";
import { SmtpClient } from "./smtp_client.ts";

/** The built-in server, and a program that is executed: both greet. */
export const programs: readonly (readonly [name: string, argv: string[]])[] = [
  ["built-in smtpd", ["smtpd", "--deliver", "discard"]],
  ["a program", ["sh", "-c", "printf '220 hello\\r\\n'; read line"]],
];

/** No DNS, no ident. */
export const quiet = ["-RHl0"];

/** Whether a new client gets a greeting. */
export async function isServed(port: number): Promise<boolean> {
  const client = await SmtpClient.connect(port);
  const reply = await client.reply();
  client.close();
  return reply.startsWith("220");
}

/** Everything that a connection brings until its end. */
export async function fetchAll(port: number): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  return await new Response(conn.readable).text().catch(() => "");
}

/** Arguments for `sh` that run `postern serve` after some shell commands. */
export function afterShell(commands: string, args: string[]): string[] {
  const script = `${commands}; exec "$@"`;
  return ["-c", script, "sh", postern, "serve", "-1", ...args];
}

/** How {@linkcode afterShell}'s arguments are to be started. */
export const byShell = { program: "/bin/sh", asGiven: true };

/** Connections that say nothing. */
export async function silentClients(
  port: number,
  count: number,
): Promise<Deno.TcpConn[]> {
  const clients: Deno.TcpConn[] = [];
  for (let i = 0; i < count; i++) {
    clients.push(await Deno.connect({ hostname: "127.0.0.1", port }));
  }
  return clients;
}

/** Connects so often, and resets at once (SO_LINGER 0: Deno cannot). */
export async function resetClients(port: number, count: number): Promise<void> {
  const script = `
import socket, struct, sys
for _ in range(int(sys.argv[2])):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
`;
  const { code, stderr } = await output("python3", [
    ...["-c", script, `${port}`, `${count}`],
  ]);
  if (code !== 0) throw new Error(stderr);
}

export function descriptorsOf(pid: number): string[] {
  const links: string[] = [];
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      links.push(Deno.readLinkSync(`/proc/${pid}/fd/${name}`));
    } catch {
      // Closed since.
    }
  }
  return links;
}

/** Resident memory that is the process's own, in KB. */
export function memoryOf(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(text)![1]);
}

export const sleep = (ms: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, ms));
