/**
 * Logs as blocks of bytes: files, compressed ones, and what comes by a pipe.
 *
 * @module
 */
import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";
import { codeOf, reason } from "../base/reason.ts";

type Blocks = AsyncGenerator<Uint8Array<ArrayBuffer>>;

const blockBytes = 1 << 20;

/** A log that cannot be read. */
export class UnreadableLog extends Error {
  override readonly name = "UnreadableLog";

  constructor(readonly log: string, why: string, cause?: unknown) {
    super(`unable to read ${log}: ${why}`, { cause });
  }
}

/** Is told how reading goes. */
export interface Reading {
  /** Bytes that were read. */
  passed(bytes: number): void;
  /** A compressed log has an end that is none; what was before it counts. */
  cut(log: string, why: string): void;
}

/** Where a log is read from. */
export interface Source {
  /** For people. */
  readonly name: string;
  /** As far as it is known; for a bar. */
  readonly sizeBytes: number | null;
  /** From its beginning. Throws UnreadableLog. */
  blocks(): AsyncIterable<Uint8Array>;
}

/** What other compressors begin with, and what undoes them. */
const strangers: readonly (readonly [magic: string, program: string])[] = [
  ["\xfd7zXZ\0", "xz -dc"],
  ["BZh", "bzip2 -dc"],
  ["\x28\xb5\x2f\xfd", "zstd -dc"],
];

/**
 * A file, which may be compressed by gzip.
 *
 * @param path of it
 * @throws UnreadableLog
 */
export function fileSource(
  path: string,
  reading: Reading,
  name = path,
): Source {
  try {
    const info = Deno.statSync(path);
    if (info.isDirectory) throw new Error("it is a folder");
    const sizeBytes = info.isFile ? info.size : null;
    Deno.openSync(path).close();
    return { name, sizeBytes, blocks: () => blocksOf(path, name, reading) };
  } catch (error) {
    throw new UnreadableLog(name, reason(error), error);
  }
}

async function* blocksOf(
  path: string,
  name: string,
  reading: Reading,
): Blocks {
  const file = await Deno.open(path);
  try {
    yield* decompressed(readAll(file, reading), name, reading);
  } finally {
    file.close();
  }
}

/** A stream that can be read once. */
export function pipeSource(
  file: { read(into: Uint8Array): Promise<number | null> },
  name: string,
  reading: Reading,
): Source {
  return {
    name,
    sizeBytes: null,
    blocks: () => decompressed(readAll(file, reading), name, reading),
  };
}

/** The same, kept in a file without a name, to be read again. */
export async function spooled(
  { name, blocks }: Source,
  reading: Reading,
): Promise<Source> {
  const path = await Deno.makeTempFile({ prefix: "postern-trace-" });
  const file = await Deno.open(path, { read: true, write: true });
  await Deno.remove(path);
  let sizeBytes = 0;
  for await (const block of blocks()) {
    for (let rest = block; rest.length > 0;) {
      rest = rest.subarray(file.writeSync(rest));
    }
    sizeBytes += block.length;
  }
  return {
    name,
    sizeBytes,
    blocks: () => {
      file.seekSync(0, Deno.SeekMode.Start);
      return readAll(file, reading);
    },
  };
}

async function* readAll(
  file: { read(into: Uint8Array): Promise<number | null> },
  { passed }: Pick<Reading, "passed">,
): Blocks {
  const block = new Uint8Array(blockBytes);
  for (;;) {
    const length = await file.read(block);
    if (length === null) return;
    passed(length);
    yield block.subarray(0, length);
  }
}

/** As it is, or what gzip has made of it. Throws UnreadableLog. */
async function* decompressed(
  blocks: Blocks,
  name: string,
  { cut }: Reading,
): Blocks {
  try {
    const first = await blocks.next();
    if (first.done) return;
    const head = first.value;
    for (const [magic, program] of strangers) {
      if (!startsWith(head, magic)) continue;
      throw new UnreadableLog(
        name,
        `it is compressed; ${program} ${name} gives what can be read`,
      );
    }
    const all = startingWith(head, blocks);
    if (!startsWith(head, "\x1f\x8b")) yield* all;
    else yield* gunzipped(all, (why) => cut(name, why));
  } catch (error) {
    if (error instanceof UnreadableLog) throw error;
    throw new UnreadableLog(name, reason(error), error);
  }
}

async function* startingWith(
  first: Uint8Array<ArrayBuffer>,
  others: Blocks,
): Blocks {
  yield first;
  yield* others;
}

/** The block is used again before zlib has taken it: it gets copies. */
async function* copies(blocks: Blocks): Blocks {
  for await (const block of blocks) yield block.slice();
}

async function* gunzipped(
  blocks: Blocks,
  cut: (why: string) => void,
): Blocks {
  const plain = createGunzip({ chunkSize: blockBytes });
  Readable.from(copies(blocks), { objectMode: false })
    .on("error", (error) => plain.destroy(error))
    .pipe(plain);
  let isBegun = false;
  try {
    for await (const block of plain as AsyncIterable<Uint8Array<ArrayBuffer>>) {
      isBegun = true;
      yield block;
    }
  } catch (error) {
    // By zlib: who has begun to read such a log wants what there is of it.
    if (!isBegun || !codeOf(error)?.startsWith("Z_")) throw error;
    cut(reason(error));
  }
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return [...magic].every((c, i) => bytes[i] === c.charCodeAt(0));
}
