/**
 * What an honest client has to bear while attackers of one kind (attack.ts)
 * are at work: how long a NOOP takes, whether it is greeted, its message
 * stored and its log-in taken. POSTERN_BEFORE names another postern to
 * compare; KINDS says which kinds, parted by blanks.
 *
 * Needs root, for the name server's port. Mail is stored in BENCH_DIR, by
 * default in memory.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { makeCertificate } from "../../tests/support/certificate.ts";
import { output, until } from "../../tests/support/peers.ts";
import { attacked, attacks, nameServer } from "./attack.ts";
import { executables, freePort } from "./contestant.ts";
import { median } from "./figures.ts";
import type { Bench } from "./run.ts";

const honest = "127.2.0.1";
const password = "s3cret";
const betweenNoopsMs = 10;
const patienceMs = 60_000;
/** For the attackers to be at it. */
const warmingMs = 1500;

interface Round {
  /** Milliseconds, ascending. */
  readonly noops: number[];
  /** Milliseconds; null for what did not come about. */
  readonly greeting: number | null;
  readonly message: number | null;
  readonly login: number | null;
}

/** Says a line, or nothing; resolves to the reply. */
type Say = (line: string) => Promise<string>;

/** Throws when the gate closes or is silent for a minute. */
function talk(socket: Socket): Say {
  let received = "", heard = () => {};
  socket.on("data", (bytes) => {
    received += bytes;
    heard();
  });
  socket.on("close", () => heard());
  socket.on("error", () => heard());
  return async (line) => {
    if (line !== "") {
      received = "";
      socket.write(`${line}\r\n`);
    }
    const end = performance.now() + patienceMs;
    while (!/^\d{3} .*\r\n/m.test(received)) {
      if (socket.destroyed || performance.now() > end) {
        throw new Error(`no reply to ${line}`);
      }
      await new Promise<void>((resolve) => {
        heard = resolve;
        setTimeout(resolve, 1000);
      });
    }
    return received;
  };
}

const from = (port: number) =>
  connect({ host: "127.0.0.1", port, localAddress: honest });

async function timed(act: () => Promise<boolean>): Promise<number | null> {
  const since = performance.now();
  try {
    return await act() ? performance.now() - since : null;
  } catch {
    return null; // it was not to be
  }
}

async function noops(say: Say, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    // A gate may bound those that come without mail.
    if (times.length % 50 === 49) await mail(say);
    const since = performance.now();
    await say("NOOP");
    times.push(performance.now() - since);
    await new Promise((over) => setTimeout(over, betweenNoopsMs));
  }
  return times.sort((a, b) => a - b);
}

async function mail(say: Say): Promise<boolean> {
  await say("MAIL FROM:<honest@honest.example>");
  await say("RCPT TO:<honest@localhost>");
  await say("DATA");
  return (await say("Subject: x\r\n\r\nx\r\n.")).startsWith("250");
}

async function measure(
  path: string,
  kind: string,
  seconds: number,
): Promise<Round> {
  const dir = Deno.env.get("BENCH_DIR") ?? "/dev/shm";
  const folder = await Deno.makeTempDir({ dir });
  const { certPath, keyPath } = await makeCertificate(folder);
  // The first delivery makes the Maildir in each.
  for (const user of ["honest", ...attacked]) {
    await Deno.mkdir(`${folder}/home/${user}`, { recursive: true });
  }
  const hash = await output(path, ["smtpd", "--hash-password"], {
    stdin: `${password}\n`,
  });
  await Deno.writeTextFile(`${folder}/passwords`, `ann:${hash.stdout}`);
  const port = freePort(), tlsPort = freePort();
  const smtpd = JSON.stringify([
    ...[
      "smtpd",
      "--me",
      "localhost",
      "--maildir",
      `${folder}/home/{user}/Maildir`,
    ],
    ...["--passwords", `${folder}/passwords`],
    ...["--spf", "--authentication-results"],
  ]);
  await Deno.writeTextFile(
    `${folder}/gate.toml`,
    `[[listen]]
host = "127.0.0.1"
port = ${port}
program = ${smtpd}
[[listen]]
host = "127.0.0.1"
port = ${tlsPort}
tls-cert = "${certPath}"
tls-key = "${keyPath}"
program = ${smtpd}
`,
  );
  const gate = new Deno.Command(path, {
    args: ["serve", "--config", `${folder}/gate.toml`],
    env: { DNSCACHEIP: nameServer },
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  const script = fileURLToPath(new URL("attack.ts", import.meta.url));
  let attack: Deno.ChildProcess | null = null;
  try {
    await until("the gate to listen", async () => {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port })
        .catch(() => null);
      conn?.close();
      return conn !== null;
    });
    attack = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script, kind, `${port}`, `${tlsPort}`],
      stdin: "null",
    }).spawn();
    await new Promise((over) => setTimeout(over, warmingMs));
    const socket = from(port);
    const say = talk(socket);
    const greeting = await timed(async () => (await say("")).startsWith("220"));
    if (greeting === null) {
      return { noops: [], greeting, message: null, login: null };
    }
    await say("EHLO honest.example");
    const times = await noops(say, seconds);
    const message = await timed(() => mail(say));
    socket.destroy();
    const login = await timed(async () => {
      const secure = connectTls({
        socket: from(tlsPort),
        rejectUnauthorized: false,
      });
      const say = talk(secure);
      await say("");
      await say("EHLO honest.example");
      const reply = await say(`AUTH PLAIN ${btoa(`\0ann\0${password}`)}`);
      secure.destroy();
      return reply.startsWith("235");
    });
    return { noops: times, greeting, message, login };
  } finally {
    attack?.kill("SIGKILL");
    await attack?.status;
    gate.kill("SIGKILL");
    await gate.status;
    await Deno.remove(folder, { recursive: true });
  }
}

export const bench: Bench = async ([rounds = 1, seconds = 5]) => {
  const wanted = Deno.env.get("KINDS")?.split(" ") ?? Object.keys(attacks);
  const ms = (time: number | null) =>
    (time === null ? "never" : `${time.toFixed(0)} ms`).padStart(8);
  console.log(
    `20 attackers of a kind; an honest client for ${seconds} s in each of ` +
      `${rounds} rounds (medians, and the worst NOOP)\n` +
      "kind        executable         NOOP  99 of 100    worst greeting  message   log-in",
  );
  for (const kind of wanted) {
    for (const { name, path } of executables()) {
      const found: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        found.push(await measure(path, kind, seconds));
      }
      const all = found.flatMap(({ noops }) => noops).sort((a, b) => a - b);
      const at = (part: number) => all[Math.floor(all.length * part)] ?? null;
      const of = (what: "greeting" | "message" | "login") => {
        const times = found.map((each) => each[what]);
        return times.includes(null) ? null : median(times as number[]);
      };
      const columns = [at(0.5), at(0.99), all.at(-1) ?? null, of("greeting")];
      console.log(
        kind.padEnd(11),
        name.padEnd(15),
        ...[...columns, of("message"), of("login")].map(ms),
      );
    }
  }
};
