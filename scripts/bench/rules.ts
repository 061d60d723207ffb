/**
 * A large rules text, distinct addresses with two variables each: compiled by
 * tcprules and by the executable in turn, start-up included; then looked up in
 * this process.
 *
 * @module
 */
import { CdbReader } from "../../lib/cdb/reader.ts";
import { decide } from "../../lib/rules/lookup.ts";
import { peer, postern } from "../../tests/support/peers.ts";
import { randomFrom } from "../../tests/support/random.ts";
import { median } from "./figures.ts";
import type { Bench } from "./run.ts";

function randomAddress(random: () => number): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 256)).join(".");
}

async function writeRules(path: string, count: number): Promise<void> {
  const random = randomFrom(1);
  const seen = new Set<string>();
  while (seen.size < count) seen.add(randomAddress(random));
  const file = await Deno.create(path);
  let block = "";
  for (const ip of seen) {
    block += `${ip}:allow,RELAYCLIENT="",NOTE="n${ip.length}"\n`;
    if (block.length < 1 << 20) continue;
    await file.write(new TextEncoder().encode(block));
    block = "";
  }
  await file.write(new TextEncoder().encode(block));
  file.close();
}

/** Runs `PROGRAM cdb tmp < text`; stdin is the file itself, as for real. */
function start(program: string, folder: string): Deno.ChildProcess {
  return new Deno.Command("/bin/sh", {
    args: ["-c", 'exec "$0" cdb tmp < text', program],
    cwd: folder,
  }).spawn();
}

async function secondsOf(program: string, folder: string): Promise<number> {
  const begin = performance.now();
  const { success } = await start(program, folder).status;
  if (!success) throw new Error(`${program} failed`);
  return (performance.now() - begin) / 1000;
}

/** The most memory it ever had, in bytes (VmHWM of proc(5)). */
async function peakMemory(program: string, folder: string): Promise<number> {
  const child = start(program, folder);
  let peak = 0, ended = false;
  child.status.then(() => ended = true);
  while (!ended) {
    try {
      const status = Deno.readTextFileSync(`/proc/${child.pid}/status`);
      peak = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? peak / 1024) * 1024;
    } catch {
      // It has ended.
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return peak;
}

function decisionsPerSecond(cdb: CdbReader): number {
  const random = randomFrom(1); // the first are the addresses in the rules
  const peers = Array.from({ length: 200_000 }, () => ({
    ip: randomAddress(random),
    host: null,
    info: null,
  }));
  const rates = Array.from({ length: 7 }, () => {
    const begin = performance.now();
    for (const each of peers) decide(cdb, each);
    return peers.length / (performance.now() - begin) * 1000;
  });
  return median(rates);
}

export const bench: Bench = async ([rounds = 15, count = 1_000_000]) => {
  const tcprules = peer("tcprules");
  if (!tcprules) throw new Error("install ucspi-tcp for tcprules");
  const folder = await Deno.makeTempDir();
  try {
    await writeRules(`${folder}/text`, count);
    const own = `${folder}/tcprules`;
    await Deno.symlink(postern, own);
    const ours: number[] = [], theirs: number[] = [];
    for (let i = 0; i < rounds; i++) {
      theirs.push(await secondsOf(tcprules, folder));
      ours.push(await secondsOf(own, folder));
    }
    const ratios = ours.map((each, i) => each / theirs[i]);
    console.log(`${count} rules, medians of ${rounds} interleaved pairs`);
    console.log(`tcprules         ${median(theirs).toFixed(3)} s`);
    console.log(
      `postern          ${median(ours).toFixed(3)} s, ` +
        `${median(ratios).toFixed(2)}x of tcprules`,
    );
    const bytes = await Deno.readFile(`${folder}/cdb`);
    const peak = await peakMemory(own, folder) / bytes.length;
    console.log(`postern's memory ${peak.toFixed(2)}x of the cdb, at most`);
    const rate = decisionsPerSecond(new CdbReader(bytes));
    console.log(`decisions        ${(rate / 1e6).toFixed(2)} million/s`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
};
