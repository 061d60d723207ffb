/**
 * How long a turn of the gate's event loop takes at most while clients of all
 * kinds (mixed_load.ts) are busy with it: by its own word (SIGUSR2), and by
 * what a polite client that says NOOP has to wait, our own load on the same
 * cores included. POSTERN_BEFORE names another postern to compare.
 *
 * Mail is stored in BENCH_DIR, by default in memory.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { until } from "../../tests/support/peers.ts";
import { executables, freePort } from "./contestant.ts";
import { median } from "./figures.ts";
import { connections } from "./mixed_load.ts";
import type { Bench } from "./run.ts";

const memory = "/dev/shm";
const betweenNoopsMs = 5;
/** A gate may bound those that come without a message. */
const noopsForMessage = 100;
const statusSeconds = 5;

/** Milliseconds: of the 99th percentile, and the longest. */
interface Times {
  readonly p99: number;
  readonly longest: number;
}

const message = ["MAIL FROM:<>", "RCPT TO:<polite@localhost>", "DATA", "."];

interface Round {
  /** null from a gate that does not tell. */
  readonly turns: Times & { count: number } | null;
  readonly noop: Times;
}

const ownWord =
  /^postern: turns (\d+), 99% below ([\d.]+) ms, longest ([\d.]+) ms$/m;

async function connect(port: number): Promise<Deno.TcpConn> {
  let found: Deno.TcpConn | undefined;
  await until("the gate to listen", async () => {
    found = await Deno.connect({ hostname: "127.0.0.1", port })
      .catch(() => undefined);
    return found !== undefined;
  });
  return found!;
}

/** What NOOP takes, again and again until a time. */
async function politely(conn: Deno.TcpConn, end: number): Promise<Times> {
  const buffer = new Uint8Array(512);
  const ask = async (line: string) => {
    await conn.write(new TextEncoder().encode(line));
    if (await conn.read(buffer) === null) throw new Error("the gate closed");
  };
  await conn.read(buffer);
  await ask("EHLO polite.example\r\n");
  const times: number[] = [];
  while (performance.now() < end) {
    if (times.length % noopsForMessage === noopsForMessage - 1) {
      for (const line of message) await ask(`${line}\r\n`);
    }
    const since = performance.now();
    await ask("NOOP\r\n");
    times.push(performance.now() - since);
    await new Promise((over) => setTimeout(over, betweenNoopsMs));
  }
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)];
  return { p99, longest: times.at(-1)! };
}

async function measure(path: string, seconds: number): Promise<Round> {
  const dir = Deno.env.get("BENCH_DIR") ?? memory;
  const folder = await Deno.makeTempDir({ dir });
  const port = freePort();
  const gate = new Deno.Command(path, {
    args: [
      ...["serve", "-q", `-c${2 * connections}`, "-b1000", "-RHl0"],
      ...["127.0.0.1", `${port}`],
      ...["smtpd", "--deliver", `maildir:${folder}/Maildir`],
    ],
    env: { RELAYCLIENT: "" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let said = "";
  const decoder = new TextDecoder();
  const read = gate.stderr.pipeTo(
    new WritableStream({
      write: (bytes) => void (said += decoder.decode(bytes)),
    }),
  );
  try {
    using conn = await connect(port);
    const script = fileURLToPath(new URL("mixed_load.ts", import.meta.url));
    const load = new Deno.Command(Deno.execPath(), {
      // It goes on until the gate has told.
      args: ["run", "-A", script, `${port}`, `${seconds + statusSeconds + 1}`],
      stdin: "null",
    }).spawn();
    try {
      const noop = await politely(conn, performance.now() + seconds * 1000);
      gate.kill("SIGUSR2");
      await until("its word", () => ownWord.test(said), statusSeconds)
        .catch(() => {});
      const found = ownWord.exec(said)?.slice(1).map(Number);
      if (!found) return { turns: null, noop };
      const [count, p99, longest] = found;
      return { turns: { count, p99, longest }, noop };
    } finally {
      load.kill("SIGKILL");
      await load.status;
    }
  } finally {
    gate.kill("SIGKILL");
    await gate.status;
    await read;
    await Deno.remove(folder, { recursive: true });
  }
}

export const bench: Bench = async ([rounds = 5, seconds = 10]) => {
  const all = executables();
  const found = all.map((): Round[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { path }] of all.entries()) {
      found[i].push(await measure(path, seconds));
    }
  }
  console.log(
    `${connections} mixed connections for ${seconds} s, a gate of its own each; ` +
      `medians of ${rounds} interleaved rounds`,
  );
  const ms = (times: number[]) => `${median(times).toFixed(1)} ms`;
  for (const [i, { name }] of all.entries()) {
    const rounds = found[i], turns = rounds.flatMap((each) => each.turns ?? []);
    const own = turns.length === 0
      ? "turns are not told"
      : `${median(turns.map((each) => each.count))} turns, ` +
        `99% below ${ms(turns.map((each) => each.p99))}, ` +
        `longest ${ms(turns.map((each) => each.longest))}`;
    console.log(
      `${name.padEnd(24)} ${own}; NOOP: ` +
        `99% below ${ms(rounds.map((each) => each.noop.p99))}, ` +
        `longest ${ms(rounds.map((each) => each.noop.longest))}`,
    );
  }
};
