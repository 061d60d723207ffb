/**
 * Has the session of a case with a real program, and sees what comes of it.
 *
 * @module
 */
import { concat, fromBytes, toBytes } from "../../../lib/base/bytes.ts";
import { MemoryOutput } from "../../../lib/cdb/memory.ts";
import { CdbWriter } from "../../../lib/cdb/writer.ts";
import {
  type Case,
  envOf,
  normalQueued,
  normalReplies,
  type Queued,
  type Seen,
} from "./case.ts";

/** Keeps fd 0 and fd 1 in a folder of its own under $RECORD. */
const queueProgram = `#!/bin/sh
n=1
while ! mkdir "$RECORD/$n" 2>/dev/null; do n=$((n + 1)); done
cat >"$RECORD/$n/message"
cat <&1 >"$RECORD/$n/envelope"
exit "\${QEXIT:-0}"
`;

/** A session that takes longer has failed. */
const patienceMs = 20_000;

/** Writes the queue program that {@linkcode converse} wants. */
export async function writeQueueProgram(path: string): Promise<void> {
  await Deno.writeTextFile(path, queueProgram);
  await Deno.chmod(path, 0o755);
}

/** Writes a case's control files. */
export function writeControl(folder: string, { control }: Case): void {
  Deno.mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(control)) {
    const path = `${folder}/${name}`;
    if (name.endsWith("/")) Deno.mkdirSync(path);
    else if (name === "morercpthosts") {
      Deno.writeFileSync(`${path}.cdb`, database(text));
    } else Deno.writeFileSync(path, toBytes(text));
  }
}

/** A database of keys, as qmail-newmrh makes it of lines. */
function database(text: string): Uint8Array {
  const output = new MemoryOutput();
  const writer = new CdbWriter(output);
  for (const line of text.split("\n")) {
    if (line !== "") writer.add(toBytes(line.toLowerCase()), toBytes(""));
  }
  writer.finish();
  return output.bytes();
}

/**
 * The command for a real qmail-smtpd, which finds the control files in the
 * home that was compiled into it: they are mounted there for it alone, as only
 * root can.
 */
export function isolated(
  control: string,
  home: string,
  smtpd: string,
): string[] {
  const script = 'mount --bind "$0" "$1/control" && exec "$2"';
  return ["unshare", "-m", "sh", "-c", script, control, home, smtpd];
}

/**
 * Runs a qmail-smtpd.
 *
 * @param command its program and arguments; it finds the control files
 * @param folder empty, for this session alone
 * @param queue what {@linkcode writeQueueProgram} wrote; null for the
 * program's own choice
 * @param env beside that of the case
 */
export async function converse(
  command: readonly string[],
  case_: Case,
  folder: string,
  queue: string | null,
  env: Record<string, string> = {},
): Promise<Seen> {
  const record = `${folder}/record`;
  await Deno.mkdir(record);
  const decoder = new TextDecoder();
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    clearEnv: true,
    env: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      ...(queue === null ? {} : { QMAILQUEUE: queue }),
      RECORD: record,
      ...Object.fromEntries(
        [...envOf(case_)].map(([name, value]) => [
          name,
          decoder.decode(toBytes(value)), // Deno encodes it again
        ]),
      ),
      ...env,
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const patience = setTimeout(() => child.kill("SIGKILL"), patienceMs);
  const writer = child.stdin.getWriter();
  const written = writer.write(toBytes(case_.input))
    .then(() => case_.waits ? child.status : null)
    .then(() => writer.close())
    .catch(() => {}); // it left without reading all of it
  // The queue programs hold stderr too, so its end is theirs.
  const [replies, complaints, { code }] = await Promise.all([
    all(child.stdout),
    all(child.stderr),
    child.status,
  ]);
  clearTimeout(patience);
  await written;
  if (complaints !== "" && code !== 1) throw new Error(complaints);
  return {
    replies: normalReplies(replies),
    exit: code,
    queued: await readRecord(record),
  };
}

async function all(stream: ReadableStream<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return fromBytes(concat(pieces));
}

async function readRecord(record: string): Promise<Queued[]> {
  const list: Queued[] = [];
  const read = async (path: string) => fromBytes(await Deno.readFile(path));
  const runs = [...Deno.readDirSync(record)].length;
  for (let n = 1; n <= runs; n++) {
    const message = await read(`${record}/${n}/message`);
    const envelope = await read(`${record}/${n}/envelope`);
    list.push(normalQueued(message, envelope));
  }
  return list;
}

/** Does something for each of a list, a few at a time. */
export async function inParallel<T>(
  list: readonly T[],
  fn: (each: T, index: number) => Promise<void>,
  atATime = 4,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < list.length) {
      const index = next++;
      await fn(list[index], index);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}
